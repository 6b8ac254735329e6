"""Commands rotate keys and refresh tokens; a dry run changes nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from core import crypto, db
from core.crypto import key_id, new_key
from models import Account, AccountState, now
from pipelines import key_rotation
from pipelines.publishing.accounts import token_recovery
from sandbox.testing import RunningSandbox
from tests.scripts.terminal import ROOT, given

pytestmark = pytest.mark.slow

Environment = dict[str, str]


@pytest.fixture
def environment(record: None, database_url: str, redis_url: str, tmp_path: Path) -> Environment:
    key = new_key()
    crypto.configure(key)
    token_recovery.configure(tmp_path)
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CRYPTOGRAPHY_KEY": key,
        "SECRET_KEY": "a-long-enough-session-key",
        "MEDIA_DIR": str(tmp_path),
        "PATH": "/usr/bin:/bin",
        "COLUMNS": "200",
    }


def start(environment: Environment, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.management", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def manage(environment: Environment, *arguments: str) -> tuple[int, str, str]:
    ended = given(environment, *arguments)
    return ended.returncode, ended.stdout, ended.stderr


def fill(accounts: int) -> None:
    rows = [
        {"open_id": f"creator-{n}", "state": AccountState.CONNECTED, "access_token": f"act.{n}"}
        for n in range(accounts)
    ]
    Account.insert_many(rows).execute()


def test_a_missing_key_stops_every_start_with_a_message(environment: Environment) -> None:
    fill(2)
    lost = key_id(environment["CRYPTOGRAPHY_KEY"])
    environment["CRYPTOGRAPHY_KEY"] = new_key()
    web = "import admin.wsgi; admin.wsgi.application()"
    for command in (
        ["-m", "scripts.management", "check"],
        ["-m", "workers", "network"],
        ["-c", web],
    ):
        stopped = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert stopped.returncode in {2, 3}
        assert f"(2 in account.access_token) need the key with id {lost}" in stopped.stderr
        assert "Traceback" not in stopped.stderr


def test_a_killed_rotation_continues_where_it_stopped(environment: Environment) -> None:
    # Given 2,000 values under a key, and a newer key in front of it
    fill(2000)
    old, new = environment["CRYPTOGRAPHY_KEY"], new_key()
    environment["CRYPTOGRAPHY_KEY"] = f"{new},{old}"
    crypto.configure(environment["CRYPTOGRAPHY_KEY"])
    code, out, _ = manage(environment, "rotate-keys", "--dry-run")
    assert code == 0
    assert "Would re-encrypt 2000 values" in out
    assert key_rotation.under_other_keys() == 2000

    # When its rotation is killed in the middle, where a locked row stops it
    with db.transaction():
        Account.select().where(Account.open_id == "creator-1000").for_update().get()
        killed = start(environment, "rotate-keys", "--batch", "5")
        while key_rotation.under_other_keys() > 1500:
            assert killed.poll() is None
            time.sleep(0.005)
        killed.send_signal(signal.SIGKILL)
        killed.communicate(timeout=10)
    left = key_rotation.under_other_keys()
    assert 0 < left < 2000

    # Then the next does only the rest, and proves that the old key is unused
    code, out, _ = manage(environment, "rotate-keys")
    assert code == 0
    assert f"{left} values re-encrypted" in out
    assert f"Key {key_id(old)} is no longer used (0 values)" in out
    crypto.configure(new)
    tokens = Account.select(Account.access_token).order_by(Account.id)
    assert [account.access_token for account in tokens] == [f"act.{n}" for n in range(2000)]


def test_tokens_are_refreshed_by_command(environment: Environment, sandbox: RunningSandbox) -> None:
    # Given a good account, one whose grant was revoked, one that is not due
    environment |= {
        "TIKTOK_API_URL": sandbox.tiktok_url,
        "TIKTOK_CLIENT_KEY": sandbox.settings.tiktok_client_key,
        "TIKTOK_CLIENT_SECRET": sandbox.settings.tiktok_client_secret,
    }
    creators = ("storymill_tales", "midnight_pages", "quiet_confessions")
    good, gone, fresh = (
        Account.create(
            open_id=creator,
            name=creator,
            state=AccountState.CONNECTED,
            access_token="act.old",
            refresh_token=sandbox.grant(creator)["refresh_token"],
            access_expires_at=now() + timedelta(minutes=minutes),
        )
        for creator, minutes in zip(creators, (5, 6, 90), strict=True)
    )
    sandbox.fault("tiktok", "token", "invalid_grant", account="midnight_pages", times=None)

    # A dry run changes nothing
    before = list(Account.select().order_by(Account.id).dicts())
    asked = len(sandbox.log(call="token"))
    code, out, _ = manage(environment, "refresh-tokens", "--dry-run")
    assert (code, len(sandbox.log(call="token"))) == (0, asked)
    assert list(Account.select().order_by(Account.id).dicts()) == before
    assert "2 accounts are due; nothing was changed." in out

    # The command shows each outcome, and its exit code reflects the bad one
    code, out, _ = manage(environment, "refresh-tokens")
    assert code == 1
    assert "connect the account again" in out
    assert Account.get_by_id(good.id).access_token != "act.old"
    assert Account.get_by_id(gone.id).state == AccountState.EXPIRED
    assert Account.get_by_id(fresh.id).access_token == "act.old"

    # And one account can be refreshed, due or not
    code, out, _ = manage(environment, "refresh-tokens", "--account-id", str(fresh.id))
    assert (code, "1 refreshed" in out) == (0, True)
    assert manage(environment, "refresh-tokens", "--account-id", "999")[0] == 1
    assert manage(environment, "refresh-tokens", "--account-id", str(gone.id))[0] == 1
    db.release()
