"""Finds the columns of a story table by the names that people give them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

NAMES: dict[str, tuple[str, ...]] = {
    "title": (
        *("title", "headline", "subject", "post title", "story title"),
        *("titel", "uberschrift", "titre", "titulo", "titolo", "tytul", "заголовок", "タイトル"),
    ),
    "text": (
        *("text", "body", "story", "selftext", "self text", "content", "post", "post text"),
        *("post body", "story text", "full text", "texto", "texte", "testo", "tekst", "inhalt"),
        *("geschichte", "histoire", "historia", "storia", "contenido", "contenu", "текст", "本文"),
    ),
    "url": ("url", "link", "permalink", "address", "source url", "post url", "enlace", "lien"),
    "author": (
        *("author", "user", "username", "user name", "writer", "posted by", "by"),
        *("autor", "auteur", "autore", "автор", "作者"),
    ),
    "place": ("place", "subreddit", "sub", "community", "forum", "subreddit name"),
    "score": (
        *("score", "ups", "upvotes", "points", "karma", "likes", "votes"),
        *("punkte", "puntos", "pontos", "punti", "puntuacion", "stimmen"),
    ),
    "nsfw": (
        *("nsfw", "over 18", "over18", "is nsfw", "nsfw flag", "adult", "adult only", "mature"),
        *("explicit", "18+", "r18", "not safe for work", "adult content", "contains nsfw"),
    ),
}
"""Accepted names of each column, best first."""

LONGEST_NOTE = 300

_SPACES = re.compile(r"[\s_\-]+")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the columns of a table are.

    Attributes:
        at: for each column of ``NAMES`` that the table has, its positions, best name first.
        unread: the names of the other columns, as written.
    """

    at: dict[str, tuple[int, ...]]
    unread: tuple[str, ...]

    @classmethod
    def of(cls, names: list[str]) -> Columns:
        """Find the columns among the cells of the first row."""
        plain = [_plain(name) for name in names]
        at = {
            column: places
            for column, known in NAMES.items()
            if (places := tuple(dict.fromkeys(_places(plain, known))))
        }
        read = {place for column, places in at.items() for place in _read(column, places)}
        unread = (name.strip() for place, name in enumerate(names) if place not in read)
        return cls(at, tuple(filter(None, unread)))

    @property
    def missing(self) -> list[str]:
        return [column for column in ("title", "text") if column not in self.at]

    @property
    def note(self) -> str:
        """A sentence about the columns that are not read; empty if there are none."""
        if not self.unread:
            return ""
        listed = ", ".join(f"“{' '.join(name.split())[:40]}”" for name in self.unread)
        if len(listed) > LONGEST_NOTE:
            listed = f"{listed[:LONGEST_NOTE]}…"
        absent = [column for column in ("score", "nsfw") if column not in self.at]
        lacking = f" It has no column {' and no column '.join(absent)}." if absent else ""
        return f"These columns are not read: {listed}.{lacking} Rename one if it should be read."


def _places(plain: list[str], known: tuple[str, ...]) -> Iterator[int]:
    return (plain.index(name) for name in map(_plain, known) if name in plain)


def _read(column: str, places: tuple[int, ...]) -> tuple[int, ...]:
    """Of several columns for one thing, the best is read; every NSFW mark counts."""
    return places if column == "nsfw" else places[:1]


def _plain(name: str) -> str:
    """A column's name in small letters, without accents, spaces, and punctuation at its ends."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return _SPACES.sub("", unicodedata.normalize("NFC", kept)).strip("\"'?:*#.")
