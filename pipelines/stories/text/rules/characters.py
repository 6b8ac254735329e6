"""Rules for characters in any language; they run first, before Markdown is parsed."""
# ruff: noqa: RUF001  (look-alike characters are the subject)

from __future__ import annotations

import html
import re
import unicodedata

from pipelines.stories.text.rules.rule import Rule, swap

_JOINERS = "\u200c\u200d"
"""Needed in Arabic and Indic words; removed everywhere else."""
_KEPT_SYMBOLS = "°№"
"""Symbols (category So) that language rules turn into words."""
_FULLWIDTH_OFFSET = 0xFEE0
_STACKED_MARKS = 3
"""No script has more combining marks on one letter (Vietnamese two, pointed Hebrew three)."""


def _unescape(text: str) -> str:
    """Decode HTML entities, including double-escaped ones, as in some Reddit exports."""
    for _ in range(3):
        undone = re.sub(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|\w{2,31});", _entity, text)
        if undone == text:
            break
        text = undone
    return text


def _entity(match: re.Match[str]) -> str:
    return html.unescape(match[0])


def _drop_invisible(text: str) -> str:
    kept = []
    for index, char in enumerate(text):
        if char in _JOINERS:
            before, after = text[index - 1 : index], text[index + 1 : index + 2]
            if not (_needs_joiners(before) and _needs_joiners(after)):
                continue
        elif char not in "\n\t" and unicodedata.category(char) in {"Cf", "Cc", "Cs", "Co", "Cn"}:
            continue
        kept.append(char)
    return "".join(kept)


def _needs_joiners(char: str) -> bool:
    return bool(char) and "\u0600" <= char <= "\u0dff"


def _plain_letters(text: str) -> str:
    """Replace mathematical and full-width letters with plain ones."""
    return "".join(
        unicodedata.normalize("NFKC", char)
        if "\U0001d400" <= char <= "\U0001d7ff" or _is_fullwidth_letter(char)
        else char
        for char in text
    )


def _is_fullwidth_letter(char: str) -> bool:
    return "\uff10" <= char <= "\uff5a" and chr(ord(char) - _FULLWIDTH_OFFSET).isalnum()


def _drop_stacked_marks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", text):
        marks = marks + 1 if unicodedata.category(char) == "Mn" else 0
        if marks == _STACKED_MARKS + 1:
            del kept[-_STACKED_MARKS:]
        if marks <= _STACKED_MARKS:
            kept.append(char)
    return "".join(kept)


def _drop_pictures(text: str) -> str:
    return "".join(
        " " if _is_picture(char) else char for char in re.sub(r"[\ufe00-\ufe0f\u20e3]", "", text)
    )


def _is_picture(char: str) -> bool:
    if char in _KEPT_SYMBOLS:
        return False
    return unicodedata.category(char) == "So" or "\U0001f3fb" <= char <= "\U0001f3ff"


RULES: tuple[Rule, ...] = (
    Rule(
        "entities",
        _unescape,
        (
            ("Tom &amp; Ann &lt;3", "Tom & Ann <3"),
            ("a&amp;#x200B;b", "a\u200bb"),
            ("AT&T, R&D", "AT&T, R&D"),
        ),
    ),
    swap(
        "line ends",
        r"\r\n?|[\u2028\u2029\x0b\x0c\x85]",
        "\n",
        ("one\r\ntwo\u2029", "one\ntwo\n"),
    ),
    swap(
        "spaces",
        r"[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]",
        " ",
        ("12\u00a0km", "12 km"),
    ),
    Rule(
        "invisible characters",
        _drop_invisible,
        (
            ("se\u00adcret\u200b \u202edoor\u202c\x07", "secret door"),
            ("می\u200cخواهم", "می\u200cخواهم"),
        ),
    ),
    Rule(
        "dressed-up letters",
        _plain_letters,
        (("𝓱𝓮𝓵𝓹 ＡＢ１", "help AB1"), ("本当！", "本当！")),
    ),
    Rule("stacked marks", _drop_stacked_marks, (("h\u0335\u0321\u0353\u0359\u0310i é", "hi é"),)),
    swap(
        "single quotes",
        r"[\u2018\u2019\u201a\u201b\u2032\u00b4]|`(?=\w\b)",
        "'",
        ("don’t", "don't"),
    ),
    swap(
        "double quotes",
        r"[\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb]|''|``(?=\w)",
        '"',
        ("“No,” she said", '"No," she said'),
        ("« Non », dit-elle", '" Non ", dit-elle'),
    ),
    swap("ellipsis", r"\u2026", "...", ("so…", "so...")),
    swap(
        "emoticons",
        r"¯[\\_/\s]*\(ツ\)[\\_/\s]*¯"
        r"|(?<!\S)(?:[:;=]'?-?[)(DPpOo3/\\|*]+|</?3+|\^[_.]*\^|[xX]D+|[TOo>]_+[TOo<]|/s)"
        r"(?=$|[\s.,!?\"'])",
        "",
        ("I won :D and left ¯\\_(ツ)_/¯", "I won  and left "),
        ("Great job. /s", "Great job. "),
        ('"Great :)" he said', '"Great " he said'),
        ("He said: (no)", "He said: (no)"),
        flags=re.MULTILINE,
    ),
    Rule(
        "emoji",
        _drop_pictures,
        (("so happy 😂👍🏽!", "so happy    !"), ("1️⃣ first", "1 first"), ("72°F", "72°F")),
    ),
)
