"""Wrong values in addresses, filters and forms are answered by a sentence, never by an error 500.

Every route is walked with every field that it reads. Which fields these are is seen while it runs.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from flask import request
from structlog.testing import capture_logs

from admin.http.inputs import Fields
from models import Channel, StoryState
from tests.admin import records
from tests.admin.conftest import PASSWORD, Browser, signed_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from werkzeug.routing import Rule

    from core.settings import Settings

pytestmark = pytest.mark.slow

NASTY = {
    "NUL": "a\x00b",
    "control characters": "\x01\x1b[2J\x7f",
    "an id that nothing has": "404404",
    "a number beyond an integer": "2147483648",
    "a number beyond every integer": "9" * 30,
    "not a number": "nan",
    "digits of another script": "\u0663",  # on purpose
    "a digit that is no number": "²",
    "no known value": "no-such-value",
    "very long": "x" * 20_000,
    "nothing": "",
    "the last date": "9999-12-31",
    "no time": "24:61",
    "letters outside the plane": "\U0001f47b\u202e\ufffe",
}
GOOD = {
    "title": "The second ladder",
    "text": "It came back green. Nobody knows why it did, and nobody asked.",
    "name": "evening",
    "kind": "feed",
    "place": "eveningtales",
    "role": "viewer",
    "decision": "requeue",
    "id": "1",
    "reason": "Told before",
    "date": "2027-03-01",
    "time": "18:30",
    "at": "18:30",
    "weekday": "1",
    "count": "3",
    "seconds": "60",
    "timezone": "Europe/Berlin",
    "posts_a_day": "3",
    "gap_minutes": "30",
    "days": "30",
}
"""Values with which a form comes as far as its other fields."""
WORST = ("NUL", "a number beyond every integer")
"""Every field is asked with these, and with the next of the others in turn."""
IN_TURN = 1
NEVER_WALKED = {"auth.sign_out", "webhook_receiver.tiktok"}
"""The first ends the session, the second has no fields, and its own tests."""


@pytest.fixture
def noticed(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """The fields that each endpoint reads, filled in while it runs."""
    names: dict[str, set[str]] = defaultdict(set)

    def watched(method: Any) -> Any:
        def watch(self: Any, key: str, *arguments: Any, **options: Any) -> Any:
            if key != "csrf_token":
                names[request.endpoint or ""].add(key)
            return method(self, key, *arguments, **options)

        return watch

    for method in ("get", "getlist", "__getitem__", "__contains__"):
        monkeypatch.setattr(Fields, method, watched(getattr(Fields, method)))
    return names


@pytest.fixture
def rows(settings: Settings, record: None) -> None:
    """A row of each kind with id 1."""
    post = records.post(records.video(settings.media_dir), records.account())
    records.failure("publish", post.id)
    Channel.create(name="Evening")
    records.story("The flagged one", StoryState.FLAGGED, reason="Too much blood.")


@pytest.mark.parametrize("role", ["stranger", "viewer", "owner"])
def test_no_input_of_any_route_ends_in_an_error(
    app: Flask, rows: None, noticed: dict[str, set[str]], role: str
) -> None:
    # Given a stranger, a viewer or an owner, and every route with the fields that it reads
    browser = Browser(app) if role == "stranger" else signed_in(app, "somebody", role)
    app.config["WTF_CSRF_ENABLED"] = False  # that a form needs its token has its own test
    app.config["PROPAGATE_EXCEPTIONS"] = False
    in_turn = cycle(value for name, value in NASTY.items() if name not in WORST)
    routes = [rule for rule in app.url_map.iter_rules() if rule.endpoint not in NEVER_WALKED]

    # When each is asked with every nasty value in its path, and with some in each of its fields
    broken = []
    with capture_logs() as logs:
        for rule in routes:
            for asked in walk(app, rule, noticed, in_turn):
                answer = send(browser, *asked)
                if answer >= 500:
                    log: Any = next((entry for entry in reversed(logs) if "exc_info" in entry), {})
                    broken.append((asked, answer, repr(log.get("exc_info"))[:200]))

    # Then no answer is an error 500
    assert not broken, f"{len(broken)} answers, such as {summary(broken)}"
    # And the walk has really found the fields
    if role == "owner":
        assert {"before", "state", "stage"} <= noticed["jobs.index"]
        assert {"count", "seconds"} <= noticed["limits.set"]


def walk(
    app: Flask, rule: Rule, noticed: dict[str, set[str]], in_turn: Iterator[str]
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Method, path and fields of every request to one route."""

    def values() -> list[str]:
        return [*(NASTY[name] for name in WORST), *islice(in_turn, IN_TURN)]

    methods = sorted({"GET", "POST"} & (rule.methods or set()))
    for method in methods:
        yield method, path(app, rule), {}
        if rule.arguments:
            yield from ((method, filled(rule, value), {}) for value in NASTY.values())
        done: set[str] = set()
        while new := noticed[rule.endpoint] - done:
            for name in sorted(new):
                for value in values():
                    others = {n: GOOD[n] for n in noticed[rule.endpoint] if n in GOOD}
                    yield method, path(app, rule), {**others, name: value}
            done |= new
        yield method, path(app, rule), {"a\x00b": "1"}


def path(app: Flask, rule: Rule) -> str:
    values = {name: "srt" if name == "form" else 1 for name in rule.arguments}
    return str(app.url_map.bind("").build(rule.endpoint, values, force_external=False))


def filled(rule: Rule, value: str) -> str:
    """The route's address with ``value`` for each of its arguments."""
    address = "".join(
        quote(value, safe="") if is_argument else part
        for is_argument, part in rule._trace  # noqa: SLF001  # Werkzeug has no other name for it
        if part != "|"
    )
    return f"/{address.lstrip('/')}"


def send(browser: Browser, method: str, address: str, fields: dict[str, str]) -> int:
    key = "query_string" if method == "GET" else "data"
    answer = browser._ask(method, address, **{key: fields})  # noqa: SLF001  # the tests' own browser
    if answer.status_code == 303:
        with browser.client.session_transaction() as kept:
            kept.pop("_flashes", None)  # they would outgrow the cookie
    return int(answer.status_code)


def summary(broken: list[Any]) -> str:
    return "\n".join(
        f"{method} {address[:60]} {str(fields)[:90]} {status} {error}"
        for (method, address, fields), status, error in broken
    )


@pytest.mark.parametrize("role", ["stranger", "viewer"])
@pytest.mark.parametrize(
    "name", ["missing.css", "a%00b", "..%2f..%2fpyproject.toml", "x" * 5000, "%2e%2e/app.py"]
)
def test_a_static_file_that_is_not_there_is_not_found(app: Flask, role: str, name: str) -> None:
    browser = Browser(app) if role == "stranger" else signed_in(app, "vera", role)

    for folder in ("/static/", "/", "/admin/static/"):
        assert browser.get(f"{folder}{name}").status_code in {400, 404}
    assert PASSWORD not in browser.get(f"/static/{name}").text
