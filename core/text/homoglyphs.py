"""Text as a person sees it: without tricks that only machines fall for."""

from __future__ import annotations

import unicodedata


class _Drawn(dict[int, int | str | None]):
    """Characters by appearance: look-alikes become Latin, invisible ones are dropped."""

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
    """``text`` in lower case, without accents or invisible characters, look-alikes as Latin."""
    compatible = unicodedata.normalize("NFKC", text)
    return unicodedata.normalize("NFKD", compatible).casefold().translate(_DRAWN)
