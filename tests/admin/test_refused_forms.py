"""A refused save comes back with what was typed, and with the fault beside its field."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from admin.http.form_markup import SECRET, Form, _Reader
from models import Channel, Role, Slot, StoryState, User
from tests.admin import records
from tests.admin.test_access import rules

if TYPE_CHECKING:
    from flask import Flask

    from core.settings import Settings
    from tests.admin.conftest import Browser

pytestmark = pytest.mark.slow

NO_PAGES = {"/channels/music", "/channels/preview", "/accounts/callback"}


@pytest.fixture
def rows(settings: Settings, record: None) -> None:
    """A row of each kind with id 1; post 2 needs attention, post 3 a person's hands."""
    account = records.account()
    post = records.post(records.video(settings.media_dir), account)
    for number, state in ((2, "parked"), (3, "manual")):
        shown = records.video(settings.media_dir, records.part(records.story(f"No. {number}")))
        records.post(shown, account, state=state, reason="gate: a doubtful word")
    records.failure("publish", post.id)
    Channel.create(name="Evening")
    Slot.create(account=account, weekday=1, at="08:00")
    records.story("The flagged one", StoryState.FLAGGED, reason="Too much blood.")
    User.create(name="vera", password_hash="", role=Role.VIEWER)


def forms_of(browser: Browser, path: str) -> list[Form]:
    """The forms of a page that somebody types into."""
    answer = browser.get(path)
    if answer.status_code != 200 or answer.mimetype != "text/html":
        return []
    typed = {"", "text", "search", "url", "email", "number", "date", "time", "color"}
    return [
        form
        for form in _Reader(answer.text).forms
        if any(one.typed and one.name and one.kind in typed for one in form.controls)
    ]


def typed_into(form: Form) -> dict[str, list[str]]:
    """Something else in each field than the page had."""
    sent: dict[str, list[str]] = {}
    for number, control in enumerate(form.controls):
        values = sent.setdefault(control.name, [])
        if control.kind == "hidden" or control.clicked:
            values.append(control.value)
        elif control.element == "select":
            values.append(control.options[-1].value)
        elif control.kind not in SECRET:
            values.append(f"typed {number} <é> & “so”")
    return {name: some for name, some in sent.items() if name and some and name != "csrf_token"}


def shown_in(form: Form) -> dict[str, list[str]]:
    shown: dict[str, list[str]] = {}
    for control in form.controls:
        if control.clicked and "checked" not in control.attributes:
            continue
        if control.kind not in SECRET and control.name:
            shown.setdefault(control.name, []).append(control.value)
    return shown


def test_each_form_of_each_page_keeps_what_was_typed(
    app: Flask, rows: None, owner: Browser
) -> None:
    # Given every form of every page
    pages = {path for _, path in rules(app, "GET")} - NO_PAGES | {
        "/posts/2",
        "/manual/3",
        "/posts/3",
    }
    walked: Counter[str] = Counter()
    for page in sorted(pages):
        for form in forms_of(owner, page):
            action = form.action or page
            if walked[action]:
                continue
            walked[action] += 1

            # When it is sent with something in each field, and one of them can't be used
            sent = typed_into(form)
            if not any("typed" in value for some in sent.values() for value in some):
                continue  # passwords only
            bad = next(name for name in sent if any("typed" in value for value in sent[name]))
            wrong: dict[str, Any] = {**sent, bad: [f"{value}\x07" for value in sent[bad]]}
            answer = owner.post(action, referrer=page, **wrong)

            # Then the same form is there again, with all of it
            assert answer.status_code in {400, 422}, (page, action, answer.text[:500])
            again = [one for one in _Reader(answer.text).forms if "data-refused" in one.attributes]
            assert [one.action for one in again] == [action]
            shown = shown_in(again[0])
            for name, values in sent.items():
                back = [""] if name == "cookies" else values  # a secret
                assert shown.get(name) == back, (page, action, name)
            # and the fault is beside the field
            if action not in {"/sources/new", "/channels/new"}:
                assert f'id="fault-{bad}"' in answer.text, (page, action, bad)
    print("\n".join(sorted(walked)))  # noqa: T201  # the list of forms
    assert len(walked) > 25


REFUSED: tuple[tuple[str, str, dict[str, str], str], ...] = (
    ("/users/", "/users/new", {"name": "new", "email": "no address", "role": "editor"}, "email"),
    ("/users/", "/users/2/email", {"email": "no address"}, "email"),
    ("/me/", "/me/timezone", {"timezone": "Berlinn"}, "timezone"),
    ("/me/", "/me/email", {"email": "a b"}, "email"),
    ("/limits/", "/limits/script_request/set", {"count": "-5", "seconds": "12"}, "count"),
    ("/stories/paste", "/stories/paste", {"title": "T", "text": "", "url": ""}, "text"),
    ("/stories/paste", "/stories/paste", {"title": "T", "text": "x", "url": "ftp:"}, "url"),
    ("/stories/paste", "/stories/link", {"link": "no link"}, "link"),
    ("/stories/4/edit", "/stories/4/edit", {"title": "T", "text": "…", "language": ""}, "text"),
    (
        "/stories/4/edit",
        "/stories/4/edit",
        {"title": "T", "text": "x", "language": "1"},
        "language",
    ),
    ("/stories/", "/stories/4/approve", {"reason": " "}, "reason"),
    ("/stories/4", "/stories/4/reject", {"reason": " "}, "reason"),
    ("/videos/1", "/videos/1/reject", {"reason": " "}, "reason"),
    ("/posts/1", "/posts/1/title", {"title": "x" * 3000}, "title"),
    ("/calendar/1/time", "/calendar/1/time", {"date": "soon", "time": "10:00"}, "date"),
    ("/manual/3", "/manual/3/posted", {"where": "not a link"}, "where"),
    (
        "/accounts/1",
        "/accounts/1/times",
        {"timezone": "UTC", "posts_a_day": "999", "gap_minutes": "7"},
        "posts_a_day",
    ),
    ("/accounts/1", "/accounts/1/slots/add", {"at": "25:00", "weekday": "3"}, "at"),
    ("/accounts/1", "/accounts/1/browser", {"username": "a b", "cookies": "x"}, "username"),
    ("/channels/1/edit", "/channels/1/edit", {"name": " ", "style": "karaoke"}, "name"),
)
"""The page, where its form is sent, what is typed, and the field at fault."""


def test_a_fault_is_beside_its_field(rows: None, owner: Browser) -> None:
    for page, action, typed, field in REFUSED:
        answer = owner.post(action, referrer=page, **typed)

        assert answer.status_code == 422, (action, answer.status_code)
        again = [one for one in _Reader(answer.text).forms if "data-refused" in one.attributes]
        assert [one.action for one in again] == [action]
        shown = shown_in(again[0])
        for name, value in typed.items():
            assert name == "cookies" or shown[name] == [value], (action, name)
        assert f'id="fault-{field}"' in answer.text, (action, field)


def test_where_the_page_is_unknown_all_that_was_typed_is_on_a_plain_page(
    rows: None, owner: Browser
) -> None:
    answer = owner.post("/stories/4/reject", reason=" ", title="kept <é>")
    assert answer.status_code == 422
    assert "kept &lt;é&gt;" in answer.text
    assert 'action="/stories/4/reject"' in answer.text


def test_a_stale_form_of_another_site_is_not_shown_again(rows: None, owner: Browser) -> None:
    sent = {"title": "planted", "text": "x"}
    for headers, kept in (
        ({"Referer": "http://evil.example/"}, False),
        ({"Referer": "http://localhost/stories/paste"}, True),
    ):
        answer = owner._ask("POST", "/stories/paste", data=sent, headers=headers)  # noqa: SLF001
        assert answer.status_code == 400
        assert ("planted" in answer.text) is kept
