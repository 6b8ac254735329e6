"""Guesses are throttled by name and by address; the person's own browser stays out of it."""

from __future__ import annotations

import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

import pytest

from admin.auth import create_user, passwords, throttle
from admin.auth.throttle import ADDRESS, NAME
from core import db
from models import AuditEntry, SignInTries, now
from tests.admin.conftest import PASSWORD, Browser

if TYPE_CHECKING:
    from flask import Flask

GUESSES = 200
AT_ONCE = 12

pytestmark = pytest.mark.slow


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password of a stranger that was really compared with a hash."""
    compared: list[str] = []
    of_stranger = passwords.is_password_of_stranger

    def watched(hashed: str | None, password: str) -> bool:
        compared.append(password)
        return of_stranger(hashed, password)

    monkeypatch.setattr(passwords, "is_password_of_stranger", watched)
    monkeypatch.setattr(passwords, "_places", BoundedSemaphore(GUESSES))
    return compared


def guess(app: Flask, names: list[str], addresses: list[str]) -> list[int]:
    """The answers to guesses of each name from each address, all at once."""
    app.config["WTF_CSRF_ENABLED"] = False

    def one(asked: tuple[str, str]) -> int:
        name, address = asked
        form = {"name": name, "password": "not the password"}
        origin = {"REMOTE_ADDR": address}
        answer = app.test_client().post("/sign-in", data=form, environ_overrides=origin)
        return answer.status_code

    with db.closed_for_long_work(), ThreadPoolExecutor(AT_ONCE) as crowd:
        answers = list(crowd.map(one, zip(names, addresses, strict=True)))
    app.config["WTF_CSRF_ENABLED"] = True
    return answers


def test_guesses_of_one_name_from_many_addresses_are_throttled_and_the_owner_comes_in(
    app: Flask, owner: Browser, checked: list[str]
) -> None:
    # Given an owner who has signed in before, and signed out
    owner.post("/sign-out")
    addresses = [f"198.51.{n // 250}.{n % 250}" for n in range(GUESSES)]

    # When 200 strangers guess at once
    answers = guess(app, ["olga"] * GUESSES, addresses)

    # Then exactly the free tries and the one that blocks were compared, the others told to wait
    assert len(checked) == NAME.free + 1
    assert answers.count(401) == NAME.free + 1
    assert answers.count(429) == GUESSES - NAME.free - 1
    # And strangers stay out, even with the right password
    assert Browser(app).sign_in("olga").status_code == 429
    # And the owner signs in from the browser that has done so before
    assert owner.sign_in("olga").status_code == 303
    # And the audit log has each guess that was checked
    failed = AuditEntry.select().where(AuditEntry.action == "user.sign_in_failed")
    assert [entry.actor for entry in failed] == ["olga"] * (NAME.free + 1)
    assert sum("more tries have to wait" in entry.reason for entry in failed) == 1


def test_guesses_of_many_names_from_one_address_are_throttled(
    app: Flask, checked: list[str]
) -> None:
    # Given 200 names, of which one exists
    create_user("olga", PASSWORD, "owner")
    names = ["olga", *(f"name{n}" for n in range(GUESSES - 1))]

    # When one address guesses each
    answers = guess(app, names, ["198.51.100.7"] * GUESSES)

    # Then only its free tries and the one that blocks were compared
    assert len(checked) == ADDRESS.free + 1
    assert (answers.count(401), answers.count(429)) == (ADDRESS.free + 1, 179)
    # And a blocked address can't block names
    assert SignInTries.select().count() == 1 + ADDRESS.free + 1
    # And somebody elsewhere can sign in
    elsewhere = Browser(app)
    elsewhere.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert elsewhere.sign_in("olga").status_code == 303


def test_the_known_browser_has_its_own_limit(app: Flask, owner: Browser) -> None:
    owner.post("/sign-out")

    answers = [owner.sign_in("olga", "not it").status_code for _ in range(NAME.free + 2)]

    assert answers == [401] * (NAME.free + 1) + [429]
    # and it says when to try again
    assert 0 < int(owner.sign_in("olga").headers["Retry-After"]) <= NAME.first_seconds
    # and another browser is not concerned
    assert Browser(app).sign_in("olga").status_code == 303


def test_a_forged_browser_cookie_counts_as_a_stranger(app: Flask, checked: list[str]) -> None:
    create_user("olga", PASSWORD, "owner")
    forger = Browser(app)
    forger.client.set_cookie("storymill-device", "WyJhIixbIngiXV0.aaaa.bbbb")

    forger.sign_in("olga", "not it")

    assert checked == ["not it"]


def test_each_block_is_twice_as_long_as_the_one_before(stranger: Browser) -> None:
    create_user("olga", PASSWORD, "owner")
    blocks = []
    for _ in range(NAME.free + 3):
        # Given that any block has expired, and the address is not what is counted here
        SignInTries.update(blocked_until=None).execute()
        # When the password is wrong again
        stranger.sign_in("olga", "not the password")
        until = SignInTries.select().order_by(SignInTries.blocked_until.desc(nulls="LAST")).get()
        until = until.blocked_until
        blocks.append((until - now()).total_seconds() if until else 0)

    assert blocks[: NAME.free] == [0] * NAME.free
    assert blocks[NAME.free :] == pytest.approx([15, 30, 60], abs=3)
    # And afterwards the right password works, and the count starts again
    SignInTries.update(blocked_until=now() - timedelta(seconds=1)).execute()
    assert stranger.sign_in("olga").status_code == 303
    assert SignInTries.select().where(SignInTries.tries == 0).count() <= 1


@pytest.mark.usefixtures("real_hashes")
def test_names_can_not_be_found_out_by_answer_or_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a known name and an unknown one, and no limit
    create_user("olga", PASSWORD, "owner")
    monkeypatch.setattr(throttle, "take", lambda *_: False)
    browser = Browser(app)
    pages: dict[str, set[str]] = {"olga": set(), "otto": set()}
    spent: dict[str, list[float]] = {"olga": [], "otto": []}
    app.config["WTF_CSRF_ENABLED"] = False

    # When both are tried again and again, in turn
    with db.closed_for_long_work():
        for _ in range(40):
            for name, times in spent.items():
                before = time.perf_counter()
                form = {"name": name, "password": "not it"}
                answer = browser.client.post("/sign-in", data=form)
                times.append(time.perf_counter() - before)
                pages[name].add(f"{answer.status_code} {steady(answer.text, name)}")

    # Then both get the same page, in the same time
    assert pages["olga"] == pages["otto"]
    known, unknown = (statistics.quantiles(spent[name], n=4)[0] for name in ("olga", "otto"))
    ratio = known / unknown
    assert 0.8 < ratio < 1.25


def steady(page: str, name: str) -> str:
    lines = (line for line in page.splitlines() if "csrf_token" not in line)
    return re.sub('nonce="[^"]*"', "", "\n".join(lines)).replace(name, "NAME")


def test_a_crowd_of_guesses_leaves_threads_for_pages(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given that comparing a password takes until everybody else has an answer
    create_user("olga", PASSWORD, "owner")
    inside: list[int] = []
    turned_away: list[int] = []

    class Places(BoundedSemaphore):
        def acquire(self, *arguments: Any, **options: Any) -> bool:
            taken = super().acquire(*arguments, **options)
            if not taken:
                turned_away.append(1)
            return taken

    def slow(*_: Any) -> bool:
        inside.append(1)
        until = time.monotonic() + 30
        while len(turned_away) < AT_ONCE - passwords.MOST_WAITING and time.monotonic() < until:
            time.sleep(0.01)
        return False

    monkeypatch.setattr(passwords, "_places", Places(passwords.MOST_WAITING))
    monkeypatch.setattr(passwords, "is_password", slow)

    # When more people sign in at once than may wait
    names = [f"name{n}" for n in range(AT_ONCE)]
    addresses = [f"198.51.100.{n}" for n in range(AT_ONCE)]
    answers = guess(app, names, addresses)

    # Then only so many threads wait, and the others are told at once to come again
    assert answers.count(401) == len(inside) == passwords.MOST_WAITING
    assert answers.count(503) == AT_ONCE - passwords.MOST_WAITING


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_an_ipv6_customer_is_one_address(address: str, counted: str) -> None:
    assert throttle.network(address) == counted
