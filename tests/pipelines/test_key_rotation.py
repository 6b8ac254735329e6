"""All keys are there at the start, and can change while everybody reads and writes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core import crypto, db
from core.crypto import key_id, new_key
from core.errors import ConfigurationError
from models import Account, AccountState, OAuthHandshake, Source, SourceKind
from pipelines import key_rotation
from pipelines.publishing.accounts import token_recovery
from tests.pipelines.production.making import a_source

pytestmark = pytest.mark.usefixtures("record")


@pytest.fixture(autouse=True)
def _unsaved_tokens(tmp_path: Path) -> None:
    token_recovery.configure(tmp_path)


@pytest.fixture
def old() -> str:
    key = new_key()
    crypto.configure(key)
    return key


@pytest.fixture
def new() -> str:
    return new_key()


def fill(accounts: int) -> None:
    rows = [
        {"open_id": f"creator-{n}", "state": AccountState.CONNECTED, "refresh_token": f"rft.{n}"}
        | {"access_token": f"act.{n}"}
        for n in range(accounts)
    ]
    Account.insert_many(rows).execute()
    OAuthHandshake.create(state="s", verifier="a verifier", session_id="browser")


def counts() -> dict[str | None, int]:
    total: dict[str | None, int] = {}
    for found in key_rotation.uses().values():
        for name, values in found.items():
            total[name] = total.get(name, 0) + values
    return total


def test_every_encrypted_column_is_found() -> None:
    assert set(map(str, key_rotation.encrypted_columns())) >= {
        "account.access_token",
        "account.refresh_token",
        "oauth_handshake.verifier",
        "post.upload_url",
        "source.address",
    }


def test_the_address_of_a_feed_changes_its_key(old: str, new: str) -> None:
    address = "https://night.example/feed?key=canary"
    source = a_source(kind=SourceKind.FEED, address=address)
    crypto.configure(f"{new},{old}")

    assert key_rotation.rotate().rewritten == 1

    crypto.configure(new)
    assert Source.get_by_id(source.id).whole_place == address


def test_a_start_without_a_needed_key_is_refused_with_its_id(old: str, new: str) -> None:
    fill(3)
    key_rotation.check_readable()
    crypto.configure(new)
    with pytest.raises(ConfigurationError) as refused:
        key_rotation.check_readable()
    sentence = str(refused.value)
    assert f"the key with id {key_id(old)}" in sentence
    assert "3 in account.access_token" in sentence
    assert "add that key after the newest one" in sentence
    crypto.configure(f"{new},{old}")
    key_rotation.check_readable()


def test_an_unencrypted_value_is_refused_and_never_repeated(old: str) -> None:
    fill(1)
    db.database.execute_sql("UPDATE account SET access_token = 'canary'")
    with pytest.raises(ConfigurationError, match="not encrypted") as refused:
        key_rotation.check_readable()
    with pytest.raises(ConfigurationError, match="not properly encrypted") as read:
        Account.get()
    assert "canary" not in str(refused.value) + str(read.value)


def test_a_rotation_leaves_nothing_under_the_old_key_and_changes_no_value(
    old: str, new: str
) -> None:
    fill(300)
    crypto.configure(f"{new},{old}")
    assert key_rotation.under_other_keys() == 601

    reported: list[int] = []
    rotation = key_rotation.rotate(batch=100, tell=reported.append)

    assert (rotation.rewritten, rotation.unreadable) == (601, set())
    assert reported == [100, 100, 100, 100, 100, 100, 1]
    assert counts() == {key_id(new): 601}
    assert key_rotation.rotate().rewritten == 0
    # The old key can be removed
    crypto.configure(new)
    key_rotation.check_readable()
    assert [a.refresh_token for a in Account.select().order_by(Account.id)] == [
        f"rft.{n}" for n in range(300)
    ]


class Reader(threading.Thread):
    """Reads every account repeatedly."""

    def __init__(self) -> None:
        super().__init__()
        self.stop, self.reads, self.wrong = threading.Event(), 0, 0

    def run(self) -> None:
        with db.session():
            while not self.stop.is_set():
                for account in Account.select():
                    self.reads += 1
                    self.wrong += not str(account.access_token).startswith("act.")


def change_odd_tokens(last: int) -> None:
    with db.session():
        for n in range(last, 0, -2):
            changed = Account.update(access_token=f"act.new.{n}")
            changed.where(Account.open_id == f"creator-{n}").execute()


@pytest.mark.slow
def test_readers_and_writers_continue_while_keys_are_rotated(old: str, new: str) -> None:
    fill(400)
    crypto.configure(f"{new},{old}")
    reader, writer = Reader(), threading.Thread(target=change_odd_tokens, args=[399])
    reader.start()
    writer.start()

    # When the keys are rotated in small steps
    key_rotation.rotate(batch=5)
    writer.join()
    reader.stop.set()
    reader.join()

    # Then nobody read a wrong value, and nothing written meanwhile is lost
    assert reader.wrong == 0
    assert reader.reads > 400
    assert counts() == {key_id(new): 801}
    for account in Account.select():
        n = int(account.open_id.removeprefix("creator-"))
        assert account.access_token == (f"act.new.{n}" if n % 2 else f"act.{n}")


def test_a_writer_in_between_is_never_overwritten(
    old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a token that changes after the rotation has read it
    fill(1)
    crypto.configure(f"{new},{old}")
    encrypt = crypto.Keyring.encrypt

    def change_first(ring: crypto.Keyring, plain: str) -> str:
        monkeypatch.setattr(crypto.Keyring, "encrypt", encrypt)
        Account.update(access_token="act.changed").execute()
        return encrypt(ring, plain)

    monkeypatch.setattr(crypto.Keyring, "encrypt", change_first)

    key_rotation.rotate()

    assert Account.get().access_token == "act.changed"


def test_a_damaged_value_is_named_and_stops_no_other(old: str, new: str) -> None:
    fill(3)
    damaged = Account.select(Account.id).order_by(Account.id).first()
    db.database.execute_sql(
        "UPDATE account SET access_token = left(access_token, -9) WHERE id = %s", (damaged.id,)
    )
    crypto.configure(f"{new},{old}")
    rotation = key_rotation.rotate(batch=1)
    assert rotation.rewritten == 6
    assert rotation.unreadable == {("account.access_token", damaged.id)}
    assert counts() == {key_id(new): 6, key_id(old): 1}
