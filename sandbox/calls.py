"""Wraps every call to a service: applies faults and writes the log."""

from __future__ import annotations

import functools
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from flask import Response, g, request

from sandbox.faults import CutResponse, Fault

if TYPE_CHECKING:
    from sandbox.world import World

View = Callable[..., Response]


class Refusal(Exception):
    """Ends a call with the given response."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class Wire(ABC):
    """The protocol of one service."""

    name: ClassVar[str]
    calls: ClassVar[tuple[str, ...]]
    """Names of its calls in the switches and in the log."""
    own_faults: ClassVar[tuple[str, ...]]
    """Names of its own faults, in addition to the transport faults."""
    inner_faults: ClassVar[tuple[str, ...]] = ()
    """Own faults that the call handles itself, through ``g.fault``."""
    faults_by_call: ClassVar[dict[str, tuple[str, ...]]] = {}
    """The faults of calls that don't have the usual ones."""

    def account(self) -> str:
        """The creator who makes the current request; empty if unknown."""
        return ""

    @abstractmethod
    def refuse(self, fault: Fault, call: str) -> Response:
        """The service's own response to a fault."""


class Log:
    """The last calls. Paths have no query strings, so no token is ever logged."""

    def __init__(self, keep: int = 5_000) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=keep)

    def add(self, entry: dict[str, Any]) -> None:
        self._entries.append(entry)

    def all(self) -> list[dict[str, Any]]:
        return list(self._entries)

    def clear(self) -> None:
        self._entries.clear()


def serving(world: World, wire: Wire, call: str) -> Callable[[View], View]:
    """Serve a view as ``call`` of ``wire``."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def answer(**arguments: str) -> Response:
            started = time.perf_counter()
            account = wire.account()
            wait, fault = world.faults.take(wire.name, call, account)
            time.sleep(wait)
            response = _answer(wire, call, fault, lambda: view(**arguments))
            entry = {
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "wire": wire.name,
                "call": call,
                "method": request.method,
                "path": request.path,
                "status": None if isinstance(response, CutResponse) else response.status_code,
                "account": account,
                "fault": fault.fault if fault else ("slow" if wait else ""),
                "milliseconds": round((time.perf_counter() - started) * 1000, 1),
                "bytes": request.content_length or 0,
            }
            world.log.add(entry)
            return response

        return answer

    return decorate


def _answer(wire: Wire, call: str, fault: Fault | None, view: Callable[[], Response]) -> Response:
    g.fault = fault
    name = fault.fault if fault else ""
    if name == "reset":
        return CutResponse()
    if fault and name in wire.own_faults and name not in wire.inner_faults:
        return wire.refuse(fault, call)
    try:
        response = view()
    except Refusal as refusal:
        response = refusal.response
    if name == "lost_response":
        return CutResponse()
    if name == "reset_mid_body":
        return CutResponse(response)
    if name == "bad_json":
        body = response.get_data()
        response.set_data(body[: len(body) // 2])
    return response
