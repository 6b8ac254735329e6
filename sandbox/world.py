"""State that the sandbox's parts share: settings, clock, switches, log, received data."""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from sandbox.calls import Log
from sandbox.faults import Faults
from sandbox.records import (
    Code,
    Delivery,
    Draft,
    Post,
    RedditToken,
    StudioSession,
    TakenMail,
    Token,
)
from sandbox.settings import Settings
from sandbox.state import Store, Table
from sandbox.stories import Story, shipped_stories
from sandbox.windows import Windows


@dataclass
class Clock:
    """The sandbox's time: the machine's time plus an offset, to test what takes days."""

    ahead: float = 0.0
    epoch: float = 0.0
    """When the sandbox was first started; the included stories' ages count from here."""

    def now(self) -> float:
        return time.time() + self.ahead


class World:
    def __init__(self, data_dir: Path, settings: Settings) -> None:
        self.videos = data_dir / "videos"
        self.videos.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.started_with = asdict(settings)
        self.store = Store(data_dir / "sandbox.sqlite3")
        self.lock = self.store.lock
        self.faults = Faults(self.store)
        self.log = Log()
        self.windows = Windows()
        self.codes = Table(self.store, Code)
        self.tokens = Table(self.store, Token)
        self.reddit_tokens = Table(self.store, RedditToken)
        self.posts = Table(self.store, Post)
        self.studio_sessions = Table(self.store, StudioSession)
        self.drafts = Table(self.store, Draft)
        self.deliveries = Table(self.store, Delivery)
        self.mails = Table(self.store, TakenMail)
        self.mail_addresses: dict[str, str | int] = {}
        """The mail server's ports, once it listens."""
        self.own_stories = Table(self.store, Story)
        self._shipped = shipped_stories()
        self._clocks = Table(self.store, Clock)
        self.clock = self._clocks.get("clock") or self._wind(Clock(epoch=time.time()))
        self.reddit_used: dict[int, int] = {}
        """Calls in Reddit's current window of ten minutes, by the window's number."""
        self.creator_info_asked: dict[str, float] = {}
        """When creator_info was last called, by creator."""
        self.wake = threading.Event()
        """Set when there may be background work."""

    def now(self) -> float:
        return self.clock.now()

    def advance(self, seconds: float) -> None:
        with self.lock:
            self.clock.ahead += seconds
            self._wind(self.clock)
        self.wake.set()

    def change_settings(self, wanted: dict[str, Any]) -> None:
        """Set new values.

        Raises:
            ValueError: a name is unknown, or a value is not of its type.
        """
        types = {f.name: type(getattr(self.settings, f.name)) for f in fields(self.settings)}
        for name, value in wanted.items():
            if name not in types:
                raise ValueError(f"There is no setting {name!r}.")
            if types[name] is float and type(value) is int:
                wanted[name] = float(value)
            elif types[name] is tuple and isinstance(value, list):
                wanted[name] = tuple(value)
            elif type(value) is not types[name]:
                raise ValueError(f"{name} must be of type {types[name].__name__}, not {value!r}.")
        for name, value in wanted.items():
            setattr(self.settings, name, value)

    def stories(self) -> list[Story]:
        return [*self._shipped, *self.own_stories.all()]

    def reset(self) -> None:
        """Delete everything, as on the first start."""
        with self.lock:
            tables: tuple[Table[Any], ...] = (
                self.codes,
                self.tokens,
                self.reddit_tokens,
                self.posts,
                self.studio_sessions,
                self.drafts,
                self.deliveries,
                self.mails,
                self.own_stories,
            )
            for table in tables:
                table.clear()
            self.faults.clear()
            self.windows.clear()
            self.log.clear()
            self.reddit_used.clear()
            self.creator_info_asked.clear()
            self.clock = self._wind(Clock(epoch=time.time()))
            for name, value in self.started_with.items():
                setattr(self.settings, name, value)
            shutil.rmtree(self.videos, ignore_errors=True)
            self.videos.mkdir(parents=True, exist_ok=True)

    def _wind(self, clock: Clock) -> Clock:
        return self._clocks.put("clock", clock)
