"""Handles notes around an English story: edits, summaries, notes about the account.

Thanks for awards, notes about typos, TL;DR summaries and throwaway-account notes are dropped. An
edit that adds to the story is narrated as "Update: …".
"""
# ruff: noqa: RUF001  (dashes are meant)

from __future__ import annotations

import re

from pipelines.stories.text.rules import sentences

_ORDINAL = (
    r"(?:final|quick|small|minor|last|big|another|mini|second|first|third|\d+(?:st|nd|rd|th))"
)
_LEAD = r"[\W_]{0,8}"
_EDIT = (
    rf"{_LEAD}(?:{_ORDINAL}\s+)?(?:edit(?:ed)?(?:\s+to\s+add)?|(?-i:ETA)|update)"
    r"\s*#?(?:\d+|one|two|three)?\s*(?:\([^)\n]{0,40}\))?[\])*_]*"
    r"\s*(?:[:;\-–—.]+|\](?=\s)|\n|$)[*_\s]*"
    rf"|{_LEAD}(?-i:EDIT)\d?\s+|e\s?\d?:\s"
)
_SUMMARY = rf"{_LEAD}(?:too long;? didn'?t read|tl\s*[;:,/.]?\s*dr)\b[\W_]*"
_MARKER = re.compile(rf"(?:^|\n|(?<=[.!?*)])\s)(?=(?:{_EDIT}|{_SUMMARY}))", re.IGNORECASE)
_EDIT_START = re.compile(_EDIT, re.IGNORECASE)
_SUMMARY_START = re.compile(_SUMMARY, re.IGNORECASE)

_THANKS = re.compile(
    r"\b(?:gold|silver|platinum|awards?|awarded|upvot\w+|karma|front ?page|bl[eo]wn? up|inbox"
    r"|typos?|spelling|misspell\w+|grammar|format\w*|phrasing|wording|autocorrect|paragraphs?"
    r"|r\.?i\.?p|kind strangers?|kind words|trending|went viral|downvot\w+)\b"
    r"|\bthank(?:s| you)\b.{0,40}\b(?:all|every(?:one|body)|guys|folks|reddit|you for"
    r"|comments?|replies|responses?|advice|support|input|feedback|read\w*)\b"
    r"|\b(?:reply|respond|read|get) (?:to |back to |through )?(?:all|every|each|everyone)\b"
    r"|\b(?:didn'?t|did not|never) expect(?:ed)? (?:this|so many|that many)\b"
    r"|^(?:wow|whoa|holy \w+|omg)\W*$|^(?:for )?clarity\W*$|^fixed\b|^words\W*$"
    r"|^(?:correct|chang|fix|remov|add|clarifi)ed\b.{0,40}"
    r"\b(?:links?|name|title|typo|line breaks?|format\w*|type|wording)\b",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"^(?:obligatory[,:]?\s+)?(?:sorry,?\s+)?(?:(?:this is|it'?s|i'?m(?: on)?|i am(?: on)?|using"
    r"|on|posting(?: this)? (?:on|from|with)|i'?m using)\s+)?(?:an?\s+|my\s+)?"
    r"(?:throw-?away|throw away acc\w*|alt account|burner account)\b"
    r"(?!\s+(?:line|comment|remark|joke|culture|cups?|phone|time|plates?|camera))"
    r"|^i (?:made|created|am making) (?:a|this) (?:throw-?away|new|alt)\b.{0,40}"
    r"\b(?:because|since|as|for this|just for|so (?:that )?no|to (?:post|ask))\b"
    r"|^(?:(?:also|and|so|first|obligatory|disclaimer|warning|ps|note)[,:]?\s+)*"
    r"(?:sorry|apolog\w+|i apolog\w+|my apologies|excuse|please excuse|forgive|bear with me"
    r"|i'?m on mobile|on mobile|mobile (?:user|post)|english (?:is|isn'?t|is not)|not a native"
    r"|(?:typing|writing|posting) (?:this )?(?:on|from))\b"
    r".*\b(?:mobile|phone|format\w*|grammar|spelling|typos?|english|first language|native"
    r"|long (?:post|read|story)|wall of text|length)\b"
    r"|^(?:i'?m )?on mobile\W*$"
    r"|^(?:i'?m an? )?(?:long[- ]?time|first[- ]?time) (?:lurker|reader|poster|caller|user|post)\b"
    r"|^tl;?dr (?:is )?(?:at|in|below)\b",
    re.IGNORECASE,
)
_NOTE_WORDS = 30
"""Most words in a note about the account; a longer sentence also says something else."""
_LEAST_STORY_WORDS = 25
"""If the story has fewer words than this, its summary is narrated too."""


def settle(blocks: list[str]) -> list[str]:
    """Drop notes that are not part of the story; keep what edits add as "Update: …"."""
    pieces = [piece for block in blocks for piece in _cut_at_markers(block)]
    story, summaries = _without_summaries(pieces)
    kept = [text for text in (_settled(piece) for piece in _joined_headings(story)) if text]
    if sum(len(text.split()) for text in kept) < _LEAST_STORY_WORDS:
        kept += summaries
    return kept


def _cut_at_markers(block: str) -> list[str]:
    return [piece.strip() for piece in _MARKER.split(block) if piece.strip()]


def _without_summaries(pieces: list[str]) -> tuple[list[str], list[str]]:
    story: list[str] = []
    summaries: list[str] = []
    heading = False
    for piece in pieces:
        marker = _SUMMARY_START.match(piece)
        if not marker:
            (summaries if heading else story).append(piece)
            heading = False
            continue
        rest = piece[marker.end() :]
        heading = not rest
        first, *others = rest.split("\n", 1)
        if others and len(others[0].split()) > 3 * len(first.split()):
            story += others  # a summary above the story, in the same paragraph
            rest = first
        summaries.append(rest)
    return story, [text for text in summaries if text]


def _joined_headings(pieces: list[str]) -> list[str]:
    """Treat an "EDIT:" on its own as the heading of the next paragraph."""
    joined: list[str] = []
    heading = ""
    for piece in pieces:
        marker = _EDIT_START.match(piece)
        if marker and marker.end() == len(piece):
            heading = "Update: "
            continue
        joined.append(piece if marker else heading + piece)
        heading = ""
    return joined


def _settled(piece: str) -> str:
    marker = _EDIT_START.match(piece)
    if not marker:
        return "\n".join(line for line in map(_without_account_notes, piece.split("\n")) if line)
    kept = [
        sentence
        for sentence in sentences.split(_without_account_notes(piece[marker.end() :]))
        if not _is_note(_THANKS, sentence)
    ]
    return "Update: " + "\n".join(kept) if kept else ""


def _without_account_notes(line: str) -> str:
    if not _ACCOUNT.search(line) and not re.search(
        r"throw-?away|mobile|lurker|poster|sorry|apolog|english|tl;?dr", line, re.IGNORECASE
    ):
        return line
    kept = [part for part in sentences.split(line) if not _is_note(_ACCOUNT, part)]
    return " ".join(kept)


def _is_note(pattern: re.Pattern[str], sentence: str) -> bool:
    return len(sentence.split()) <= _NOTE_WORDS and pattern.search(sentence) is not None
