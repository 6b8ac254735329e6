"""Plain lines with the time since the start, if no terminal shows the live bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.log import scrub

if TYPE_CHECKING:
    from rich.console import Console

    from scripts.demonstration.clock import Clock


class Lines:
    """Writes ``  12.3 s  text`` at once; nothing if the console shows live bars."""

    def __init__(self, console: Console, clock: Clock) -> None:
        self._console, self._clock = console, clock

    @property
    def shown(self) -> bool:
        return not self._console.is_interactive

    def say(self, text: str) -> None:
        if self.shown:
            self._write(f"{self._clock.seconds():6.1f} s  {plain(text)}")

    def announce(self, text: str) -> None:
        """Write ``text`` above the live bars too, there without a time."""
        if self.shown:
            self.say(text)
        else:
            self._write(plain(text))

    def _write(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def plain(text: str) -> str:
    """``text`` on one line, without secrets or terminal control characters."""
    shown = "".join(sign if sign.isprintable() else " " for sign in scrub(text))
    return " ".join(shown.split())
