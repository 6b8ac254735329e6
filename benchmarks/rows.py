"""What a bench reports: one row a figure."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure; ``goal`` is empty and ``ok`` None where nothing is asked of it."""

    what: str
    value: float
    unit: str
    goal: str = ""
    ok: bool | None = None

    def as_dict(self) -> dict[str, object]:
        return asdict(self)
