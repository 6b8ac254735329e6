"""Files are uploaded in the browser, and sources read nothing outside the intake folder."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from core import db
from core.files.intake_folder import UPLOADS, IntakeFolder
from models import AuditEntry, Channel, Job, Source, StoryState
from pipelines.stories.intake import uploads
from tests.admin import records

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from core.settings import Settings
    from tests.admin.conftest import Browser

UPLOAD = "/sources/upload"
TABLE = b"title,text\nThe lamp,It went out.\n"


def send(browser: Browser, *files: tuple[str, bytes], **fields: str) -> TestResponse:
    given: dict[str, Any] = {"kind": "", "name": "", "language": "", "channel": "", **fields}
    sent = [(io.BytesIO(content), name) for name, content in files]
    return browser.post(UPLOAD, on=UPLOAD, file=sent, **given)


def stored(settings: Settings) -> list[str]:
    return sorted(path.name for path in (settings.intake_dir / UPLOADS).glob("*/*"))


def test_an_uploaded_table_becomes_a_source_and_is_read_at_once(
    editor: Browser, settings: Settings
) -> None:
    channel = Channel.create(name="Evening")

    # When an editor uploads a table whose name leads elsewhere
    answer = send(editor, ("../../My tales.csv", TABLE), language="EN", channel=str(channel.id))

    # Then it is stored in the intake folder, a source reads it, and the next page shows the result
    source = Source.get()
    assert (source.name, source.kind, source.language) == ("My tales.csv", "csv", "en")
    assert (source.channel, source.enabled) == (channel, True)
    assert IntakeFolder(settings.intake_dir).read(source.place, 1_000) == TABLE
    assert stored(settings) == ["My-tales.csv"]
    assert Job.of("fetch", source.id) is not None
    assert answer.location == f"/sources/{source.id}/outcomes"
    assert "My tales.csv uploaded." in editor.get(answer.location).text
    actions = [row.action for row in AuditEntry.select().order_by(AuditEntry.id)]
    assert actions[-3:] == ["source.add", "source.upload", "source.fetch"]

    # And a second upload of that name is another source with a file of its own
    send(editor, ("My tales.csv", TABLE))
    names = [source.name for source in Source.select().order_by(Source.id)]
    assert names == ["My tales.csv", "My tales.csv (2)"]
    assert stored(settings) == ["My-tales.csv", "My-tales.csv"]


def test_several_texts_are_one_source(editor: Browser, settings: Settings) -> None:
    send(editor, ("a.txt", b"The lamp\n\nIt went out."), ("a.txt", b"x"), ("b.md", b"# Y\n\nz"))

    source = Source.get()
    assert (source.name, source.kind) == ("a.txt and 2 more", "folder")
    found = IntakeFolder(settings.intake_dir).walk(source.place, {})
    assert [file.place.rpartition("/")[2] for file in found] == ["a-2.txt", "a.txt", "b.md"]


def test_a_person_says_what_a_file_is(editor: Browser) -> None:
    send(editor, ("unicode.txt", "title\ttext\nA\tB\n".encode("utf-16")), kind="csv", name="Tabs")
    assert (Source.get().name, Source.get().kind) == ("Tabs", "csv")


@pytest.mark.parametrize(
    "case",
    [
        ((), {}, "No file was chosen"),
        ((("tales.xlsx", b"PK"),), {}, "“tales.xlsx” is not a table (.csv, .tsv)"),
        ((("a.csv", TABLE), ("b.csv", TABLE)), {}, "Upload one table or saved listing at a time"),
        ((("a.csv", TABLE), ("b.txt", b"x")), {}, "one table, one saved listing, or only texts"),
        ((("a.csv", TABLE),), {"kind": "feed"}, "one table, one saved listing, or only texts"),
        ((("a.csv", TABLE),), {"language": "English"}, "Must be a code like en or de."),
        ((("a.csv", TABLE),), {"name": "Known"}, "A source named Known already exists"),
        ((("a.csv", TABLE),), {"channel": "99"}, "This channel was removed"),
        ((("a.csv", b"x" * 3_001),), {}, "The upload is larger than"),
    ],
)
def test_an_upload_that_can_not_be_used_says_why_and_leaves_nothing(
    editor: Browser,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[tuple[tuple[str, bytes], ...], dict[str, str], str],
) -> None:
    files, fields, sentence = case
    monkeypatch.setattr(uploads, "LARGEST_UPLOAD", 3_000)
    records.source("Known")

    answer = send(editor, *files, **fields)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert Source.select().count() == 1
    assert Job.select().count() == 0
    assert stored(settings) == []


def test_only_an_editor_uploads_and_only_with_the_forms_token(
    stranger: Browser, viewer: Browser, editor: Browser, settings: Settings
) -> None:
    file = (io.BytesIO(TABLE), "tales.csv")
    assert send(viewer, ("tales.csv", TABLE)).status_code == 403
    assert send(stranger, ("tales.csv", TABLE)).status_code in {400, 401}
    with db.closed_for_long_work():
        forged = editor.client.post(UPLOAD, data={"file": [file]})
    assert forged.status_code == 400
    assert Source.select().count() == 0
    assert not settings.intake_dir.exists()


def test_only_an_editors_upload_may_be_large(editor: Browser, viewer: Browser) -> None:
    # Given a table larger than any other form may be
    large = b"title,text\n" + b"The lamp,It went out.\n" * 150_000
    assert len(large) > 3_000_000

    # Then an editor can upload it, and nobody else, nor to another page
    assert send(editor, ("large.csv", large)).status_code == 303
    assert Source.get().name == "large.csv"
    assert send(viewer, ("large.csv", large)).status_code == 413
    elsewhere = editor.post("/stories/paste", text="x" * 3_000_000)
    assert elsewhere.status_code == 413


@pytest.mark.parametrize(
    "place", ["/etc/passwd", "/proc/self/environ", "../media", "/dev/zero", "tales\n.csv"]
)
@pytest.mark.parametrize("kind", ["csv", "saved_listing", "folder"])
def test_a_source_can_not_be_set_to_a_place_outside(
    editor: Browser, settings: Settings, kind: str, place: str
) -> None:
    from tests.admin.test_sources import FORM

    settings.intake_dir.mkdir()
    refused = editor.post(
        "/sources/new", on="/sources/new", **{**FORM, "kind": kind, "place": place}
    )

    assert refused.status_code == 422
    assert "is outside the intake folder" in refused.text or "a line break" in refused.text
    assert Source.select().count() == 0


def test_a_source_from_before_says_what_to_do_on_each_of_its_pages(
    editor: Browser, settings: Settings
) -> None:
    # Given a source whose path was allowed once
    settings.intake_dir.mkdir()
    source = records.source("Old", kind="csv", place="/home/old/tales.csv")

    for path in ("/sources/", f"/sources/{source.id}/edit", f"/sources/{source.id}/outcomes"):
        page = editor.get(path).text
        assert "“/home/old/tales.csv” is outside the intake folder" in page
        assert "upload it on the page Sources" in page
    # And it can be switched off
    editor.post(f"/sources/{source.id}/switch")
    assert not Source.get().enabled


def test_columns_that_are_not_read_are_named_on_the_fetch_history(editor: Browser) -> None:
    source = records.source(memory={"note": "These columns are not read: “Mood”."})
    assert (
        "These columns are not read: “Mood”." in editor.get(f"/sources/{source.id}/outcomes").text
    )


def test_the_whole_text_of_an_excerpt_is_asked_for_on_its_page(
    editor: Browser, viewer: Browser
) -> None:
    # Given an excerpt, and a whole story
    excerpt = records.story(
        "The clock", state=StoryState.FLAGGED, excerpt=True, url="https://x.example/clock"
    )
    whole = records.story("The lamp", state=StoryState.FLAGGED, url="https://x.example/lamp")
    button = "Fetch the whole text"
    assert button not in editor.get(f"/stories/{whole.id}").text
    assert button not in viewer.get(f"/stories/{excerpt.id}").text
    assert button in editor.get(f"/stories/{excerpt.id}").text

    # When an editor asks for the page
    assert viewer.post(f"/stories/{excerpt.id}/page").status_code == 403
    editor.post(f"/stories/{excerpt.id}/page")

    # Then it is queued, and the page says so in place of the button
    assert Job.of("page", excerpt.id) is not None
    page = editor.get(f"/stories/{excerpt.id}").text
    assert "It is being fetched." in page
    assert button not in page


def test_an_unknown_score_is_shown_as_none(editor: Browser) -> None:
    story = records.story(score=None)
    assert "no score" in editor.get(f"/stories/{story.id}").text
    assert "no score" in editor.get("/stories/").text
