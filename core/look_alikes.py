"""Letters as they are drawn: tricks that only machines fall for are taken off."""

from __future__ import annotations

import unicodedata


class _Drawn(dict[int, int | str | None]):
    """Characters by how they are drawn: look-alikes as Latin, invisible ones not at all."""

    def __missing__(self, code: int) -> int | str | None:
        char = chr(code)
        seen = not unicodedata.combining(char) and unicodedata.category(char) != "Cf"
        self[code] = code if seen else None
        return self[code]


_DRAWN = _Drawn(
    str.maketrans(
        "абвгдеёзіїјкмнорсстухѕԁԛԝһɡɑıαβεικνορτυχ", "abbrдeeзiijkmhopcctyxsdqwhgaiabeiknoptux"
    )
)


def drawn(text: str) -> str:
    """``text`` in small letters without accents and invisible signs, look-alikes as Latin."""
    compatible = unicodedata.normalize("NFKC", text)
    return unicodedata.normalize("NFKD", compatible).casefold().translate(_DRAWN)
