"""When a cookie expires, in the forms that browsers, extensions and their pages write it.

Numbers count from 1970 in seconds, milliseconds, microseconds or nanoseconds, or from 1601 in
microseconds (Chromium's own files). They are told apart by their size. Texts are ISO 8601, the
dates of HTTP and of JavaScript, and local dates such as ``3/7/2024, 10:21:30 PM``. No date is taken
to be later than it may be: without a time zone it is the earliest moment that it can mean, and one
that can't be read is an error. A cookie without a date lives as long as its browser's session.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

SESSION_WORDS = frozenset({"", "session", "sitzung", "sesión", "sessão", "null", "none"})
"""Besides 0 and negative numbers."""
LAST_SECOND = 253_402_300_799
"""9999-12-31 23:59:59 UTC."""
UNITS = (
    (LAST_SECOND, 1, 0),
    (10**14, 10**3, 0),
    (10**16, 10**6, 0),
    (10**17, 10**6, 11_644_473_600),
    (10**19, 10**9, 0),
)
"""Up to this number: how many are a second, and the seconds from its start to 1970."""
EARLIEST_ZONE = timedelta(hours=14)
"""The zone whose clocks are furthest ahead (UTC+14)."""
LOCAL = re.compile(
    r"(?P<a>\d{1,4})(?P<mark>[./-])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{1,4})"
    r"(?:,?\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
    r"\s*(?P<half>[ap]\.?\s?m\.?)?)?",
    re.IGNORECASE,
)
HTTP_DATE = re.compile(
    r"\w{3}, \d{1,2}[ -]\w{3}[ -]\d{2,4} \d{2}:\d{2}:\d{2} (?:GMT|UTC|[+-]\d{4})"
)
YEAR_DIGITS, NOON = 4, 12


class UnreadableExpiryError(ValueError):
    """The value is none of the known forms, or may mean two different dates."""


def seconds_until(value: object, now: float) -> float | None:
    """The moment of ``value`` in seconds since 1970; None for a session cookie.

    Args:
        value: as it was exported.
        now: seconds since 1970. A date that may mean day/month or month/day is read as the earlier
            one, unless only the later one is still to come.

    Raises:
        UnreadableExpiryError: it can't be read, or only one of its two meanings is over.
    """
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    if not isinstance(value, str):
        raise UnreadableExpiryError
    text = " ".join(value.split())  # newer browsers write narrow spaces
    if text.lower() in SESSION_WORDS:
        return None
    if re.fullmatch(r"[+-]?\d+(\.\d*)?", text):
        return _number(float(text))
    return _text(text, now)


def _number(value: float) -> float | None:
    if not math.isfinite(value):
        raise UnreadableExpiryError
    if value <= 0:
        return None
    for most, to_a_second, before_1970 in UNITS:
        if value <= most:
            return value / to_a_second - before_1970
    raise UnreadableExpiryError


def _text(text: str, now: float) -> float:
    try:
        found = _with_zone(text)
        moments = {moment.timestamp() for moment in ([found] if found else _local(text))}
    except OverflowError:  # the year 1
        raise UnreadableExpiryError from None
    if not moments or (min(moments) <= now < max(moments)):
        raise UnreadableExpiryError
    return min(moments)


def _with_zone(text: str) -> datetime | None:
    """ISO 8601, HTTP's dates, JavaScript's ``toString``; None if it is none of them."""
    javascript = re.fullmatch(
        r"\w{3} (\w{3} \d{2} \d{4} \d{2}:\d{2}:\d{2} GMT[+-]\d{4})(?: \(.*\))?", text
    )
    if javascript:
        return _strptime(javascript[1], "%b %d %Y %H:%M:%S GMT%z")
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        pass
    else:
        return moment if moment.tzinfo else _earliest(moment)
    if not HTTP_DATE.fullmatch(text):  # the parser for it reads almost anything
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # "-0000": UTC


def _strptime(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007  # the form has a zone
    except ValueError:
        return None


def _local(text: str) -> Iterator[datetime]:
    """The moments that a local date may mean, each as early as it can be."""
    match = LOCAL.fullmatch(text)
    if match is None:
        return
    a, b, c = match["a"], match["b"], match["c"]
    half = (match["half"] or "").replace(".", "").replace(" ", "")
    hour = int(match["hour"] or 0)
    if half:
        if not 1 <= hour <= NOON:
            return
        hour = hour % NOON + (NOON if half.lower() == "pm" else 0)
    orders = {(a, b, c)} if len(a) == YEAR_DIGITS else {(c, b, a), (c, a, b)}
    if match["mark"] == ".":  # nobody writes the month first with points
        orders.discard((c, a, b))
    for year, month, day in sorted(orders):
        if len(year) != YEAR_DIGITS:
            continue
        try:
            moment = datetime(  # noqa: DTZ001  # its zone is unknown
                int(year),
                int(month),
                int(day),
                hour,
                int(match["minute"] or 0),
                int(match["second"] or 0),
            )
        except ValueError:
            continue
        yield _earliest(moment)


def _earliest(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) - EARLIEST_ZONE
