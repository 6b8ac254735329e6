"""Which backups are kept, and removing the others with the files that only they need."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from pipelines.backups import files
from pipelines.backups.archive import FILES, Archive, DamagedError, KeyMissingError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Keep:
    """How many days, weeks and months have a backup: the newest one of each."""

    daily: int
    weekly: int
    monthly: int


FRESH = timedelta(days=2)
"""Younger ones are all kept: whoever saves a broken record must not lose last night's backup."""


def kept(names: Iterable[str], keep: Keep, moment: datetime) -> set[str]:
    """Which of these backups are kept. Days without a backup are not counted; nor weeks, months."""
    newest_first = sorted(names, reverse=True)
    fresh = {name for name in newest_first if taken_at(name) > moment - FRESH}
    chosen = fresh | set(newest_first[:1])
    periods: tuple[tuple[int, Callable[[datetime], Hashable]], ...] = (
        (keep.daily, lambda moment: moment.date()),
        (keep.weekly, lambda moment: moment.isocalendar()[:2]),
        (keep.monthly, lambda moment: (moment.year, moment.month)),
    )
    for count, period in periods:
        seen: set[Hashable] = set()
        for name in newest_first:
            when = period(taken_at(name))
            if when not in seen and len(seen) < count:
                seen.add(when)
                chosen.add(name)
    return chosen


def taken_at(name: str) -> datetime:
    """When a backup was made, by its name."""
    return datetime.strptime(name.split("-", maxsplit=1)[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def thin_out(archive: Archive, keep: Keep) -> list[str]:
    """Remove the backups that are not kept; returns their names. Must be called inside ``alone``.

    One that was found to be bad goes as soon as there is a newer one that was not.
    """
    names = archive.names()
    bad = {name for name in names if _is_bad(archive, name)}
    good = [name for name in names if name not in bad]
    wanted = kept(good, keep, datetime.now(UTC)) | {
        name for name in bad if not good or name > good[-1]
    }
    removed = [name for name in names if name not in wanted]
    for name in removed:
        archive.remove(name)
        log.info("backup_removed", backup=name)
    _remove_unused_files(archive, sorted(wanted))
    return removed


def _is_bad(archive: Archive, name: str) -> bool:
    try:
        verdict = archive.verdict(name)
    except (DamagedError, KeyMissingError) as error:
        log.warning("verdict_unreadable", backup=name, reason=str(error))
        return False
    return verdict is not None and not verdict.good


def _remove_unused_files(archive: Archive, names: list[str]) -> None:
    """Remove the files that none of these backups needs; none if one can't be read."""
    used: set[str] = set()
    for name in names:
        try:
            used |= {file.stored_as for file in files.listed(archive, archive.facts(name))}
        except (DamagedError, KeyMissingError) as error:
            log.warning("files_not_thinned_out", backup=name, reason=str(error))
            return
    for stored_as in archive.place.sizes(FILES):
        if stored_as not in used:
            archive.place.remove(stored_as)
