"""Fault switches: what goes wrong, for which service and call, and how often."""

from __future__ import annotations

import os
import random
import secrets
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import Response

from sandbox.state import Store, Table

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TRANSPORT = ("slow", "reset", "reset_mid_body", "lost_response", "bad_json")
"""Faults that any call can have; each service defines the others."""


@dataclass
class Fault:
    """One active switch.

    ``times`` counts down how often it still applies (None: until it is cleared); ``rate`` is the
    share of matching calls that it affects.
    """

    wire: str
    call: str
    fault: str
    times: int | None = 1
    rate: float = 1.0
    seconds: float = 0.0
    """For ``slow``: how long to wait before anything else."""
    retry_after: float | None = None
    """Sent as Retry-After with an error answer."""
    account: str = ""
    """Affects only this creator's calls; empty: all."""
    byte: int = 0
    """For ``upload_reset_at_byte``: bytes of the request's body that are read before the cut."""
    skip: int = 0
    """Matching calls that pass before it applies."""
    taken: int = 0
    id: str = field(default_factory=lambda: secrets.token_hex(4))

    def matches(self, wire: str, call: str, account: str) -> bool:
        return (
            self.wire in (wire, "*")
            and self.call in (call, "*")
            and self.account in (account, "")
            and self.times != 0
        )


class Faults:
    """The switches; they survive a restart."""

    def __init__(self, store: Store) -> None:
        self._lock = store.lock
        self._table = Table(store, Fault)
        self._dice = random.SystemRandom()

    def add(self, fault: Fault) -> Fault:
        return self._table.put(fault.id, fault)

    def all(self) -> list[Fault]:
        return self._table.all()

    def clear(self, fault_id: str | None = None) -> None:
        if fault_id is None:
            self._table.clear()
        else:
            self._table.take(fault_id)

    def take(
        self, wire: str, call: str, account: str, only: Iterable[str] = ()
    ) -> tuple[float, Fault | None]:
        """The faults for this call: seconds to wait, and at most one other fault."""
        wait, struck = 0.0, None
        wanted = frozenset(only)
        with self._lock:
            for fault in self._table.all():
                if not fault.matches(wire, call, account) or (wanted and fault.fault not in wanted):
                    continue
                if self._dice.random() >= fault.rate or (struck and fault.fault != "slow"):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    self._table.put(fault.id, fault)
                    continue
                if fault.fault == "slow":
                    wait += fault.seconds
                else:
                    struck = fault
                fault.taken += 1
                if fault.times is not None:
                    fault.times -= 1
                self._table.put(fault.id, fault)
        return wait, struck


class CutResponse(Response):
    """A response that arrives half or not at all: the connection ends with a TCP reset."""

    def __init__(self, of: Response | None = None) -> None:
        super().__init__(status=of.status_code if of else None)
        self._of = of

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        if self._of is not None:
            body = self._of.get_data()
            headers = [*self._of.headers.to_wsgi_list()]
            start_response(self._of.status, headers)(body[: len(body) // 2])
        reset(environ["werkzeug.socket"])
        raise ConnectionResetError("cut by a fault switch")


def reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN: with linger zero, unsent data is dropped."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())
