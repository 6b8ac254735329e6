"""The command line: it has help, refuses in a sentence, and its reference is correct."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from models import Job, Story, StoryState
from pipelines.stories.intake import manual_intake
from sandbox.testing import running_sandbox
from scripts.management.operations.reference import markdown
from tests.scripts.terminal import ROOT, fresh, manage

pytestmark = pytest.mark.slow

STORY = "I found a key in the garden. " * 20


def test_the_configuration_reference_is_what_the_settings_say() -> None:
    written = (ROOT / "docs" / "configuration.md").read_text()
    assert written == markdown(), "run: scripts/manage configuration > docs/configuration.md"


def test_every_command_explains_itself() -> None:
    assert "stories" in fresh("--help").stdout
    for group in ("sources", "stories", "jobs", "failures", "accounts", "users", "migrate"):
        assert manage(group, "--help").returncode == 0


def test_a_saved_listing_is_imported_and_each_rows_outcome_is_shown(
    settings: dict[str, str], tmp_path: Path
) -> None:
    # Given a listing with a story, a removed one and one without text
    posts = [
        {"id": "aa1", "title": "The key", "selftext": STORY, "is_self": True, "score": 5},
        {"id": "aa2", "title": "Gone", "selftext": "[removed]", "is_self": True},
        {"id": "aa3", "title": "Only a title", "selftext": "", "is_self": True},
    ]
    listing = tmp_path / "listing.json"
    listing.write_text(
        json.dumps(
            {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": p} for p in posts]}}
        )
    )

    # When it is previewed, imported, and imported again
    looked = manage("stories", "import", str(listing), "--dry-run", **settings)
    assert "1 added, 2 skipped, 0 seen before" in looked.stdout
    assert Story.select().count() == 0
    imported = fresh("stories", "import", str(listing), **settings)
    again = manage("stories", "import", str(listing), **settings)

    # Then each row's outcome is shown, and nothing exists twice
    assert "1 added, 2 skipped" in imported.stdout
    assert "removed or deleted" in imported.stdout
    assert "0 added, 0 skipped, 3 seen before" in again.stdout
    assert Story.select().count() == 3
    assert Job.of("prepare", Story.get(Story.external_id == "reddit:t3_aa1").id)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("<html>", "JSON"),
        ('{"kind": "Wiki"}', "is JSON but not a listing of Reddit posts"),
        (None, "There is no such file on this machine"),
    ],
)
def test_a_bad_listing_is_refused_in_a_sentence(
    settings: dict[str, str], tmp_path: Path, content: str | None, sentence: str
) -> None:
    listing = tmp_path / "listing.json"
    if content is not None:
        listing.write_text(content)
    refused = manage("stories", "import", str(listing), **settings)
    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr
    assert Story.select().count() == 0


def test_bulk_decisions_say_what_was_refused(settings: dict[str, str]) -> None:
    story = manual_intake.paste("The key", STORY, "tester")
    Story.update(state=StoryState.WAITING, narratable_text="I found a key.").execute()
    decided = manage("stories", "approve", str(story.id), "999", **settings)
    assert decided.returncode == 1
    assert decided.stdout.startswith("Approved 1 of 2.\nTo undo it: scripts/manage undo take-back ")
    assert "There is no story 999." in decided.stderr
    assert Story.get_by_id(story.id).state == StoryState.APPROVED


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"CRYPTOGRAPHY_KEY": "short"}, "CRYPTOGRAPHY_KEY: has 5 characters"),
        ({"DATABASE_URL": "postgresql://me:canary@127.0.0.1:9/none"}, "127.0.0.1:9"),
        ({"BACKGROUND_DIR": "/no/such"}, "the folder /no/such does not exist"),
        ({"REDIS_URL": "redis://:canary@127.0.0.1:9/0"}, "127.0.0.1:9"),
    ],
)
def test_wrong_settings_end_it_with_a_sentence(
    settings: dict[str, str], change: dict[str, str], sentence: str
) -> None:
    refused = manage("check", **{**settings, **change})
    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "canary" not in refused.stderr


def test_a_test_mail_is_sent_or_says_what_is_wrong(settings: dict[str, str]) -> None:
    unset = manage("mail-test", **settings)
    assert (unset.returncode, "SMTP_URL is not set" in unset.stderr) == (2, True)

    with running_sandbox() as sandbox:
        mail = {
            "SMTP_URL": sandbox.smtp_url("smtps"),
            "MAIL_FROM": "mill@example.com",
            "MAIL_TO": "hand@example.com",
        }
        stranger = manage("mail-test", **settings, **mail)
        assert stranger.returncode == 2
        assert "has no valid certificate for 127.0.0.1" in stranger.stderr

        trusted = {**settings, **mail, "SSL_CERT_FILE": str(sandbox.mail_certificate)}
        sent = manage("mail-test", "--to", "other@example.com", **trusted)
        assert sent.returncode == 0, sent.stderr
        assert "has accepted a mail to other@example.com" in sent.stdout
        assert "which no phone can open: set PUBLIC_URL" in sent.stdout
        assert [mail["recipients"] for mail in sandbox.mails()] == [["other@example.com"]]

        sandbox.change(mail_password="another")
        refused = manage("mail-test", **trusted)
        assert refused.returncode == 2
        assert "rejects the sign-in (535 5.7.8)" in refused.stderr
        assert sandbox.settings.mail_password not in refused.stdout + refused.stderr


def test_a_contact_sheet_shows_captions_as_videos_do(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    made = manage("contact-sheet", "--only", "thai", "--output", str(sheet))
    assert made.stdout == f"{sheet}: 1 frame\n"
    with Image.open(sheet) as picture:
        colours = {colour for _, colour in picture.getcolors(1_000_000) or []}
    assert {(255, 255, 255), (0, 0, 0)} <= colours, "white letters with a black outline"
    assert manage("contact-sheet", "--only", "Klingon").returncode == 2
