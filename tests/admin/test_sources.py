from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from models import Channel, Intake, Job, Source, SourceAccount
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("place", "not a subreddit!", "Must be a subreddit name"),
        ("interval_minutes", "0", "from 5 to 10080"),
        ("max_words", "10", "Must not be below the minimum words."),
        ("language", "English", "Must be a code like en or de."),
        ("name", " ", "Enter a name."),
        ("kind", "telepathy", "Not a valid choice"),
        ("flag_from", "0.5", "Must not be below “Warn from”."),
    ],
)
def test_invalid_values_get_an_error_beside_the_field(
    editor: Browser, field: str, value: str, sentence: str
) -> None:
    page = editor.post("/sources/new", on="/sources/new", **{**FORM, field: value})

    assert page.status_code == 422
    assert sentence in page.text
    assert Source.select().count() == 0


def test_a_channel_is_set_and_removed(editor: Browser) -> None:
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

    assert twice.status_code == 422
    assert "choose another name" in twice.text
    assert Source.select().count() == 1


TOKEN = "c0ffee15f00d5ea5e4b1ec7ab1e5"
PRIVATE = {
    **FORM,
    "name": "Mine",
    "kind": "feed",
    "place": f"https://www.reddit.com/.rss?feed={TOKEN}&user=quiet_heron",
}


def test_a_secret_address_is_saved_and_never_shown_again(editor: Browser) -> None:
    # Given a private feed, refused first for another reason
    refused = editor.post("/sources/new", on="/sources/new", **{**PRIVATE, "count": "0"})
    assert (refused.status_code, TOKEN in refused.text) == (422, False)
    assert "Enter the address again" in refused.text
    assert editor.post("/sources/new", on="/sources/new", **PRIVATE).status_code == 303

    # When its form is opened, then it shows that a query is set, but not its values
    source = Source.get()
    form = editor.get(f"/sources/{source.id}/edit").text
    assert 'value="https://www.reddit.com/.rss?feed=[secret]&amp;user=[secret]"' in form
    assert TOKEN not in form + editor.get("/sources/").text

    # And when it is saved as shown, then it is kept
    changed = {**PRIVATE, "place": source.place, "count": "7"}
    assert (
        editor.post(f"/sources/{source.id}/edit", on="/sources/new", **changed).status_code == 303
    )
    assert (Source.get().count, Source.get().whole_place) == (7, PRIVATE["place"])

    # But what is hidden is not kept for another address
    moved = {**PRIVATE, "place": source.place.replace("reddit.com", "night.example")}
    refused = editor.post(f"/sources/{source.id}/edit", on="/sources/new", **moved)
    assert (refused.status_code, "Enter the whole address again" in refused.text) == (422, True)


def test_pasted_texts_have_only_one_source(editor: Browser) -> None:
    pasted = Source.create(name="Pasted stories", kind="paste", enabled=False)

    # No other source can become one
    refused = editor.post("/sources/new", on="/sources/new", **{**FORM, "kind": "paste"})
    assert (refused.status_code, "Not a valid choice" in refused.text) == (422, True)

    # And this one can be edited
    changed = {**FORM, "name": "Pasted stories", "kind": "paste", "place": "", "language": ""}
    saved = editor.post(f"/sources/{pasted.id}/edit", on="/sources/new", **changed)
    assert saved.status_code == 303
    assert Source.get().language == ""
    assert editor.post(f"/sources/{pasted.id}/fetch").status_code == 303
    assert Job.of("fetch", pasted.id) is None


def test_broken_sources_are_listed_first_with_the_reason(editor: Browser) -> None:
    records.source("An evening")
    records.source("Zebra crossings", last_error="Reddit knows no r/zebra.")
    records.source("Off", enabled=False, last_error="It was broken.")

    page = editor.get("/sources/").text

    assert page.index("Zebra crossings") < page.index("An evening") < page.index("It was broken.")
    assert "Reddit knows no r/zebra." in page


def test_each_row_is_shown_with_its_outcome_and_reason(editor: Browser) -> None:
    source, story = records.source(), records.story()
    for number, outcome in enumerate(["taken", "skipped", "skipped"]):
        Intake.create(
            source=source,
            external_id=f"x:{number}",
            title=f"Row {number}",
            outcome=outcome,
            reason="" if outcome == "taken" else "It has a title but no text.",
            story=story,
        )
    other = records.source("other")
    Intake.create(source=other, external_id="x:9", title="Elsewhere", outcome="taken")

    outcomes = f"/sources/{source.id}/outcomes"
    whole, skipped = editor.get(outcomes).text, editor.get(f"{outcomes}?outcome=skipped").text
    assert f'<a href="/stories/{story.id}">Row 0</a>' in whole
    assert 'Skipped <span class="count">2</span>' in whole
    assert "Elsewhere" not in whole
    assert "It has a title but no text." in skipped
    assert "Row 0" not in skipped
    # And during a fetch the page says so in place of the button
    assert "Fetch now" in whole
    moved = editor.post(f"/sources/{source.id}/fetch")
    assert moved.location == outcomes
    busy = editor.get(outcomes).text
    assert "Fetching now." in busy
    assert "Fetch now" not in busy
    # And its rows come by themselves, with the page's filter and links to the page
    live = f"/sources/{source.id}/live.json?outcome=skipped"
    assert f'data-from="{live}"' in editor.get(f"{outcomes}?outcome=skipped").text
    rows = editor.json(live)["rows"]
    assert "It has a title but no text." in rows
    assert "Row 0" not in rows
    Intake.insert_many(
        {"source": source, "external_id": f"y:{n}", "title": "", "outcome": "skipped"}
        for n in range(60)
    ).execute()
    assert f'href="{outcomes}?outcome=skipped&amp;before=' in editor.json(live)["rows"]
    assert "fetching now" in editor.get("/sources/").text
