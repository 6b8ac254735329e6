"""An exact limiter in Redis: never more than ``count`` grants in any ``seconds``.

One script decides all limits of a request together, by the server's clock: it grants all or none.
For each limit and key Redis holds three entries, which expire by themselves:

- ``…:grants``: the times of the grants in the last ``seconds`` (a sliding-window log, so that the
  limit holds in *any* window, not only in those that begin at a full minute);
- ``…:line``: who was refused, and when to ask again. Each gets a different time, so that a thousand
  waiting jobs don't come back at once for one free place. Newcomers go to the end of the line;
- ``…:hold``: exists while the service asks everybody to wait.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from core.errors import ConfigurationError, StorymillError

PREFIX = "storymill:limit"
PARTS = ("grants", "line", "hold")
MICROSECONDS = 1_000_000
TURN_KEPT = 5.0
"""Seconds for which a place is reserved for whoever is next in line."""
ANSWER_SECONDS = 2.0
LONGEST_HOLD = 86_400.0
"""Seconds of pause that a service can ask for; after that, one call asks again."""

SCRIPT = """
redis.replicate_commands()  -- before Redis 7 a script may not write after TIME without it
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local grant, who, kept = ARGV[1], ARGV[2], tonumber(ARGV[3])
local limits = #KEYS / 3
local blocked, free_at, held = 0, now, 0

local function text(number) return string.format('%.0f', number) end

local function score(key, rank)
    return tonumber(redis.call('ZRANGE', key, rank, rank, 'WITHSCORES')[2])
end

local function limit(i)
    local counted = ARGV[4 * i + 2]
    if counted == '' then counted = grant end
    return KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i],
        tonumber(ARGV[4 * i]), tonumber(ARGV[4 * i + 1]), counted, ARGV[4 * i + 3] == '1'
end

for i = 1, limits do
    local grants, line, hold, count, window, counted = limit(i)
    redis.call('ZREMRANGEBYSCORE', grants, '-inf', '(' .. text(now - window))
    redis.call('ZREMRANGEBYSCORE', line, '-inf', text(now - kept))
    local pause = math.max(0, redis.call('PTTL', hold))
    local at = now + pause * 1000

    if count < 1 then
        at = math.max(at, now + window)
    elseif not redis.call('ZSCORE', grants, counted) then
        local used = redis.call('ZCARD', grants)
        local turn = tonumber(redis.call('ZSCORE', line, who) or math.huge)
        local first, ahead = 0, 0
        if turn > now then
            ahead = redis.call('ZCOUNT', line, '-inf', '(' .. text(turn))
        elseif used >= count then  -- next in line, but somebody was late or the limit was lowered
            first = redis.call('ZCOUNT', line, '-inf', text(now))
            ahead = redis.call('ZCOUNT', line, '(' .. text(now), '+inf')
        end
        -- A place is free once 'leaving' more grants have left the window. If there are not so
        -- many grants, those ahead in the line must first get theirs.
        local leaving = used + ahead - count
        if leaving >= used then
            at = math.max(at, math.max(now, score(line, first + leaving - used)) + window + 1)
        elseif leaving >= 0 then
            at = math.max(at, score(grants, leaving) + window + 1)
        end
    end
    if at > free_at then blocked, free_at, held = i, at, pause end
end

for i = 1, limits do
    local grants, line, _, _, window, counted, later = limit(i)
    if blocked ~= 0 or not later then redis.call('ZREM', line, who) end
    if blocked == 0 and not later then
        redis.call('ZADD', grants, now, counted)
        redis.call('PEXPIRE', grants, math.ceil(window / 1000) + 1000)
    elseif blocked == i then
        redis.call('ZADD', line, free_at, who)
        redis.call('PEXPIRE', line, math.ceil((free_at - now + kept) / 1000))
    end
end
return {blocked, text(free_at - now), held}
"""

USAGE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local found = {}
for i = 1, #ARGV do
    local since = string.format('%.0f', now - tonumber(ARGV[i]))
    found[3 * i - 2] = redis.call('ZCOUNT', KEYS[3 * i - 2], since, '+inf')
    found[3 * i - 1] = redis.call('ZCARD', KEYS[3 * i - 1])
    found[3 * i] = math.max(0, redis.call('PTTL', KEYS[3 * i]))
end
return found
"""
AT_ONCE = 500
"""Limits per call; they take Redis about a millisecond."""


class LimiterUnavailableError(StorymillError):
    """Redis does not answer: nothing may pass."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``count`` grants in any ``seconds`` for one ``key``; 0 stops everything.

    Attributes:
        name: of the limit, as in the settings.
        key: whom the limit applies to (an account, a client); empty for everybody together.
        counted: what counts only once, even with several grants (a post, so that its retries
            don't use up a limit on posts); empty counts each grant.
        margin: seconds by which the window is longer here. A service counts a call when it
            arrives: with a slow way for the first call and a quick one for the last, they arrive
            closer together than they were sent.
        later: it is only checked now; whoever makes the call takes it then.
    """

    name: str
    count: int
    seconds: float
    key: str = ""
    counted: str = ""
    margin: float = 0.0
    later: bool = False

    @property
    def window(self) -> int:
        """Microseconds for which a grant counts."""
        return int((self.seconds + self.margin) * MICROSECONDS)


class Grant(NamedTuple):
    """The answer: granted, or the seconds to wait and the limit that requires it.

    ``held`` when the reason is not used-up grants but a pause that the service asked for.
    """

    seconds: float = 0.0
    waits_for: Limit | None = None
    held: bool = False

    @property
    def granted(self) -> bool:
        return self.waits_for is None


class Usage(NamedTuple):
    """Use of a limit now: grants in its window, how many wait in line, seconds of pause left."""

    used: int
    waiting: int
    held: float


class Limiter:
    """Checks and enforces the limits. One instance serves all threads of a process."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(SCRIPT)
        self._usage = redis.register_script(USAGE)

    @classmethod
    def at(cls, broker_url: str) -> Self:
        """Use the broker's Redis, in the next database; connects on first use."""
        return cls(
            Redis.from_url(
                beside(broker_url),
                socket_connect_timeout=ANSWER_SECONDS,
                socket_timeout=ANSWER_SECONDS,
                retry=Retry(NoBackoff(), 1),  # a connection that Redis closed meanwhile
            )
        )

    def acquire(self, limits: Sequence[Limit], *, who: str, grant: str = "") -> Grant:
        """Take one grant of every limit, or none; the answer says when to ask again.

        Of limits that are taken ``later`` only the use is checked, and a place in line is kept.

        Args:
            limits: all that apply, each once.
            who: name of the asker, which keeps its place in the line.
            grant: what the grant is for; asking twice for the same takes only one.

        Raises:
            LimiterUnavailableError: Redis did not answer: nothing may pass.
        """
        if not limits:
            return Grant()
        keys: list[str] = []
        arguments: list[Any] = [grant or uuid.uuid4().hex, who, int(TURN_KEPT * MICROSECONDS)]
        for limit in limits:
            keys += [_key(limit, part) for part in PARTS]
            arguments += [limit.count, limit.window, limit.counted, int(limit.later)]
        try:
            blocked, wait, held = self._script(keys=keys, args=arguments)
        except RedisError as error:
            raise _unavailable(error) from error
        return Grant(int(wait) / MICROSECONDS, limits[blocked - 1] if blocked else None, held > 0)

    def give_back(self, limit: Limit, grant: str = "") -> None:
        """What the grant was for did not happen; without such a grant, nothing changes.

        Args:
            limit: as it was taken.
            grant: as it was taken; not needed if the limit says what is ``counted``.

        Raises:
            LimiterUnavailableError: Redis did not answer.
        """
        try:
            self._redis.zrem(_key(limit, "grants"), limit.counted or grant)
        except RedisError as error:
            raise _unavailable(error) from error

    def usage(self, limits: Sequence[Limit]) -> list[Usage]:
        """How far each limit is used, in the same order; changes nothing.

        Raises:
            LimiterUnavailableError: Redis did not answer.
        """
        found: list[Usage] = []
        for first in range(0, len(limits), AT_ONCE):
            some = limits[first : first + AT_ONCE]
            keys = [_key(limit, part) for limit in some for part in PARTS]
            windows = [limit.window for limit in some]
            try:
                flat = self._usage(keys=keys, args=windows)
            except RedisError as error:
                raise _unavailable(error) from error
            triples = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
            found += [Usage(used, waiting, held / 1000) for used, waiting, held in triples]
        return found

    def hold(self, limit: Limit, seconds: float) -> None:
        """Let nothing pass for ``seconds``: the service asked for it (Retry-After).

        Raises:
            LimiterUnavailableError: Redis did not answer.
        """
        try:
            self._redis.set(
                _key(limit, "hold"), 1, px=max(1, int(min(seconds, LONGEST_HOLD) * 1000))
            )
        except RedisError as error:
            raise _unavailable(error) from error


def beside(broker_url: str) -> str:
    """The same Redis, database number plus one: the broker's maintenance scans all keys of its own.

    Raises:
        ConfigurationError: the address does not give its database as a number.
    """
    url = urlsplit(broker_url)
    query = parse_qs(url.query)
    in_query = url.scheme == "unix" or "db" in query
    number = query.get("db", ["0"])[0] if in_query else url.path.strip("/") or "0"
    if not number.isdecimal():
        raise ConfigurationError("REDIS_URL must end in a database number, as in …:6379/0.")
    if in_query:
        query["db"] = [str(int(number) + 1)]
        return f"{broker_url.partition('?')[0]}?{urlencode(query, doseq=True)}"
    return urlunsplit(url._replace(path=f"/{int(number) + 1}"))


def _key(limit: Limit, part: str) -> str:
    return f"{PREFIX}:{limit.name}:{limit.key}:{part}"


def _unavailable(error: RedisError) -> LimiterUnavailableError:
    return LimiterUnavailableError(
        f"Rate limits can't be checked, so nothing may pass: Redis does not answer ({error})."
    )
