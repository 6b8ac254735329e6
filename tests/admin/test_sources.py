from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from models import Channel, Job, Source, SourceAccount
from tests.admin import records

if TYPE_CHECKING:
    from tests.admin.conftest import Browser

FORM: dict[str, Any] = {
    "name": "Evening tales",
    "kind": "subreddit",
    "place": "/r/eveningtales/",
    "enabled": "y",
    "interval_minutes": "60",
    "listing": "top",
    "time_filter": "day",
    "count": "25",
    "answers": "0",
    "min_score": "0",
    "min_words": "40",
    "max_words": "900",
    "nsfw": "skip",
    "language": "en",
    "warn_from": "0.6",
    "flag_from": "0.8",
}


def test_a_source_is_added_changed_and_fetched(editor: Browser) -> None:
    account = records.account()

    editor.post("/sources/new", on="/sources/new", **FORM, accounts=str(account.id))
    source = Source.get()
    assert (source.place, source.enabled, source.max_words) == ("eveningtales", True, 900)
    assert SourceAccount.select().count() == 1

    editor.post(f"/sources/{source.id}/edit", on="/sources/new", **{**FORM, "count": "10"})
    assert Source.get().count == 10
    assert SourceAccount.select().count() == 0

    editor.post(f"/sources/{source.id}/fetch")
    assert Job.of("fetch", source.id) is not None
    editor.post(f"/sources/{source.id}/switch")
    assert not Source.get().enabled


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("place", "not a subreddit!", "A subreddit&#39;s name"),
        ("interval_minutes", "0", "between 5 and 10080"),
        ("max_words", "10", "Must not be below the least words."),
        ("language", "English", "A code like en or de."),
        ("name", "", "This field is required."),
        ("kind", "telepathy", "Not a valid choice"),
        ("flag_from", "0.5", "Must not be below the score that warns."),
    ],
)
def test_what_can_not_be_is_said_beside_the_field(
    editor: Browser, field: str, value: str, sentence: str
) -> None:
    page = editor.post("/sources/new", on="/sources/new", **{**FORM, field: value})

    assert page.status_code == 422
    assert sentence in page.text
    assert Source.select().count() == 0


def test_a_source_is_given_a_channel_and_loses_it(editor: Browser) -> None:
    channel = Channel.create(name="Evening")

    editor.post("/sources/new", on="/sources/new", **FORM, channel=str(channel.id))
    source = Source.get()
    assert source.channel == channel
    page = editor.get(f"/sources/{source.id}/edit").text
    assert f'<option selected value="{channel.id}">Evening</option>' in page

    editor.post(f"/sources/{source.id}/edit", on="/sources/new", **FORM, channel="")
    assert Source.get().channel is None
    refused = editor.post("/sources/new", on="/sources/new", **FORM, channel="99")
    assert refused.status_code == 422


def test_two_sources_never_share_a_name(editor: Browser) -> None:
    editor.post("/sources/new", on="/sources/new", **FORM)

    twice = editor.post("/sources/new", on="/sources/new", **FORM)

    assert "choose another name" in editor.get(twice.location).text
    assert Source.select().count() == 1
