"""Every operation does what its document says: the examples in it are sent, one by one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from admin.api.openapi import document
from admin.api.routes import OPERATIONS
from admin.auth import create_user
from models import (
    AccountState,
    Attempt,
    Channel,
    JobState,
    LimitSetting,
    Method,
    Post,
    PostState,
    Script,
    Slot,
    StoryState,
    Undo,
    VideoState,
    WebhookDelivery,
    now,
)
from pipelines.schedules import decisions
from pipelines.subscriptions import subscriptions
from tests.admin import records
from tests.admin.conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from core.settings import Settings
    from tests.admin.api.conftest import Program

pytestmark = pytest.mark.slow


class Scenes:
    """A row for each operation, in the state in which the operation is possible."""

    def __init__(self, media: Path, operator: Program) -> None:
        self.media, self.operator, self.made = media, operator, 0
        self.what, self.example = "", ""

    def ids(self, name: str, example: str) -> dict[str, Any]:
        """The values in the operation's address."""
        self.made += 1
        resource, _, self.what = name.partition("_")
        self.example = example
        make: Callable[[], dict[str, Any]] = getattr(self, resource)
        return make()

    def stories(self) -> dict[str, Any]:
        if self.what in {"withdraw", "stop", "resume"}:
            part = records.part(records.story(f"Story {self.made}", StoryState.SCRIPTED))
            of_job = JobState.CANCELLED if self.what == "resume" else JobState.WAITING
            records.job("narrate", part.id, of_job)
            return {"story_id": part.script.story.id}
        state = StoryState.FLAGGED if "flagged" in self.example else StoryState.WAITING
        state = StoryState.REJECTED if self.what == "reconsider" else state
        story = records.story(
            f"Story {self.made}", state, excerpt=self.what == "page", url="https://example.com/tale"
        )
        return {"story_id": story.id}

    def scripts(self) -> dict[str, Any]:
        part = records.part(records.story(f"Story {self.made}", StoryState.SCRIPTED))
        Script.update(hooks=[part.hook, "Another"]).where(Script.id == part.script).execute()
        return {"script_id": part.script.id}

    def videos(self) -> dict[str, Any]:
        part = records.part(records.story(f"Story {self.made}", StoryState.SCRIPTED))
        state = VideoState.REJECTED if self.what == "reconsider" else VideoState.REVIEW
        return {"video_id": records.video(self.media, part, state).id}

    def posts(self) -> dict[str, Any]:
        states = {
            "retry": PostState.FAILED,
            "again": PostState.FAILED,
            "published": PostState.PARKED,
            "let_pass": PostState.PARKED,
        }
        account = records.account(f"account_{self.made}", posts_a_day=15)
        part = records.part(records.story(f"Story {self.made}", StoryState.SCRIPTED))
        video = records.video(self.media, part, VideoState.READY)
        post = records.post(video, account, states.get(self.what, PostState.PLANNED))
        if self.what == "let_pass":
            records.job(
                "publish",
                post.id,
                JobState.PARKED,
                error_code="compliance_profanity",
                error="A word.",
            )
        if self.example != "on another account":  # a post that was tried stays on its account
            Attempt.create(post=post, method=Method.DIRECT, outcome="running")
        if self.what == "queue":
            later = now() + timedelta(days=3)
            Post.update(pinned=True, scheduled_at=later).where(Post.id == post.id).execute()
        return {"post_id": post.id}

    def accounts(self) -> dict[str, Any]:
        paused = (
            {"paused_at": now(), "paused_reason": "A holiday."} if self.what == "resume" else {}
        )
        account = records.account(f"account_{self.made}", AccountState.CONNECTED, **paused)
        Slot.create(account=account, weekday=1, at="18:30")
        return {"account_id": account.id}

    def groups(self) -> dict[str, Any]:
        records.account(f"account_{self.made}", groups=["Night shift"])
        return {}

    def setup(self) -> dict[str, Any]:
        return {}

    def search(self) -> dict[str, Any]:
        return {}

    def sources(self) -> dict[str, Any]:
        archived = {"archived_at": now()} if self.what == "unarchive" else {}
        place = f"place{self.made}"
        return {"source_id": records.source(f"source {self.made}", place=place, **archived).id}

    def channels(self) -> dict[str, Any]:
        return {"channel_id": Channel.create(name=f"Channel {self.made}").id}

    def insights(self) -> dict[str, Any]:
        post_id = self.posts()["post_id"]
        seen = {"state": PostState.PUBLISHED, "published_at": now() - timedelta(days=1)}
        Post.update(**seen).where(Post.id == post_id).execute()
        records.counted(Post.get_by_id(post_id), 100)
        return {"post_id": post_id}

    def jobs(self) -> dict[str, Any]:
        state = JobState.PARKED if self.what == "retry" else JobState.WAITING
        return {"job_id": records.job("fetch", 1000 + self.made, state).id}

    def failures(self) -> dict[str, Any]:
        return {"failure_id": records.failure("fetch", 1000 + self.made).id}

    def undo(self) -> dict[str, Any]:
        story = records.story(f"Story {self.made}")
        self.operator.post(f"/stories/{story.id}/reject", {"reason": "Too short."})
        return {"undo_id": Undo.select().order_by(Undo.id.desc()).get().id}

    def limits(self) -> dict[str, Any]:
        if self.what == "reset":
            LimitSetting.insert(
                name="feed_fetch", count=9, seconds=9
            ).on_conflict_ignore().execute()
        return {"name": "feed_fetch"}

    def schedules(self) -> dict[str, Any]:
        task = decisions.find("seal_audit_log")
        decisions.resume(task.id, "olga")
        if self.what == "resume":
            decisions.pause(task.id, "olga")
        return {"name": task.name}

    def users(self) -> dict[str, Any]:
        return {"user_id": create_user(f"user {self.made}", PASSWORD, "editor").id}

    def webhooks(self) -> dict[str, Any]:
        row, _ = subscriptions.add("https://example.com/hook", ["post.failed"], "olga")
        subscriptions.ping(row.id, "olga")
        newest = WebhookDelivery.select().order_by(WebhookDelivery.id.desc()).get()
        return {"webhook_id": row.id, "delivery_id": newest.id}

    def settings(self) -> dict[str, Any]:
        return {}

    def audit(self) -> dict[str, Any]:
        return {}


def test_every_example_of_the_document_works(operator: Program, settings: Settings) -> None:
    scenes, refused = Scenes(settings.media_dir, operator), []
    for operation in OPERATIONS:
        for example, body in (operation.examples or {"": None}).items():
            # Given a row in the right state
            ids = scenes.ids(operation.name, example)
            path = operation.path.replace("int:", "").replace("<", "{").replace(">", "}")
            path = path.format(**ids)
            asked = {"insights_compared": {"by": "accounts"}, "search_find": {"q": "ladder"}}
            query = asked.get(operation.name)
            # When the example is sent
            answer = operator.ask(operation.method, path, json=body, query_string=query)
            # Then it is done, and answered with what the document promises
            if answer.status_code != operation.status:
                refused.append((operation.name, example, answer.status_code, answer.text))
            elif operation.answer is not None:
                operation.answer.model_validate_json(answer.text)
            else:
                assert answer.mimetype == operation.media
    assert refused == []


def test_the_document_names_every_operation_and_no_secret(operator: Program) -> None:
    written = document()

    assert written["openapi"] == "3.1.0"
    assert sum(map(len, written["paths"].values())) == len(OPERATIONS)
    for path in written["paths"].values():
        for each in path.values():
            assert each["summary"], each["operationId"]
            assert {"401", "403", "429"} <= each["responses"].keys()
    fields = {
        field
        for schema in written["components"]["schemas"].values()
        for field in schema.get("properties", ())
    }
    assert not fields & {"access_token", "refresh_token", "password", "browser_session"}
