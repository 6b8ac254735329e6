"""A bench's results: one row per value."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured value; without a goal, ``goal`` is empty and ``ok`` None."""

    what: str
    value: float
    unit: str
    goal: str = ""
    ok: bool | None = None

    def as_dict(self) -> dict[str, object]:
        return asdict(self)
