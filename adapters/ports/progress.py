"""Progress of long work."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float], None]
"""Called with the share done, 0.0 to 1.0. May raise to cancel the work (see ``Claim.progress``)."""
