"""What the set-up asks outside services, to say whether they work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Ask = Callable[[], None]
"""Asks a service whether it works. If it doesn't, raises a ``StageError`` that says what to do."""


@dataclass(frozen=True, slots=True)
class Services:
    """The services that the settings name; None for one that they don't name."""

    reddit: Ask | None = None
    ollama: Ask | None = None
    mail: Ask | None = None
