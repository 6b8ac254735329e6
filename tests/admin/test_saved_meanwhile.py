"""Two people edit the same thing: the second one is told, and nobody's text is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from admin.failures import repair
from admin.http.form_markup import _Reader
from models import (
    Account,
    AuditEntry,
    Channel,
    DeadLetter,
    Part,
    Post,
    Role,
    Source,
    Story,
    StoryState,
    User,
)
from pipelines.production import part_text
from pipelines.publishing.accounts import account_times, session_settings
from pipelines.publishing.accounts.browser_session import BrowserSession
from pipelines.publishing.posts.post_settings import set_title
from pipelines.stories import review
from tests.admin import records
from tests.admin.conftest import signed_in
from tests.admin.test_failures import a_stopped_post

if TYPE_CHECKING:
    from flask import Flask

    from core.settings import Settings
    from tests.admin.conftest import Browser


OTHERS = {
    "at": "09:00",
    "count": "8",
    "email": "w@example.org",
    "role": "owner",
    "username": "tales",
}
COOKIES = """[{"name": "sessionid", "value": "s", "domain": ".tiktok.com", "path": "/"}]"""


def form_at(browser: Browser, page: str, action: str) -> dict[str, Any]:
    """The fields of a form as a browser would send them, unchanged."""
    forms = _Reader(browser.get(page).text).forms
    form = next(one for one in forms if (one.action or page) == action)
    sent: dict[str, Any] = {}
    for control in form.controls:
        ticked = not control.clicked or "checked" in control.attributes
        if control.name and control.name != "csrf_token" and ticked:
            sent.setdefault(control.name, []).append(control.value)
    return sent


def test_the_second_save_is_told_and_shown_both_texts(
    owner: Browser, editor: Browser, settings: Settings
) -> None:
    # Given two people who have the same form open
    story = records.story("The lamp", StoryState.WAITING)
    account = records.account()
    post = records.post(records.video(settings.media_dir), account)
    source, channel = records.source("Tales"), Channel.create(name="Evening")
    forms: tuple[tuple[str, str, str, str, str, Any], ...] = (
        (f"/stories/{story.id}/edit", "", "title", "Ada's", "Emil's", Story.narratable_title),
        (f"/posts/{post.id}", f"/posts/{post.id}/title", "title", "Ada's", "Emil's", Post.title),
        (f"/sources/{source.id}/edit", "", "name", "Ada's", "Emil's", Source.name),
        (f"/channels/{channel.id}/edit", "", "name", "Ada's", "Emil's", Channel.name),
        (
            f"/accounts/{account.id}",
            f"/accounts/{account.id}/times",
            "gap_minutes",
            "11",
            "12",
            Account.gap_minutes,
        ),
    )
    for page, path, field, first, second, column in forms:
        action = path or page
        ones, others = form_at(owner, page, action), form_at(editor, page, action)
        assert ones["seen"] == others["seen"]

        # When both save, one after the other
        saved = owner.post(action, referrer=page, **{**ones, field: first})
        assert saved.status_code == 303, (action, saved.text)
        told = editor.post(action, referrer=page, **{**others, field: second})

        # Then the second is told who was first, sees both values, and nothing was replaced
        assert told.status_code == 422, action
        assert "olga saved this while you were editing" in told.text
        row = column.model.id == int(page.split("/")[2])
        kept = column.model.select(column).where(row).scalar()
        assert str(kept) == first, action
        note = re.search(rf'id="meanwhile-{field}">(.*?)</span></span>', told.text, re.DOTALL)
        assert note is not None, action
        assert first.replace("'", "&#x27;") in note[1]
        form = next(one for one in _Reader(told.text).forms if "data-refused" in one.attributes)
        mine = {control.name: control.value for control in form.controls}
        assert mine[field] == second

        # And saving again keeps the second one's
        again = editor.post(
            action, referrer=page, **{**others, field: second, "seen": mine["seen"]}
        )
        assert again.status_code == 303, (action, again.text)
        assert str(column.model.select(column).where(row).scalar()) == second


def test_limits_users_and_slots_are_told_too(
    owner: Browser, settings: Settings, app: Flask
) -> None:
    # Given another owner who has the same forms open
    other = signed_in(app, "otto", "owner")
    account = records.account()
    vera = User.create(name="vera", password_hash="", role=Role.VIEWER)
    figures = {"seconds": "60"}
    forms: tuple[tuple[str, str, dict[str, str], str], ...] = (
        ("/limits/", "/limits/script_request/set", {"count": "7", **figures}, "count"),
        ("/users/", f"/users/{vera.id}/role", {"role": "editor"}, "role"),
        ("/users/", f"/users/{vera.id}/email", {"email": "v@example.org"}, "email"),
        (
            f"/accounts/{account.id}",
            f"/accounts/{account.id}/slots/add",
            {"at": "08:00", "weekday": "1"},
            "at",
        ),
        (
            f"/accounts/{account.id}",
            f"/accounts/{account.id}/browser",
            {"username": "vera", "cookies": COOKIES},
            "username",
        ),
    )
    for page, action, typed, field in forms:
        mine, theirs = form_at(owner, page, action), form_at(other, page, action)
        assert mine["seen"] == theirs["seen"], action

        # When both save, one after the other
        first = owner.post(action, referrer=page, **{**mine, **typed})
        assert first.status_code == 303, (action, first.text)
        changed = {**theirs, **typed, field: OTHERS[field]}
        told = other.post(action, referrer=page, **changed)

        # Then the second is told who was first, and saves again if that is still wanted
        assert told.status_code == 422, action
        assert "olga saved this while you were editing" in told.text, action
        assert other.post(action, referrer=page, **{**changed, "seen": ""}).status_code in {
            303,
            422,
        }


def test_who_removes_or_copies_a_time_slot_is_told_of_the_others_change(
    owner: Browser, editor: Browser
) -> None:
    # Given an account with slots, and an editor who has its page open
    account = records.account()
    account_times.add_slots(account.id, [1, 2], "18:30", "olga")
    page = f"/accounts/{account.id}"
    monday = account_times.weekly_slots(account.id)[1][0].id
    remove, copy = f"{page}/slots/{monday}/remove", f"{page}/slots/copy"
    cases = ((remove, "removed", "09:00"), (copy, "copied", "10:00"))
    for action, verb, at in cases:
        opened = form_at(editor, page, action)
        assert opened["seen"]

        # When somebody else adds one, and then the editor removes or copies
        add = form_at(owner, page, f"{page}/slots/add") | {"at": at, "weekday": "3"}
        assert owner.post(f"{page}/slots/add", referrer=page, **add).status_code == 303
        told = editor.after(editor.post(action, referrer=page, **opened))

        # Then the editor is told who it was, sees the slots as they are, and nothing has changed
        assert "olga changed these time slots after you opened this page" in told
        assert f"so nothing was {verb}" in told
        assert f'aria-label="Remove {at} on Wednesday"' in told
        assert 'aria-label="Remove 18:30 on Monday"' in told
        slots = AuditEntry.select().where(AuditEntry.action.in_(account_times.SLOT_ACTIONS))
        assert not slots.where(AuditEntry.actor == "emil").exists()

    # And from the page as it is now, the slot is removed
    removed = editor.post(remove, referrer=page, **form_at(editor, page, remove))
    assert removed.location == f"{page}#times"
    after = editor.after(removed)
    assert "Time slot removed." in after
    assert [slot.at for slot in account_times.weekly_slots(account.id)[1]] == []

    # When the one is undone, then all slots are as before
    undo = re.search(r'action="(/undo/[^"]+)"', after)
    assert undo is not None
    assert "Undone" in editor.after(editor.post(undo[1], referrer=page))
    days = account_times.weekly_slots(account.id)
    assert [slot.at for day in (1, 2, 3) for slot in days[day]] == [
        "18:30",
        "18:30",
        "09:00",
        "10:00",
    ]


def test_who_repairs_a_failure_is_told_too(editor: Browser) -> None:
    # Given failures of a post, a story and a part, each of them on a screen
    post = a_stopped_post(records.account())
    story = records.story("The lamp", StoryState.WAITING)
    part = records.part(records.story(state=StoryState.SCRIPTED))
    records.failure("page", story.id)
    records.failure("render", part.id)
    about_post, about_story, about_part = DeadLetter.select().order_by(DeadLetter.id)
    words = part_text.PartWords("By Olga.", part.text, part.call_to_action)
    cases: tuple[tuple[DeadLetter, str, Any, Callable[[], object]], ...] = (
        (about_post, "title", Post.title, lambda: set_title(post.id, "By Olga.", "olga")),
        (
            about_story,
            "title",
            Story.narratable_title,
            lambda: review.edit(story.id, "olga", "By Olga.", story.narratable_text),
        ),
        (about_part, "hook", Part.hook, lambda: part_text.edit(part.id, "olga", words)),
        (
            about_part,
            "voice",
            Story.voice,
            lambda: part_text.set_voice(part.script.story.id, "olga", "espeak:de"),
        ),
    )
    for letter, field, column, save in cases:
        page, action = f"/failures/{letter.id}", f"/failures/{letter.id}/edit"
        mine = form_at(editor, page, action) | ({} if field == "voice" else {field: "By Emil."})

        # When somebody else changes what is shown there before it is sent
        save()
        told = editor.post(action, referrer=page, **mine)

        # Then the second is told who was first, and nothing is replaced or retried
        assert told.status_code == 422, (letter.stage, told.text)
        assert "olga saved this while you were editing" in told.text, letter.stage
        assert column.model.select().where(column.in_(["By Olga.", "espeak:de"])).exists()
        assert DeadLetter.get_by_id(letter.id).resolved_at is None

        # And saving again keeps the second one's
        form = next(one for one in _Reader(told.text).forms if "data-refused" in one.attributes)
        seen = next(control.value for control in form.controls if control.name == "seen")
        if letter == about_part and field == "hook":
            continue  # its voice follows
        sent = editor.post(action, referrer=page, **{**mine, "seen": seen})
        assert sent.status_code == 303, sent.text
        assert not column.model.select().where(column.in_(["By Olga.", "espeak:de"])).exists()


def test_who_repairs_a_failure_is_told_of_a_save_while_the_form_was_made(
    editor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a post that somebody saves just after the form has read it
    post = a_stopped_post(records.account())
    letter, read = DeadLetter.get(), repair.FORMS["Post"]

    def read_and_save(post_id: int) -> repair.Repair | None:
        shown = read(post_id)
        set_title(post.id, "By Olga.", "olga")
        return shown

    page, action = f"/failures/{letter.id}", f"/failures/{letter.id}/edit"
    with monkeypatch.context() as meanwhile:
        meanwhile.setitem(repair.FORMS, "Post", read_and_save)
        mine = form_at(editor, page, action)
    assert mine["title"] == [post.title]

    # When the form is sent, then its sender is told, and nothing is replaced
    told = editor.post(action, referrer=page, **mine)
    assert "olga saved this while you were editing" in told.text
    assert Post.get().title == "By Olga."


def test_an_upload_meanwhile_is_no_other_version_of_the_cookies(owner: Browser) -> None:
    # Given an owner at the form for cookies
    account = records.account(username="tales", browser_session="[]")
    page, action = f"/accounts/{account.id}", f"/accounts/{account.id}/browser"
    form = form_at(owner, page, action) | {"username": "tales", "cookies": COOKIES}
    # When an upload stores the cookies as they are after it, then the owner's are saved
    assert BrowserSession.of(account.id).store("[1]")
    assert owner.post(action, referrer=page, **form).status_code == 303
    assert "sessionid" in BrowserSession.of(account.id).cookies
    # When somebody deletes them, then a form from before is told
    form["seen"] = form_at(owner, page, action)["seen"]
    session_settings.forget_browser_session(account.id, "ada")
    told = owner.post(action, referrer=page, **form)
    assert "ada saved this while you were editing" in told.text
