"""Adds, changes, fetches and switches sources; the audit log records who made each change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from peewee import IntegrityError

from core.db import transaction
from core.errors import InputError
from core.files.intake_folder import IntakeFolder
from core.text.addresses import shown, shown_in
from models import Account, AuditEntry, Source, SourceAccount, SourceKind, now
from pipelines import ledger, versions
from pipelines.stories.intake.source_names import free_name
from pipelines.stories.intake.source_rules import problems, taken, tidy
from pipelines.stories.intake.source_settings import ALL, KINDS, OF_FILES

__all__ = [
    "SourceRefusedError",
    "accounts_of",
    "ask",
    "find",
    "free_name",
    "give_channel",
    "locked_without_channel",
    "save",
    "switch",
    "tidy",
    "without_channel",
]

MOST_OFFERED = 100
"""Sources without a channel that a channel's page lists."""
LABELS = {setting.name: setting.label for setting in ALL} | {
    "channel": "Channel",
    "accounts": "Accounts",
}


class SourceRefusedError(InputError):
    """Invalid source settings.

    Attributes:
        problems: a sentence for each wrong setting, by its name.
    """

    def __init__(self, wrong: Mapping[str, str]) -> None:
        sentences = (f"{LABELS[name]}: {problem}" for name, problem in wrong.items())
        super().__init__(" ".join(sentences))
        self.problems = dict(wrong)


def version_of(source: Source) -> str:
    """The version of its settings, for a form that shows them."""
    return versions.of({**_current(source), "address": source.address})


def save(
    source_id: int | None,
    chosen: Mapping[str, Any],
    by: str,
    intake: IntakeFolder,
    seen: str = "",
) -> Source:
    """Add or change a source; settings not in ``chosen`` keep their value or default.

    Args:
        source_id: the source; None adds one.
        chosen: values by the names of ``source_settings.ALL``, with ``channel`` (an id, or None)
            and ``accounts`` (ids; an empty list means every account).
        by: who changes it.
        intake: where files and folders are read from.
        seen: the version that the form began with, if any.

    Raises:
        SourceRefusedError: settings are invalid; it has a sentence for each.
        SavedMeanwhileError: it is another version by now.
        InputError: there is no such source.
    """
    try:
        with transaction():
            source = _blank() if source_id is None else locked(source_id)
            if source_id is not None:
                _check_not_archived(source)
                versions.check(seen, version_of(source), f"source {source_id}")
            before = {name: getattr(source, name) for name in ("kind", "place", "address")}
            values = {**_current(source), **chosen}
            values["name"] = shown_in(str(values["name"]))
            if wrong := problems(source, values, intake):
                raise SourceRefusedError(wrong)
            values["name"] = values["name"].strip()
            values |= _placed(source, values["kind"], values["place"])
            if values["kind"] in OF_FILES:
                values["place"] = intake.place(values["place"])
            accounts = values.pop("accounts")
            for name, value in values.items():
                setattr(source, name, value)
            if source_id is not None:
                source.memory = {}  # so the new settings apply to everything it has
                _reschedule(source, moved=any(before[n] != values[n] for n in before))
            source.save()
            _link(source, accounts)
            _audit(by, "source.add" if source_id is None else "source.edit", source)
    except IntegrityError:
        raise SourceRefusedError({"name": taken(values["name"])}) from None
    return source


def without_channel() -> list[Source]:
    """Sources in use that have no channel, by name; at most ``MOST_OFFERED``."""
    columns = Source.select(Source.id, Source.name)
    rows = columns.where(Source.channel.is_null(), Source.archived_at.is_null())
    return list(rows.order_by(Source.name).limit(MOST_OFFERED))


def locked_without_channel(source_ids: Iterable[int]) -> list[Source]:
    """Those of the sources that have no channel, locked until the transaction ends.

    Call it before a channel is locked: whoever saves a source locks it first, too.
    """
    rows = Source.select().where(Source.id.in_(list(source_ids)), Source.channel.is_null())
    return list(rows.order_by(Source.id).for_update())


def give_channel(without: Iterable[Source], channel_id: int, by: str) -> None:
    """Let these sources use a channel. They are locked, and have none."""
    for source in without:
        Source.update(channel=channel_id).where(Source.id == source.id).execute()
        _audit(by, "source.edit", source)


def find(name: str) -> Source:
    """The source with that name or number. Raises InputError."""
    source: Source | None = Source.get_or_none(Source.name == name)
    if source is None and name.isascii() and name.isdigit() and len(name) < 19:  # noqa: PLR2004 (a bigint's digits)
        source = Source.get_or_none(Source.id == int(name))
    if source is None:
        raise InputError(
            f"There is no source {shown_in(name)}: scripts/manage sources list shows them all."
        )
    return source


def ask(source_id: int, by: str) -> Source:
    """Queue a fetch of the source now. A new one is due again an interval later.

    Raises:
        InputError: there is no such source, its stories are pasted by hand, or it was an import.
    """
    with transaction():
        ledger.lock_jobs((("fetch",), (source_id,)))
        source = locked(source_id)
        _check_not_archived(source)
        if source.kind not in KINDS:
            raise InputError(f"{source.name} can't be fetched: its stories are pasted by hand.")
        _check_place(source)
        ledger.enqueue("fetch", source.id)
        if source.next_fetch_at is None:
            source.next_fetch_at = now() + timedelta(minutes=source.interval_minutes)
            source.save(only=[Source.next_fetch_at])
        _audit(by, "source.fetch", source)
    return source


def switch(source_id: int, by: str) -> Source:
    """Switch the source on or off.

    Raises:
        InputError: there is no such source, or it was an import of a file.
    """
    with transaction():
        source = locked(source_id)
        _check_not_archived(source)
        if not source.enabled:
            _check_place(source)
        source.enabled = not source.enabled
        source.save(only=[Source.enabled])
        _audit(by, "source.enable" if source.enabled else "source.disable", source)
    return source


def accounts_of(source: Source) -> list[int]:
    """Ids of the accounts that get its videos; an empty list means every account."""
    linked = Account.select(Account.id).join(SourceAccount).order_by(Account.id)
    return [account.id for account in linked.where(SourceAccount.source == source.id)]


def locked(source_id: int) -> Source:
    """The source, locked until the transaction ends. Raises InputError."""
    source: Source | None = Source.select().where(Source.id == source_id).for_update().first()
    if source is None:
        raise InputError(f"There is no source {source_id}.")
    return source


def _check_not_archived(source: Source) -> None:
    if source.removed_at is not None:
        raise InputError(f"There is no source {source.id}.")
    if source.archived_at is not None:
        raise InputError(f"{source.name} is archived: unarchive it first.")


def _check_place(source: Source) -> None:
    if source.kind in OF_FILES and not source.place:
        raise InputError(f"{source.name} was read once and names no file: give its place first.")


def _blank() -> Source:
    return Source(kind=SourceKind.SUBREDDIT, name="")


def _current(source: Source) -> dict[str, Any]:
    values = {setting.name: getattr(source, setting.name) for setting in ALL}
    channel = source.__data__.get("channel")
    return values | {"channel": channel, "accounts": accounts_of(source)}


def _placed(source: Source, kind: str, place: str) -> dict[str, str | None]:
    """The place as it may be shown, and the whole address if that hides a part of it."""
    place = tidy(kind, place)
    if source.id and (kind, place) == (source.kind, source.place):
        return {"place": place, "address": source.address}
    if kind != SourceKind.FEED or (masked := shown(place)) == place:
        return {"place": place, "address": None}
    return {"place": masked[: Source.place.max_length], "address": place}


def _reschedule(source: Source, *, moved: bool) -> None:
    """Fetch a new place soon; apply a shorter interval from now on."""
    if moved:
        source.next_fetch_at, source.last_error = None, ""
    elif source.next_fetch_at is not None:
        latest = now() + timedelta(minutes=source.interval_minutes)
        source.next_fetch_at = min(source.next_fetch_at, latest)


def _link(source: Source, accounts: list[int]) -> None:
    links = SourceAccount.source == source
    SourceAccount.delete().where(links).execute()
    for account_id in sorted(set(accounts)):
        SourceAccount.create(source=source, account=account_id)


def _audit(by: str, action: str, source: Source) -> None:
    AuditEntry.create(actor=by, action=action, subject=f"source {source.id}")
