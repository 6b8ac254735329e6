"""How long a text may be that a person types; the pages count with the same figures."""

from __future__ import annotations

from core.errors import InputError

LONGEST_TITLE = 1_000
LONGEST_TEXT = 150_000
"""More than the longest story that a source may allow, and small enough for one form."""


def check_length(text: str, longest: int, field: str) -> None:
    """Raises InputError when ``text`` has more than ``longest`` characters, and says how many."""
    over = len(text.replace("\r\n", "\n")) - longest
    if over > 0:
        many = "1 character" if over == 1 else f"{over:,} characters"
        raise InputError(f"The {field} is {many} too long. At most {longest:,}.", field=field)
