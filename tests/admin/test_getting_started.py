"""The first steps: ticked by what is on record and by checks, for those who can take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from adapters.ports import Services
from adapters.speech import say_once
from admin import guide
from core.errors import Parked, Permanent
from core.settings import Settings
from core.telemetry.heartbeats import Heartbeats
from models import Account, Channel, Post, PostState, SetupCheck, Source, StoryState, VideoState
from pipelines.getting_started.steps import PROCESSES, UNCHECKED, FirstSteps, first_steps
from tests.admin import records
from tests.admin.test_accounts import Consent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from core.settings import Settings
    from tests.admin.conftest import Browser

PAGE = "/getting-started/"
WRONG_KEY = "TikTok doesn't know the app: check TIKTOK_CLIENT_KEY and TIKTOK_CLIENT_SECRET."


class TikTok(Consent):
    """Refuses the app until its key is right, and accepts every account's token."""

    right = False

    def check_app(self) -> None:
        if not self.right:
            raise Parked(WRONG_KEY, code="invalid_client")


@pytest.fixture
def tiktok(app: Flask) -> TikTok:
    platform = TikTok()
    app.extensions["authorizer"] = platform
    app.extensions["settings"] = app.extensions["settings"].model_copy(
        update={"tiktok_client_secret": type(app.extensions["settings"].secret_key)("secret")}
    )
    return platform


def shown(browser: Browser) -> dict[str, tuple[bool, str]]:
    """Each step on the page: whether it is ticked, and its sentence."""
    found = {}
    for step in browser.get(PAGE).text.split('<li class="card')[1:]:
        name = step.partition('id="step-')[2].partition('"')[0]
        sentence = step.partition("</h2>")[2].partition('">')[2].partition("</p>")[0]
        found[name] = ("✓" in step, sentence.replace("&#39;", "'"))
    return found


def checked_by_the_page(browser: Browser, what: str) -> Any:
    """What the page's script is answered."""
    token = browser.get(PAGE).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    return browser._ask(  # noqa: SLF001  # as the script asks
        "POST",
        f"{PAGE}check/{what}",
        data={"csrf_token": token},
        headers={"Accept": "application/json"},
    ).get_json()


def test_an_owner_is_led_from_an_empty_installation_to_the_first_published_post(
    owner: Browser, tiktok: TikTok, settings: Settings
) -> None:
    # Given an empty installation, whose processes and key don't work yet: home says what is first
    assert "Getting started" in owner.get("/").text
    steps = shown(owner)
    assert list(steps) == ["processes", "keys", "account", "source", "channel", "story", "post"]
    assert not any(done for done, _ in steps.values())
    assert "Nothing is heard from network, cpu, gpu, schedule" in steps["processes"][1]

    # When processes report themselves, and the key is checked while it is wrong
    for process in PROCESSES:
        Heartbeats.at(settings.redis_url.get_secret_value()).beat(process)
    owner.post("/getting-started/check/tiktok", on=PAGE)
    # Then the page says why, and ticks nothing because somebody clicked
    steps = shown(owner)
    assert steps["processes"][0]
    assert steps["keys"] == (False, WRONG_KEY)

    # When the key is right
    tiktok.right = True
    owner.post("/getting-started/check/tiktok", on=PAGE)
    assert shown(owner)["keys"][0]

    # When an account is connected: it lacks an audience first, then its token is checked
    account = records.account(privacy="", access_token="act.canary", refresh_token="rft.canary")
    assert "Choose who can see its posts" in shown(owner)["account"][1]
    Account.update(privacy="SELF_ONLY").where(Account.id == account.id).execute()
    assert shown(owner)["account"] == (False, UNCHECKED)
    owner.post("/getting-started/check/account", on=PAGE)
    assert shown(owner)["account"][0]

    # When a source can't be read, and when it gives a story
    source = records.source(last_error="There is no subreddit r/eveningtales.")
    assert shown(owner)["source"] == (False, "There is no subreddit r/eveningtales.")
    Source.update(last_error="").execute()
    story = records.story()
    assert shown(owner)["source"][0]
    assert shown(owner)["story"] == (False, "One story waits for you.")

    # When a channel is made for it, and its voice is heard: the page has its picture
    channel = Channel.create(name="Quiet evenings", voice="espeak:en-us")
    assert "No source uses Quiet evenings" in shown(owner)["channel"][1]
    Source.update(channel=channel).where(Source.id == source.id).execute()
    page = owner.get(PAGE).text
    picture = page.partition('<img src="/channels/preview')[2].partition('"')[0]
    assert owner.get(f"/channels/preview{picture.replace('&amp;', '&')}").mimetype == "image/jpeg"
    assert owner.get("/getting-started/voice.wav").data.startswith(b"RIFF")
    owner.post("/getting-started/check/voice", on=PAGE)
    assert shown(owner)["channel"] == (True, "Quiet evenings is told by espeak:en-us.")

    # When the story is approved
    owner.post(f"/stories/{story.id}/approve", on=f"/stories/{story.id}")
    assert shown(owner)["story"][0]

    # When its video is published
    video = records.video(settings.media_dir, records.part(story))
    records.post(video, account, PostState.PUBLISHED)
    # Then all is done, and home says nothing about it any longer
    assert all(done for done, _ in shown(owner).values())
    assert 'class="card guide"' not in owner.get("/").text


def test_the_last_step_says_how_far_the_first_post_is(editor: Browser, settings: Settings) -> None:
    # Given no approved story
    assert shown(editor)["post"][1].startswith("Once a story is approved")
    # When one is, and its video waits for a person
    story = records.story(state=StoryState.SCRIPTED)
    sentence = "“The green ladder” is becoming a video. Then it is posted by itself."
    assert shown(editor)["post"] == (False, sentence)
    video = records.video(settings.media_dir, records.part(story), VideoState.REVIEW)
    assert "A video waits for your review." in shown(editor)["post"][1]
    assert "Watch and approve" in editor.get(PAGE).text

    # When it has a post, then each state of it is said, with a link to it
    post = records.post(video, records.account())
    reason = "The creator has reached TikTok's daily limit."
    told, name = "“The green ladder”", "ladder_tales"
    for state, done, sentence in (
        (PostState.PLANNED, False, f"{told} is scheduled on {name}."),
        (PostState.UPLOADING, False, f"{told} is being posted on {name}."),
        (PostState.MANUAL, False, f"{told} waits for a person to post it on {name}."),
        (PostState.FAILED, False, reason),
        (PostState.INBOX, True, f"{told} is in the inbox of {name}. Finish it in TikTok's app."),
        (PostState.PUBLISHED, True, f"{told} is published on {name}."),
    ):
        Post.update(state=state, reason=reason).execute()
        assert shown(editor)["post"] == (done, sentence)
        assert f'href="/posts/{post.id}">View post' in editor.get(PAGE).text


def test_a_check_counts_for_what_was_checked_only(owner: Browser, tiktok: TikTok) -> None:
    # Given a voice that was checked
    channel = Channel.create(name="Quiet evenings", voice="espeak:en-us")
    records.source(channel=channel)
    SetupCheck.create(name="voice", subject="espeak:en-us", ok=True)
    assert shown(owner)["channel"][0]
    # When the channel has another one
    Channel.update(voice="piper:de_DE-nobody").execute()
    # Then that one is not checked yet, and a check says that it can't speak
    assert shown(owner)["channel"] == (False, UNCHECKED)
    owner.post("/getting-started/check/voice", on=PAGE)
    done, sentence = shown(owner)["channel"]
    assert not done
    assert "is not an installed voice" in sentence


def test_a_voice_that_is_busy_is_not_judged(owner: Browser, tiktok: TikTok) -> None:
    # Given a voice that worked, and that is saying something else now
    SetupCheck.create(name="voice", subject="espeak:en-us", ok=True)
    with say_once._one_at_a_time:  # noqa: SLF001  # as while a text is said
        # When it is checked by its button, then the page says that it is busy, not that it works
        page = owner.after(owner.post("/getting-started/check/voice", on=PAGE, referrer=PAGE))
        assert "Another text is being spoken: try again in a few seconds." in page
        assert "It works." not in page
        # And the page's own check waits for another visit
        assert checked_by_the_page(owner, "voice") == {"ok": False}
    assert SetupCheck.get().ok


def test_an_editor_sees_what_an_editor_can_do_and_a_viewer_sees_nothing(
    editor: Browser, viewer: Browser, tiktok: TikTok
) -> None:
    assert list(shown(editor)) == ["account", "source", "channel", "story", "post"]
    assert editor.post("/getting-started/check/tiktok", on=PAGE).status_code == 404
    assert viewer.get(PAGE).status_code == 403
    for page in ("/", "/sources/"):
        assert "Getting started" not in viewer.get(page).text
        assert "Getting started" in editor.get(page).text


def test_other_pages_look_the_next_step_up_seldom_and_ask_no_process(
    owner: Browser, editor: Browser, tiktok: TikTok, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a Redis that takes seconds to answer
    asked, looked = [], []

    def alive(_heartbeats: Heartbeats, names: Sequence[str]) -> None:
        asked.append(names)

    def look(*args: Any, **options: Any) -> FirstSteps:
        looked.append(options)
        return first_steps(*args, **options)

    monkeypatch.setattr(Heartbeats, "alive", alive)
    monkeypatch.setattr(guide, "first_steps", look)
    # When other pages are opened one after the other
    for page in ("/sources/", "/channels/", "/jobs/"):
        assert "Next: Set the keys of your TikTok app." in owner.get(page).text
        assert "Next: Connect your first account." in editor.get(page).text
    # Then the steps were looked up once for each role, and nobody waited for Redis
    assert (looked, asked) == ([{"owner": True}, {"owner": False}], [])
    # And home asks it
    assert "Redis doesn&#39;t answer" in owner.get("/").text
    assert len(asked) == 1


def test_the_next_step_is_the_next_one_right_after_a_change(
    editor: Browser, tiktok: TikTok
) -> None:
    # Given a story that waits, after all that comes before it
    account = records.account(privacy="SELF_ONLY")
    channel = Channel.create(name="Quiet evenings", voice="espeak:en-us")
    records.source(channel=channel)
    SetupCheck.create(name="account", subject=str(account.id), ok=True)
    SetupCheck.create(name="voice", subject="espeak:en-us", ok=True)
    story = records.story()
    assert "Next: Approve your first story." in editor.get("/sources/").text
    # When it is approved, then the page with the answer names the step after it
    answer = editor.post(f"/stories/{story.id}/approve", on=f"/stories/{story.id}", on_page="1")
    page = editor.after(answer)
    assert "Approved “The green ladder”." in page
    assert "Next: Publish your first post." in page


def test_the_steps_can_be_hidden_and_come_back(owner: Browser, tiktok: TikTok) -> None:
    # When an owner hides them
    owner.post("/getting-started/hide", on="/", hidden="yes")
    # Then home and the other pages say nothing, and the menu still has them
    assert 'class="card guide"' not in owner.get("/").text
    sources = owner.get("/sources/").text
    assert 'class="first-next"' not in sources
    assert "Getting started" in sources
    # When they are shown again
    owner.post("/getting-started/hide", on=PAGE, hidden="no")
    assert 'class="card guide"' in owner.get("/").text


def test_keys_that_are_not_needed_are_checked_when_they_are_set(app: Flask, owner: Browser) -> None:
    # Given no keys but a Reddit key that Reddit refuses
    def refuse() -> None:
        raise Permanent("Reddit refused the credentials: check REDDIT_CLIENT_ID.", code="x")

    app.extensions["settings"] = app.extensions["settings"].model_copy(
        update={"reddit_client_id": "abc"}
    )
    app.extensions["services"] = Services(reddit=refuse)
    # When the page has made its checks
    assert 'data-checks="reddit voice"' in owner.get(PAGE).text
    answer = checked_by_the_page(owner, "reddit")
    # Then each says what it found, and which ones are not set
    assert answer == {"ok": False}
    page = owner.get(PAGE).text
    assert "Reddit refused the credentials" in page
    assert "OLLAMA_URL not set" in page
    assert "SMTP_URL not set" in page


def test_a_new_channel_is_used_by_the_sources_that_have_none(editor: Browser) -> None:
    # Given a source without a channel, and one with
    plain = records.source("plain", place="plain")
    other = records.source("other", place="other", channel=Channel.create(name="Other"))
    # When a channel is made
    page = editor.get("/channels/new").text
    assert f'checked id="sources-0" name="sources" type="checkbox" value="{plain.id}"' in page
    fields: dict[str, Any] = {
        "name": "Quiet evenings", "tone": "plain", "split_by": "cliffhanger", "style": "karaoke",
        "font": "Anton", "size": "84", "position": "bottom", "outline": "8",
        "sources": [str(plain.id), str(other.id)],
    }  # fmt: skip
    editor.post("/channels/new", on="/channels/new", **fields)
    fields["sources"] = [str(plain.id)]
    editor.post("/channels/new", on="/channels/new", **fields)
    # Then it counts for those that were offered only
    sources: Any = Source.select().order_by(Source.id)
    assert [source.channel.name for source in sources] == ["Quiet evenings", "Other"]
