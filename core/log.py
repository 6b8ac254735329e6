"""Structured JSON logs: one line per event, with the ids of its work.

Token-shaped values are masked before anything is written, whatever logged them.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from core.text.addresses import MASK, shown_in

SECRET_KEYS = frozenset(
    {
        "access_token",
        "refresh_token",
        "client_secret",
        "authorization",
        "cookie",
        "set-cookie",
        "upload_url",
        "code_verifier",
        "password",
        "http.query",  # these three are Sentry's, of each request that led to an error
        "http.fragment",
        "query_string",
    }
)
SECRET_VALUES = re.compile(
    r"(?P<key>(?:access_token|refresh_token|client_secret|code_verifier|upload_token|password"
    r"|Authorization)\\*[\"']?\s*[=:]\s*\\*[\"']?(?:(?:[Bb]earer|[Bb]asic)\s+)?)[^\s\"'&,}]+"
    r"|(?P<query>[?&][\w.~%-]{1,60}=)(?!\[secret\])[^\s\"'&]+"
    r"|(?P<cookie>\b(?i:cookie)\\*[\"']?\s*[=:]\s*\\*[\"']?)[^\"'\r\n]+"
    r"|\b(?P<scheme>Bearer\s+)[^\s\"']+"
    r"|\b(?P<prefix>act|rft)\.[A-Za-z0-9!._~%-]{8,}"
    r"|(?P<url>\w+://[^\s:/@]*:)[^\s@]+(?=@)"
    r"|gAAAAA[\w-]{20,}={0,2}"
    r"|\b(?:sm|whs)_[\w-]{30,}"  # tokens of the API, secrets of webhooks
)
LINKS = re.compile(r"(/download/)[\w.-]+")
"""Masked first: the rules for addresses would mask a part of such a link and leave the rest."""
KEPT = ("key", "query", "cookie", "scheme", "url")
"""Groups before a secret that show what it was."""


def scrub(text: str) -> str:
    """``text`` with every token-shaped value masked, and what may be secret in addresses."""

    def mask(match: re.Match[str]) -> str:
        kept = next(filter(None, map(match.group, KEPT)), "")
        return f"{kept}{MASK}"

    return SECRET_VALUES.sub(mask, shown_in(LINKS.sub(rf"\1{MASK}", text)))


def storable(text: str) -> str:
    """``text`` as PostgreSQL can store it: without secrets, NUL or half characters."""
    return scrub(text).replace("\x00", "").encode("utf-8", "replace").decode()


def scrubbed(value: Any) -> Any:
    """``value`` with secrets masked at any depth: texts by shape, entries by name."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {
            key: MASK if str(key).lower() in SECRET_KEYS else scrubbed(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [scrubbed(inner) for inner in value]
    return value


class Scrubbed(logging.Filter):
    """For loggers with their own handlers, to which libraries write addresses."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(record.getMessage()), ()
        return True


def _scrub_event(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    return {
        key: MASK if key.lower() in SECRET_KEYS else scrubbed(value) for key, value in event.items()
    }


def configure(process: str, level: str = "INFO") -> None:
    """Send this process's structlog and standard logging to standard error as JSON lines."""

    def name_process(
        _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        event["process"] = process
        return event

    shared: list[structlog.typing.Processor] = [
        name_process,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _scrub_event,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # At DEBUG it writes the path of each request; a feed's path may hold a token.
    logging.getLogger("urllib3").setLevel(logging.INFO)
