"""Users and the audit log by command, for when the pages can't be reached."""

from __future__ import annotations

import os
import subprocess
import sys
from getpass import getuser

import pytest

from admin.auth import create_user, sessions, throttle
from core import crypto, db
from models import AuditEntry, SignInSession, User
from pipelines.people import audit_chain
from tests.admin import records
from tests.scripts.terminal import ROOT, fresh, manage

pytestmark = pytest.mark.slow

PASSWORD = "correct horse battery"
NEW = "lantern gravel otter"


@pytest.fixture
def olga(settings: dict[str, str]) -> User:
    crypto.configure(settings["CRYPTOGRAPHY_KEY"])
    user = create_user("olga", PASSWORD, "owner", email="olga@example.com")
    create_user("otto", PASSWORD, "owner")
    return user


def newest() -> tuple[str, str]:
    entry = AuditEntry.select().order_by(AuditEntry.id.desc()).get()
    return entry.actor, entry.action


def test_users_are_listed_changed_deactivated_and_reactivated(
    settings: dict[str, str], olga: User
) -> None:
    sessions.start(olga, "198.51.100.7", "")
    listed = manage("users", "list", **settings)
    assert "olga@example.com" in listed.stdout, listed.stderr
    assert PASSWORD not in listed.stdout

    assert manage("users", "role", "olga", "editor", **settings).returncode == 0
    assert (User.get_by_id(olga.id).role, newest()) == ("editor", (getuser(), "user.set_role"))
    assert manage("users", "deactivate", "olga", **settings).returncode == 0
    assert not User.get_by_id(olga.id).active
    assert not SignInSession.select().exists()
    assert manage("users", "reactivate", "olga", **settings).returncode == 0
    assert User.get_by_id(olga.id).active

    # and the last owner stays one
    last = manage("users", "deactivate", "otto", **settings)
    assert (last.returncode, "only owner" in last.stderr) == (2, True)
    assert (manage("users", "deactivate", "nobody", **settings).returncode) == 2


def test_a_password_is_reset_from_the_input_and_never_from_the_command_line(
    settings: dict[str, str], olga: User
) -> None:
    for _ in range(6):
        try:
            throttle.take(throttle.NAME, "password", "olga")
        except throttle.ThrottledError:
            break

    refused = fresh("users", "reset", "olga", typed="password1234\n", **settings)
    assert (refused.returncode, "common" in refused.stderr) == (2, True)
    done = fresh("users", "reset", "olga", typed=f"{NEW}\n", **settings)

    assert done.returncode == 0, done.stderr
    assert NEW not in done.stdout + done.stderr
    assert newest() == (getuser(), "user.reset_password")
    assert throttle.take(throttle.NAME, "password", "olga") is False  # no longer blocked
    assert fresh("users", "reset", "olga", **settings).returncode == 2
    given = manage("users", "add", "ada", "--password", NEW, **settings)
    assert "No such option" in given.stderr


def test_a_link_is_printed_for_the_person(settings: dict[str, str], olga: User) -> None:
    link = manage("users", "reset", "olga", "--link", **settings).stdout

    assert link.startswith("http://127.0.0.1:8080/new-password/")
    assert newest() == (getuser(), "user.give_link")


def test_other_commands_are_recorded_too(settings: dict[str, str]) -> None:
    failure = records.failure("prepare", records.story().id)

    manage("failures", "discard", str(failure.id), **settings)

    assert newest() == (getuser(), "failure.discard")


def test_an_altered_audit_log_is_found(settings: dict[str, str], olga: User) -> None:
    for number in range(3):
        AuditEntry.create(actor="olga", action="story.approve", subject=f"story {number}")
    audit_chain.seal()
    good = manage("audit", "verify", **settings)
    assert (good.returncode, "Sealed entries checked: 3." in good.stdout) == (0, True), good.stderr
    noted = good.stdout.split("Last seal: ")[1].split()[0]
    assert manage("audit", "verify", "--expect", noted, **settings).returncode == 0

    db.database.execute_sql("UPDATE audit_entry SET actor = 'otto' WHERE subject = 'story 1'")

    altered = manage("audit", "verify", **settings)
    assert altered.returncode == 1
    assert "was changed" in altered.stderr
    assert "story 2" in manage("audit", "list", **settings).stdout


def test_a_typed_password_is_not_shown(settings: dict[str, str], olga: User) -> None:
    # Given a terminal, instead of a pipe
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "scripts.management", "users", "reset", "olga"]
    environment = os.environ | settings
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        shown = b""
        for _ in range(2):
            while b"assword" not in shown[-40:] and b"onfirm" not in shown[-40:]:
                shown += os.read(ours, 1000)
            os.write(ours, f"{NEW}\n".encode())
            shown += b" " * 40
        process.wait(60)
        shown += os.read(ours, 10_000)
    os.close(theirs)
    os.close(ours)

    assert process.returncode == 0, shown
    assert NEW.encode() not in shown
