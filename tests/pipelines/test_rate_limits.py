"""The limits of one run of a stage."""

from __future__ import annotations

import pytest

from adapters.tiktok.api.http import CONNECT_SECONDS
from core import db
from core.errors import InputError, Wait
from models import (
    Account,
    AccountState,
    AuditEntry,
    Job,
    LimitSetting,
    Part,
    Post,
    PostState,
    Script,
    Source,
    SourceKind,
    Story,
    StoryState,
    Video,
    VideoState,
    now,
)
from pipelines import ledger
from pipelines.rate_limits import (
    ABOUT,
    INIT,
    LIMITS,
    REDDIT,
    SCRIPT,
    STAGE_LIMITS,
    Limits,
    describe,
    reset_limit,
    set_limit,
    waiting_for,
)
from pipelines.stages import STAGES

pytestmark = pytest.mark.usefixtures("record")


def names(stage: str, subject_id: int) -> list[str]:
    return [limit.name for limit in Limits().of(stage, subject_id)]


def source(kind: SourceKind) -> Source:
    return Source.create(name=kind, kind=kind, place="sandboxstories")


def post() -> Post:
    story = Story.create(
        source=source(SourceKind.SUBREDDIT),
        external_id="reddit:t3_1",
        title="The lamp",
        body="It was on.",
        state=StoryState.SCRIPTED,
    )
    script = Script.create(
        story=story, title="The lamp", hook="", call_to_action="", written_by="rules"
    )
    part = Part.create(script=script, number=1, of=1, hook="", text="It was on.", call_to_action="")
    video = Video.create(
        part=part,
        key="k",
        path="/v.mp4",
        cover_path="/v.jpg",
        seconds=60,
        size_bytes=1,
        loudness=-14,
        true_peak=-2,
        state=VideoState.READY,
    )
    account = Account.create(
        open_id="creator", state=AccountState.CONNECTED, scopes="video.publish,video.upload"
    )
    return Post.create(video=video, account=account, title="The lamp")


def test_only_stages_that_ask_a_service_are_limited() -> None:
    assert set(STAGE_LIMITS) == {
        stage.name for stage in STAGES.values() if stage.queue == "network"
    } - {"backup", "browser", "mail", "revoke", "webhook"}
    assert names("render", 1) == []
    assert names("publish", 404) == []


@pytest.mark.parametrize(
    ("methods", "asked"),
    [(["inbox", "manual"], ["tiktok_inbox_init"]), (["manual"], []), (["browser"], [])],
)
def test_each_method_is_limited_by_what_it_asks(methods: list[str], asked: list[str]) -> None:
    to_do = post()
    Account.update(methods=methods).execute()

    assert names("publish", to_do.id) == asked


def test_a_subreddit_is_limited_and_a_file_is_not() -> None:
    assert names("fetch", source(SourceKind.SUBREDDIT).id) == ["reddit_fetch"]
    assert names("fetch", source(SourceKind.SAVED_LISTING).id) == []


def test_feeds_of_one_host_share_a_limit_however_their_addresses_are_written() -> None:
    def of_feed(name: str, place: str) -> tuple[str, int, str]:
        feed = Source.create(name=name, kind=SourceKind.FEED, place=place)
        (limit,) = Limits().of("fetch", feed.id)
        return limit.name, limit.count, limit.key

    assert of_feed("1", "https://night.example/feed?key=[secret]") == (
        "feed_fetch",
        1,
        "night.example",
    )
    assert of_feed("2", "http://[secret]@NIGHT.example:80/tales") == (
        "feed_fetch",
        1,
        "night.example",
    )
    assert of_feed("3", "https://reddit.com.night.example/") == (
        "feed_fetch",
        1,
        "reddit.com.night.example",
    )
    for number, host in enumerate(("www.reddit.com", "reddit.com", "old.reddit.com"), 4):
        assert of_feed(str(number), f"https://{host}/r/tifu/.rss") == ("reddit_feed", 1, "")


def test_a_post_asks_per_account_and_its_retries_count_as_one_post() -> None:
    planned = post()

    limits = Limits().of("publish", planned.id)

    account = str(planned.account.id)
    assert [(limit.name, limit.count, limit.seconds, limit.key) for limit in limits] == [
        ("tiktok_creator_info", 20, 60, account),
        ("tiktok_init", 6, 60, account),
        ("tiktok_posts", 15, 86_400, account),
    ]
    assert [limit.counted for limit in limits] == ["", "", f"post:{planned.id}"]
    assert all(limit.later for limit in limits), "they are taken when the post is announced"


def test_the_windows_of_tiktok_are_longer_here_by_the_time_that_connecting_may_take() -> None:
    for limit in LIMITS.values():
        margin = CONNECT_SECONDS if limit.name.startswith("tiktok") else 0
        assert limit.window == (limit.seconds + margin) * 1_000_000


def test_an_announced_post_asks_for_its_status_and_is_not_announced_again() -> None:
    on_its_way = post()
    on_its_way.move(PostState.CLAIMING)
    on_its_way.move(PostState.UPLOADING, publish_id="p1", upload_url="https://upload.test/1")
    assert names("publish", on_its_way.id) == ["tiktok_status"]
    assert [limit.later for limit in Limits().of("publish", on_its_way.id)] == [False]
    assert names("confirm", on_its_way.id) == ["tiktok_status"]

    # If its upload address is dead, it may have to be announced again
    Post.update(upload_url=None).where(Post.id == on_its_way.id).execute()
    assert names("publish", on_its_way.id) == [
        "tiktok_status",
        "tiktok_creator_info",
        "tiktok_init",
        "tiktok_posts",
    ]

    # If all bytes were sent, it must not
    on_its_way.move(PostState.PROCESSING)
    assert names("publish", on_its_way.id) == ["tiktok_status"]


def test_a_setting_changes_a_figure_within_the_cache_time() -> None:
    limits = Limits(cache_seconds=0)
    subreddit = source(SourceKind.SUBREDDIT)
    assert limits.of("fetch", subreddit.id) == [REDDIT]

    LimitSetting.create(name=REDDIT.name, count=5, seconds=10)

    changed = limits.of("fetch", subreddit.id)[0]
    assert (changed.count, changed.seconds) == (5, 10)


def test_every_limit_has_a_name_of_its_own() -> None:
    assert LIMITS["tiktok_init"] == INIT
    assert len(LIMITS) == 11


# ── changed by a person ──────────────────────────────────────────────────────────────────────


def test_every_limit_says_what_it_is_for() -> None:
    assert set(ABOUT) == set(LIMITS)
    assert [(limit.now, limit.changed) for limit in describe()] == [
        (limit, False) for limit in LIMITS.values()
    ]


def test_a_limit_is_set_again_and_reset_with_who_did_it() -> None:
    set_limit("tiktok_init", 3, 60, "olga")
    set_limit("tiktok_init", 4, 30, "olga")
    now_set = {limit.now.name: limit for limit in describe()}["tiktok_init"]
    assert (now_set.now.count, now_set.now.seconds, now_set.changed) == (4, 30, True)
    assert now_set.default == INIT

    reset_limit("tiktok_init", "otto")

    assert LimitSetting.select().count() == 0
    assert [(entry.actor, entry.reason) for entry in AuditEntry.select()] == [
        ("olga", "3 in 60 s"),
        ("olga", "4 in 30 s"),
        ("otto", "6 in 60 s"),
    ]
    with pytest.raises(InputError, match="already has its default"):
        reset_limit("tiktok_init", "otto")


def test_waiting_jobs_try_again_once_the_workers_know_a_changed_limit() -> None:
    # Given jobs that wait for this limit, for another one, and for their slot
    with db.transaction():
        for story, waits_for in ((1, waiting_for(SCRIPT)), (2, waiting_for(INIT)), (3, "its slot")):
            ledger.enqueue("script", story)
            ledger.postpone("script", story, Wait(waits_for, after=300))

    # When that limit is changed
    set_limit(SCRIPT.name, 100, 60, "olga")

    # Then those that wait for it are due in a few seconds, the others as before
    left = {job.subject_id: (job.due_at - now()).total_seconds() for job in Job.select()}
    assert 4 < left[1] < 6.5
    assert min(left[2], left[3]) > 290
