"""Sliding windows: how many calls a token made in the last seconds.

Kept in memory: a restart forgives the last minute's calls, as it would only matter to a load test.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque


class Windows:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def take(self, key: tuple[str, str], limit: int, now: float, seconds: float = 60.0) -> bool:
        """Count one call and say yes, or say no and count nothing."""
        with self._lock:
            calls = self._calls[key]
            while calls and calls[0] <= now - seconds:
                calls.popleft()
            if len(calls) >= limit:
                return False
            calls.append(now)
            return True

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
