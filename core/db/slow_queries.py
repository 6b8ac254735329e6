"""Statements that took long: counted, and logged with two digests and no values.

One digest is of the statement's text, the other of its plan's shape: the same statement with
another plan shows at once. The plan is asked for afterwards, in a thread and on a connection of its
own, because an ``EXPLAIN`` that fails would end the transaction it runs in.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from queue import Full, Queue
from typing import Any

import structlog
from prometheus_client import Counter

log = structlog.get_logger(__name__)

SLOW_QUERIES = Counter("storymill_slow_queries_total", "Statements slower than SLOW_QUERY_MS")

PLAN_KEPT = 60.0
"""Seconds for which a statement's plan is not asked for again."""
MOST_KEPT = 500
MOST_WAITING = 20
"""Slow statements that wait for their plans; further ones are logged without."""
SHOWN = 300
"""Most characters of a statement or a plan in the log."""

EXPLAINABLE = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
LITERAL = re.compile(r"'(?:[^']|'')*'|(?<![\w$\"])\d+(?:\.\d+)?\b")
LISTED = re.compile(r"\(\s*(?:%s|\?)(?:\s*,\s*(?:%s|\?))*\s*\)")
ROWS = re.compile(r"\(…\)(?:\s*,\s*\(…\))+")


def without_values(sql: str) -> str:
    """The statement in one line; literals become ``?``, and lists of any length ``(…)``."""
    text = LITERAL.sub("?", re.sub(r"\s+", " ", sql.strip()))
    return ROWS.sub("(…)", LISTED.sub("(…)", text))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def shape(plan: Mapping[str, Any]) -> str:
    """What a plan does with which tables and indexes, without costs and conditions."""
    on = " ".join(filter(None, (plan.get("Relation Name"), plan.get("Index Name"))))
    node = f"{plan['Node Type']}[{on}]" if on else str(plan["Node Type"])
    inner = ", ".join(map(shape, plan.get("Plans", ())))
    return f"{node}({inner})" if inner else node


@dataclass(frozen=True, slots=True)
class _Slow:
    sql: str
    params: Any
    seconds: float
    context: Mapping[str, Any]


class SlowQueries:
    """Notes statements that took ``seconds`` or longer.

    Args:
        seconds: from which a statement is slow.
        connect: opens a connection for asking for plans.
    """

    def __init__(self, seconds: float, connect: Callable[[], Any]) -> None:
        self.seconds = seconds
        self._connect = connect
        self._waiting: Queue[_Slow] = Queue(MOST_WAITING)
        self._plans: OrderedDict[str, tuple[float, str]] = OrderedDict()
        threading.Thread(target=self._go_on, name="slow-queries", daemon=True).start()

    def note(self, sql: str, params: Any, seconds: float) -> None:
        """Count the statement, and have it logged with the ids of the work that ran it."""
        SLOW_QUERIES.inc()
        slow = _Slow(sql, params, seconds, structlog.contextvars.get_contextvars())
        try:
            self._waiting.put_nowait(slow)
        except Full:
            _log(slow, "")

    def _go_on(self) -> None:
        for slow in self._each():
            try:
                _log(slow, self._plan(slow))
            except Exception as error:  # noqa: BLE001  # its message may hold values
                log.warning("plan_unknown", error=type(error).__name__)
                _log(slow, "")

    def _each(self) -> Iterator[_Slow]:
        while True:
            yield self._waiting.get()

    def _plan(self, slow: _Slow) -> str:
        if not EXPLAINABLE.match(slow.sql):
            return ""
        name = digest(without_values(slow.sql))
        asked, plan = self._plans.pop(name, (-PLAN_KEPT, ""))
        if time.monotonic() - asked >= PLAN_KEPT:
            asked, plan = time.monotonic(), self._explained(slow)
        self._plans[name] = asked, plan
        if len(self._plans) > MOST_KEPT:
            self._plans.popitem(last=False)
        return plan

    def _explained(self, slow: _Slow) -> str:
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 2000; SET lock_timeout = 500")
            cursor.execute(f"EXPLAIN (FORMAT JSON) {slow.sql}", slow.params)
            return shape(cursor.fetchone()[0][0]["Plan"])


def _log(slow: _Slow, plan: str) -> None:
    statement = without_values(slow.sql)
    facts = {
        **slow.context,
        "seconds": round(slow.seconds, 3),
        "query": digest(statement),
        "statement": statement[:SHOWN],
        "plan": digest(plan) if plan else "unknown",
        "shape": plan[:SHOWN],
    }
    log.warning("slow_query", **facts)
