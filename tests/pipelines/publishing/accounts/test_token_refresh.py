"""Tokens are refreshed ahead of time: each used once, none lost, and a bad one stops no other."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import psycopg2
import pytest
from psycopg2 import sql

from core import db
from core.errors import Permanent
from models import Account, AccountState, now
from pipelines.publishing.accounts import token_recovery, token_refresh
from pipelines.publishing.accounts.token_refresh import (
    LEASE_SECONDS,
    plan,
    refresh_due,
    refresh_one,
    take_lease,
)
from pipelines.publishing.accounts.tokens import access_token
from services import ServiceAddresses
from tests.pipelines.publishing.accounts.token_endpoint import Platform

pytestmark = pytest.mark.usefixtures("record")


def stored(account: Account) -> Account:
    return Account.get_by_id(account.id)


def pass_time(minutes: float) -> None:
    """As if that much time had passed for everything the rows wait for."""
    for column in (Account.next_refresh_at, Account.refresh_begun_at, Account.last_refreshed_at):
        Account.update({column: column - timedelta(minutes=minutes)}).execute()


@pytest.fixture
def postgresql(services: ServiceAddresses, database_url: str) -> Callable[..., None]:
    """Makes the test's database unavailable, and available again."""
    name = urlsplit(database_url).path[1:]

    def switch(*, on: bool) -> None:
        with closing(psycopg2.connect(services.database_url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
                cursor.execute(allow.format(sql.Identifier(name), sql.Literal(on)))
                if not on:
                    cursor.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                        (name,),
                    )

    return switch


@contextmanager
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(token_recovery, "RETRY_FOR_SECONDS", 0.2)
    monkeypatch.setattr(token_recovery, "PAUSE_SECONDS", 0.1)
    yield


def test_of_many_accounts_only_the_bad_ones_are_marked_and_no_token_is_used_twice() -> None:
    # Given 300 accounts: a grant gone, two that always fail, 15 that fail once
    platform = Platform(seconds=0.005)
    accounts = [platform.connect(number) for number in range(300)]
    gone, *failing = accounts[0], accounts[1], accounts[2]
    platform.gone.add(gone.refresh_token)
    platform.away.update({account.refresh_token: 1_000_000 for account in failing})
    platform.away.update({account.refresh_token: 1 for account in accounts[3:18]})

    # When two refreshers run at once, and then the retries, five minutes apart
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(refresh_due, platform) for _ in range(2)]
    first = both[0].result() + both[1].result()
    retries = []
    for _ in range(3):
        assert refresh_due(platform, retries_only=True) == {}  # not yet
        pass_time(minutes=5)
        retries.append(refresh_due(platform, retries_only=True))

    # Then each token was used exactly once
    assert first == {"refreshed": 282, "failed": 17, "expired": 1}
    assert retries == [{"refreshed": 15, "failed": 2}, {"failed": 2}, {"failed": 2}]
    assert set(platform.used.values()) == {1}
    assert len(platform.used) == 297
    # and only the bad ones are marked, with reasons
    marked = Account.select().where(Account.last_error != "").order_by(Account.id)
    assert list(marked) == [gone, *failing]
    assert stored(gone).state == AccountState.EXPIRED
    assert "connect the account again" in stored(gone).last_error
    for account in map(stored, failing):
        assert (account.state, account.refresh_attempts) == (AccountState.CONNECTED, 4)
        assert "internal error" in account.last_error
        # An outage of the platform expires nobody: from now on half-hourly
        assert timedelta(minutes=29) < account.next_refresh_at - now() <= timedelta(minutes=30)


def test_a_token_that_is_not_due_is_left_alone() -> None:
    platform = Platform()
    account = platform.connect(1, minutes_left=50)
    assert refresh_due(platform) == {}
    assert plan(account, now()) == ""
    # but is refreshed when a person asks for it
    ended = refresh_one(account.id, platform)
    assert ended is not None
    assert ended.outcome == "refreshed"
    assert stored(account).access_token == "act.1.1"


def test_a_damaged_token_stops_no_other() -> None:
    platform = Platform()
    damaged, good = platform.connect(1, minutes_left=1), platform.connect(2)
    db.database.execute_sql(
        "UPDATE account SET refresh_token = left(refresh_token, -9) WHERE id = %s", (damaged.id,)
    )
    assert refresh_due(platform) == {"failed": 1, "refreshed": 1}
    assert stored(good).refresh_token == "rft.2.1"
    error = Account.select(Account.last_error).where(Account.id == damaged.id).get().last_error
    assert "is damaged" in error


def test_new_tokens_survive_that_postgresql_goes_away_before_they_are_stored(
    postgresql: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given PostgreSQL dies just after the answer, and comes back in a second
    monkeypatch.setattr(token_recovery, "PAUSE_SECONDS", 0.1)
    back = threading.Timer(1, postgresql, kwargs={"on": True})

    def crash(_token: str) -> None:
        postgresql(on=False)
        back.start()

    platform = Platform(after_answer=crash)
    account = platform.connect(1, minutes_left=0)
    db.release()

    # When a job needs a token, then it gets the new one, and its file is gone
    with db.session():
        assert access_token(account, platform) == "act.1.1"
        assert stored(account).refresh_token == "rft.1.1"
    assert list(token_recovery.folder().iterdir()) == []
    back.join()
    db.database.connect(reuse_if_open=True)


def test_new_tokens_wait_in_a_file_while_postgresql_stays_away(
    postgresql: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given PostgreSQL dies just after the answer and stays away
    platform = Platform(after_answer=lambda _: postgresql(on=False))
    account = platform.connect(1)
    with impatient(monkeypatch), pytest.raises(db.Unavailable):
        refresh_due(platform)

    # Then the tokens are in a file for its owner only, unreadable without the key
    [file] = token_recovery.folder().iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "rft." not in file.read_text()

    # and the next refresh stores them before it does anything else
    postgresql(on=True)
    db.discard()
    db.database.connect()
    platform.after_answer = lambda _: None
    assert refresh_due(platform) == {}
    assert stored(account).refresh_token == "rft.1.1"
    assert stored(account).refresh_begun_at is None
    assert platform.used == {"rft.1.0": 1}
    assert list(token_recovery.folder().iterdir()) == []


def test_a_refresh_that_was_killed_before_its_commit_is_reported() -> None:
    # Given a process that died after the platform's answer
    platform = Platform()
    account = platform.connect(1)
    with db.transaction():
        assert take_lease(account) is not None
    platform.refresh(account.refresh_token)

    # While its lease is valid nobody touches the account, and other accounts are refreshed
    other = platform.connect(2, minutes_left=30)
    assert refresh_due(platform) == {"refreshed": 1}
    assert stored(other).refresh_token == "rft.2.1"
    assert "another process has been refreshing it" in plan(stored(account), now())

    # When the lease has run out, then the account says what happened
    pass_time(minutes=LEASE_SECONDS / 60)
    assert "never ended" in plan(stored(account), now())
    assert refresh_due(platform) == {"expired": 1}
    assert stored(account).state == AccountState.EXPIRED
    assert "never ended" in stored(account).last_error


def test_a_process_that_was_frozen_past_its_lease_expires_no_account() -> None:
    # Given one that claimed the account and froze, and another that refreshed it meanwhile
    platform = Platform()
    account = platform.connect(1)
    with db.transaction():
        frozen = take_lease(account)
    assert frozen is not None
    pass_time(minutes=LEASE_SECONDS / 60)
    assert refresh_due(platform) == {"refreshed": 1}

    # When the first wakes up and hears that its token was used
    platform.gone.add("rft.1.1")
    assert isinstance(token_refresh.refresh(frozen, platform), Permanent)

    # Then its late result is not written
    assert stored(account).state == AccountState.CONNECTED
    assert stored(account).last_error == ""


def test_a_late_answer_connects_an_account_again_that_was_found_expired() -> None:
    platform = Platform()
    account = platform.connect(1)
    grant = platform.refresh(account.refresh_token)  # answered, then the process froze
    assert refresh_due(platform) == {"expired": 1}

    token_recovery.save(
        token_recovery.RotatedToken(account.id, account.refresh_token, grant, now())
    )

    assert stored(account).state == AccountState.CONNECTED
    assert stored(account).refresh_token == "rft.1.1"


def test_a_late_answer_does_not_undo_that_the_account_was_connected_again() -> None:
    platform = Platform()
    account = platform.connect(1)
    grant = platform.refresh(account.refresh_token)
    Account.update(refresh_token="rft.of.another.grant").execute()

    token_recovery.save(
        token_recovery.RotatedToken(account.id, account.refresh_token, grant, now())
    )

    assert stored(account).refresh_token == "rft.of.another.grant"


def test_tokens_that_ended_over_a_week_ago_are_forgotten() -> None:
    platform = Platform()
    old, recent, alive = (platform.connect(number) for number in range(3))
    for account, days in ((old, 8), (recent, 6)):
        ended = now() - timedelta(days=days)
        Account.update(refresh_expires_at=ended).where(Account.id == account.id).execute()

    assert token_refresh.forget_expired() == 1

    assert stored(old).refresh_token is None
    assert stored(old).access_token is None
    assert stored(old).state == AccountState.EXPIRED
    assert "connect the account again" in stored(old).last_error
    assert stored(recent).refresh_token
    assert stored(alive).refresh_token
    assert token_refresh.forget_expired() == 0
