"""Names of sources that nobody named: host and path of their address."""

from __future__ import annotations

from core.text.addresses import name_of
from models import Source

LONGEST = 100
"""Characters before the number that keeps sources of the same host and path apart."""


def free_name(place: str, *, start: str = "") -> str:
    """A name for a source at ``place`` that no source has yet.

    Args:
        place: an address, of which nothing that may be secret is used, or another place.
        start: what the name begins with.
    """
    name = f"{start}{name_of(place)}"
    if len(name) > LONGEST:
        name = f"{name[:LONGEST]}…"
    rows = Source.select(Source.name).where(Source.name.startswith(name))
    names = {row.name for row in rows}
    numbered = (f"{name} ({number})" for number in range(2, len(names) + 2))
    return name if name not in names else next(free for free in numbered if free not in names)
