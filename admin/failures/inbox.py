"""The morning inbox: open failures by cause, with what would mend each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import url_for
from peewee import ModelSelect

from admin.failures.causes import CAUSES, OTHER, Cause, Place, cause_of
from admin.job_subjects import subjects
from admin.lists.paging import MOST_COUNTED
from core.db import database
from models import Account, Channel, DeadLetter, Source

CODES = """
WITH RECURSIVE code AS (
    (SELECT error_code FROM dead_letter WHERE resolved_at IS NULL ORDER BY error_code LIMIT 1)
    UNION ALL
    SELECT (SELECT error_code FROM dead_letter
            WHERE resolved_at IS NULL AND error_code > code.error_code
            ORDER BY error_code LIMIT 1)
    FROM code WHERE code.error_code IS NOT NULL
)
SELECT code.error_code, capped.number, newest.id
FROM code,
     LATERAL (SELECT count(*) AS number FROM (
         SELECT 1 FROM dead_letter
         WHERE resolved_at IS NULL AND error_code = code.error_code LIMIT %s) AS few) AS capped,
     LATERAL (SELECT id FROM dead_letter
              WHERE resolved_at IS NULL AND error_code = code.error_code
              ORDER BY id DESC LIMIT 1) AS newest
WHERE code.error_code IS NOT NULL
"""
"""Goes from code to code in the index instead of reading all open failures."""


@dataclass(frozen=True, slots=True)
class Mend:
    """What mends a failure: words, and the page if there is one."""

    words: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """The open failures of one cause."""

    cause: Cause
    count: int
    """At most ``MOST_COUNTED`` + 1 of each code."""
    newest: DeadLetter
    mend: Mend


def groups() -> list[Group]:
    """The causes that have open failures; the most frequent first."""
    numbers: dict[Cause, int] = {}
    newest: dict[Cause, int] = {}
    for code, number, letter_id in _codes():
        cause = cause_of(code)
        numbers[cause] = numbers.get(cause, 0) + number
        newest[cause] = max(newest.get(cause, 0), letter_id)
    letters = {
        row.id: row for row in DeadLetter.select().where(DeadLetter.id.in_(list(newest.values())))
    }
    mends_of = mends(letters.values())
    found = [
        Group(cause, numbers[cause], letters[letter_id], mends_of[letter_id])
        for cause, letter_id in newest.items()
        if letter_id in letters
    ]
    return sorted(found, key=lambda group: -group.count)


def codes_of(name: str) -> list[str]:
    """The codes of the cause that open failures have now."""
    return [code for code, *_ in _codes() if cause_of(code).name == name]


def causes() -> dict[str, str]:
    """The words of each cause by its name, as choices of a filter."""
    return {cause.name: cause.words for cause in (*CAUSES, OTHER)}


def mends(letters: Iterable[DeadLetter]) -> dict[int, Mend]:
    """What mends each failure, by the failure's id; one query per kind of page."""
    rows: list[Any] = list(letters)
    about = subjects(rows)
    with_channel: Any = Source.select(Source.id, Source.channel).where(
        Source.id.in_([row.source_id for row in rows]), Source.channel.is_null(False)
    )
    channels: dict[int, int] = dict(with_channel.tuples())
    return {row.id: _mend(row, cause_of(row.error_code), about, channels) for row in rows}


def accounts() -> ModelSelect[Account]:
    """For the filter."""
    return Account.select(Account.id, Account.name).order_by(Account.name, Account.id)


def channels() -> ModelSelect[Channel]:
    """For the filter."""
    return Channel.select(Channel.id, Channel.name).order_by(Channel.name)


def _codes() -> list[tuple[str, int, int]]:
    """Each code of open failures, how many there are of it, and the id of the newest."""
    found: list[tuple[str, int, int]] = database.execute_sql(CODES, (MOST_COUNTED + 1,)).fetchall()
    return found


def _mend(
    letter: Any, cause: Cause, about: dict[tuple[str, int | None], Any], channels: dict[int, int]
) -> Mend:
    subject = about.get((letter.stage, letter.subject_id))
    at_subject = subject.url if subject else None
    urls: dict[Place, str | None] = {
        "account": url_for("accounts.show", account_id=letter.account_id)
        if letter.account_id
        else url_for("accounts.index"),
        "channel": url_for("channels.edit", channel_id=channels[letter.source_id])
        if letter.source_id in channels
        else url_for("channels.index"),
        "source": url_for("sources.edit", source_id=letter.source_id)
        if letter.source_id
        else url_for("sources.index"),
        "limits": url_for("limits.index"),
        "post": at_subject,
        "subject": url_for("failures.show", letter_id=letter.id),
        "": None,
    }
    return Mend(cause.mend, urls[cause.place])
