"""Cuts what blogs and feeds add below a text, and tells when a text is only an excerpt.

The phrases are those of WordPress and its plugins (Yoast's "appeared first on", Jetpack's sharing
buttons), Medium, Blogger and Substack, in the languages in which they are often seen. Only whole
paragraphs at the end are cut, so a story that mentions such a phrase keeps it.
"""

# ruff: noqa: RUF001  (dashes, quotation marks and other scripts are the subject)

from __future__ import annotations

import re

_FIRST_PUBLISHED = (
    r"the (?:post|article|story) .* (?:first )?appeared (?:first )?(?:on|in|at) .+",
    r"the (?:post|article|story) .* was first published (?:on|in|at) .+",
    (
        r"(?:this (?:post|article|story) )?(?:was )?(?:first|originally) "
        r"(?:appeared|published|posted) (?:on|in|at|by) .+"
    ),
    r".{0,200} was originally published in .* on medium\b.*",
    r"der (?:beitrag|artikel) .* (?:erschien|ist) zuerst (?:auf|bei|in) .+",
    r"l.(?:article|entrée) .* est apparue? en premier sur .+",
    (
        r"(?:la (?:entrada|publicación)|el (?:artículo|cargo|post)) .* "
        r"(?:se publicó|apareció|aparece) primero en .+"
    ),
    r"(?:l.articolo|il post) .* (?:proviene da|è apparso per la prima volta su) .+",
    (
        r"(?:o (?:post|artigo|conteúdo)|a publicação) .* "
        r"(?:apareceu|aparece|foi publicad[oa]) primeiro (?:em|no|na) .+"
    ),
    r"het (?:bericht|artikel) .* (?:verscheen|is) (?:eerst|als eerste) .+",
    r"(?:artykuł|wpis|post) .* pochodzi z (?:serwisu )?.+",
    r"(?:inlägget|artikeln) .* dök först upp på .+",
    r"(?:indlægget|artiklen) .* (?:blev|vises|dukkede) først .*(?:på|hos) .+",
    r"innlegget .* (?:dukket først opp|ble først publisert) på .+",
    r"artikkeli .* julkaistiin ensimmäisen kerran .+",
    r"příspěvek .* (?:pochází z|se nejdříve objevil na) .+",
    (
        r"(?:сообщение|запись|статья) .* "
        r"(?:появились сначала на|впервые появилась|сначала появилась) .+"
    ),
    r"повідомлення .* з.явил.+ спочатку на .+",
    r".* (?:yazısı|yayını) ilk önce .* (?:üzerinde|sitesinde) .+",
    r".* bejegyzés először .+",
    r"articolul .* apare (?:prima dată|mai întâi) (?:în|pe) .+",
    r"(?:artikel|postingan) .* pertama kali (?:tampil|muncul) (?:pada|di) .+",
    r"投稿.*に最初に表示されました。?",
    r".*最先出[现現][在于於].+",
    r"게시물.*처음 ?등장했습니다.?",
)
"""Whole paragraphs that say where a post was first published; ``.+`` at the end is a name."""
_NAME = r"(?:[^.!?\n]|[.!?](?!\s))+[.!?]?"
"""The name of a site: what follows is no second sentence."""
_READ_ON_WITH_TITLE = (
    "continue reading",
    r"(?:click here to )?read the (?:full|rest|whole|entire)",
    r"weiterlesen|weiter lesen|den ganzen (?:artikel|beitrag) lesen",
    r"lire la suite|continuer (?:la lecture|à lire)",
    "(?:seguir|sigue|continuar|continúa) leyendo",
    "continua a leggere|leggi il resto",
    "(?:continue|continuar) lendo|continuar a (?:ler|leitura)",
    "verder lezen|lees verder|czytaj dalej|fortsätt läsa|läs vidare",
    "fortsett å lese|les videre|læs videre|fortsæt med at læse|jatka lukemista",
    "číst dále|celý článek|čítať ďalej|tovább olvasom|olvass tovább",
    "devamını oku|citește mai departe|(?:baca )?selengkapnya",
    "читать (?:далее|дальше|полностью)|читати далі",
)
"""What leads to the rest of a text; a title often follows."""
_READ_ON_IN_ASIA = (
    "続きを読む|もっと読む|继续阅读|繼續閱讀|阅读[更全][多文]|閱讀全文|계속 읽기|더 읽기"
)
_READ_MORE = (
    r"(?:click here to )?read more(?: (?:about|at|on|of|from|here)\b[^.!?\n]{0,120})?",
    "view (?:more|full post)|mehr lesen|lire plus|en savoir plus|leer más",
    "leggi (?:tutto|di più)|(?:leia|ler) mais|lees meer|czytaj więcej|läs mer|les mer|læs mere",
    "lue lisää|citește mai mult",
)
"""The same; a sentence may begin with these words, so nothing may follow."""
_BUTTONS = (
    "share this|like this|like loading|related|leave a comment",
    "teilen mit|gefällt mir|ähnliche beiträge|partager|j.aime ça|articles similaires",
    "comparte esto|me gusta esto|relacionado|condividi|mi piace|correlati",
    "compartilhe|curtir isso",
)
_LISTS = (
    (
        r"(?:filed under|posted in|tagged(?: with| as)?|tags|categories|kategorien|schlagwörter)"
        r"\s*:.{0,200}"
    ),
    r"click to share on .{0,200}",
    r"(?:follow|like) us on .{0,80}",
    r"thanks for reading .{0,80}! subscribe .{0,120}",
)
"""Buttons and lists below a text."""


def _any(patterns: tuple[str, ...]) -> str:
    return f"(?:{'|'.join(patterns)})"


_APPEARED = re.compile(
    _any(tuple(re.sub(r"\.\+$", lambda _: _NAME, each) for each in _FIRST_PUBLISHED)),
    re.IGNORECASE | re.DOTALL,
)
_LEADS_ON = (
    rf"[\s*_>→»(\[]*(?:{_any(_READ_ON_WITH_TITLE)}\b.{{0,150}}"
    rf"|(?:{_READ_ON_IN_ASIA}).{{0,150}}|{_any(_READ_MORE)})(?:\W|_)*"
)
_READ_ON = re.compile(_LEADS_ON, re.IGNORECASE)
_AROUND = re.compile(
    rf"\W*(?:{_any(_BUTTONS)}(?:\W*|\s*:.{{0,200}})|{_any(_LISTS)})", re.IGNORECASE | re.DOTALL
)
_READ_ON_AT_END = re.compile(rf"(?<=[\]\)….!?”\"’'\n])[ \t]*{_LEADS_ON}\Z", re.IGNORECASE)
_CUT_OFF = re.compile(
    r"\s*(?:\[\s*(?:…|\.{3}|&hellip;)\s*\]|\(\s*(?:…|\.{3})\s*\)|…\s*\[\+\d+ chars\])\W*\Z"
)
"""The mark that feeds put where they cut a text."""
_TRAILS_OFF = re.compile(r"(?:…|\.\.\.)\W*\Z")
_EXCERPT_WORDS = 120
"""An excerpt that only trails off has fewer words; WordPress cuts after 55."""

_LONGEST_BUTTONS = 25
"""Most words of a paragraph of buttons."""

_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\n]*\)")
_TAIL = 2_000
"""Characters of a text in which its end is looked for."""
_LONGEST = 500
"""Characters of a footer, and of a paragraph's end in which one is looked for."""


def cut(paragraphs: list[str]) -> list[str]:
    """The paragraphs without what a blog or a feed added below them."""
    return _cut(paragraphs)[0]


def is_excerpt(body: str, *, from_feed: bool) -> bool:
    """Whether a text as written (Markdown) is only the beginning of one.

    Args:
        body: the text.
        from_feed: whether it came from a feed: there a short text that only trails off is an
            excerpt, too.
    """
    kept, was_cut = _cut(_paragraphs(body[-_TAIL:]))
    trails_off = bool(kept) and _TRAILS_OFF.search(kept[-1][-_LONGEST:]) is not None
    return was_cut or (from_feed and trails_off and len(body.split()) < _EXCERPT_WORDS)


def without_end(body: str) -> str:
    """A text as written, without its footers and the mark of an excerpt."""
    return "\n\n".join(cut(_paragraphs(body)))


def _paragraphs(body: str) -> list[str]:
    return [text for text in re.split(r"\n\s*\n", _LINK.sub(r"\1", body)) if text.strip()]


def _cut(paragraphs: list[str]) -> tuple[list[str], bool]:
    """The paragraphs of the text itself, and whether they end where a feed cut them."""
    kept, was_cut = list(paragraphs), False
    while kept:
        last = kept[-1].strip()
        if len(last) > _LONGEST:
            break
        if _READ_ON.fullmatch(last):
            was_cut = True
        elif not (_APPEARED.fullmatch(last) or _is_around(last)):
            break
        kept.pop()
    if kept:
        start, end = kept[-1].rstrip()[:-_LONGEST], kept[-1].rstrip()[-_LONGEST:]
        shortened = _CUT_OFF.sub("", _READ_ON_AT_END.sub("", end))
        if shortened != end:
            was_cut = True
            kept[-1:] = [start + shortened] if start + shortened else []
    return kept, was_cut


def _is_around(paragraph: str) -> bool:
    short = len(paragraph.split()) <= _LONGEST_BUTTONS
    return short and _AROUND.fullmatch(paragraph) is not None
