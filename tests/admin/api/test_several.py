"""Decisions about several rows at once, files, links, and posts on another account."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from models import Account, AuditEntry, PauseCause, Post, PostState, Source, Story, StoryState, now
from pipelines.stories import review
from tests.admin import records

if TYPE_CHECKING:
    from core.settings import Settings
    from tests.admin.api.conftest import Program

pytestmark = pytest.mark.slow


def test_several_stories_are_decided_on_and_the_decision_is_undone_whole(
    operator: Program,
) -> None:
    # Given two stories that wait, one that is rejected, and one that Ana rejects meanwhile
    first, second = records.story("The ladder"), records.story("The lamp")
    over = records.story("The towel", StoryState.REJECTED)
    hers = records.story("The kettle")
    review.reject(hers.id, "ana", "Boring")
    # When all of them are approved at once, one of them twice
    ids = [first.id, second.id, over.id, hers.id, first.id]
    answer = operator.post("/stories/decide", {"ids": ids, "decision": "approve"}).get_json()
    # Then the two are approved, and the others say why not
    assert answer["done"] == [first.id, second.id]
    why = {each["id"]: each["why"] for each in answer["refused"]}
    assert list(why) == [over.id, hers.id]
    assert "rejected" in why[over.id]
    assert why[hers.id].startswith("ana rejected this story")
    # And one number takes both back
    operator.post(f"/undo/{answer['undo']}")
    states = {row.title: row.state for row in Story.select().where(Story.id != hers.id)}
    assert states == {"The ladder": "waiting", "The lamp": "waiting", "The towel": "rejected"}
    # And nobody rejects without a reason
    refused = operator.post("/stories/decide", {"ids": [first.id], "decision": "reject"})
    assert (refused.status_code, "reason" in refused.text) == (422, True)


def test_a_story_says_what_it_becomes_until_somebody_has_decided(operator: Program) -> None:
    # Given a story that waits
    story = records.story("The ladder")
    # When its forecast is asked for, then it names the voice and the length of each video
    found = operator.get(f"/stories/{story.id}/forecast").get_json()
    assert (found["problem"], len(found["parts"])) == ("", 1)
    assert found["voice"]
    assert 0 < found["parts"][0] < 600
    # And a story that is decided has none
    operator.post(f"/stories/{story.id}/approve", {})
    refused = operator.get(f"/stories/{story.id}/forecast")
    assert (refused.status_code, "waits for a decision" in refused.text) == (422, True)


def test_accounts_are_grouped_paused_and_resumed_together(operator: Program) -> None:
    # Given three accounts, two of them in a group
    night = [records.account(f"night_{number}") for number in range(2)]
    day = records.account("day")
    ids = [account.id for account in night]
    operator.post("/accounts/groups", {"ids": ids, "add": ["Night shift"]})
    listed = operator.get("/groups").get_json()["items"]
    assert listed == [{"name": "Night shift", "accounts": ids}]
    found = operator.get("/accounts", group="Night shift").get_json()["items"]
    assert {row["id"] for row in found} == set(ids)
    # When the group is paused, then all are
    operator.post("/accounts/pause", {"group": "Night shift", "reason": "A holiday."})
    paused = operator.post("/accounts/pause", {"all": True}).get_json()
    # Then the group keeps its own pause
    assert paused["done"] == [day.id]
    causes = {row.id: row.paused_cause for row in Account.select()}
    assert causes == dict.fromkeys(ids, PauseCause.PERSON) | {day.id: PauseCause.ALL}
    # And the end of the pause of all leaves it so, too
    assert operator.post("/accounts/resume", {"all": True}).get_json()["done"] == [day.id]
    # And the audit log has a line about all accounts for either
    of_all = AuditEntry.select().where(AuditEntry.subject == "all accounts")
    assert [entry.action for entry in of_all] == ["account.pause", "account.resume"]
    assert operator.post("/accounts/resume", {"ids": ids}).get_json()["done"] == ids
    # And times are changed alike
    operator.ask("PATCH", "/accounts/times", json={"group": "Night shift", "posts_a_day": 3})
    assert {row.posts_a_day for row in Account.select().where(Account.id.in_(ids))} == {3}
    # And neither ids nor a group, or both, are refused
    for body in ({}, {"ids": ids, "group": "Night shift"}):
        assert operator.post("/accounts/pause", body).status_code == 422


def test_a_post_moves_to_another_account_with_its_clock_time(
    operator: Program, settings: Settings
) -> None:
    # Given a scheduled post
    there, other = records.account("there", posts_a_day=15), records.account("x", posts_a_day=15)
    post = records.post(records.video(settings.media_dir, state="ready"), there, PostState.PLANNED)
    at = (now() + timedelta(days=2)).replace(microsecond=0)
    # When it is scheduled on the other account
    body = {"at": at.isoformat(), "account": other.id}
    answer = operator.post(f"/posts/{post.id}/schedule", body).get_json()
    # Then it is there at that time, and undo brings it back
    moved: Any = Post.get_by_id(post.id)
    assert (moved.account_id, moved.scheduled_at) == (other.id, at)
    operator.post(f"/undo/{answer['undo']}")
    assert Post.select(Post.account).where(Post.id == post.id).scalar() == there.id


def test_stories_come_by_file_and_by_link_and_are_found(operator: Program) -> None:
    # When a table and a link are sent
    table = {"name": "tales.csv", "content": "title,text\nThe ladder,It came back green.\n"}
    uploaded = operator.post("/sources/upload", {"files": [table]})
    linked = operator.post("/stories/link", {"link": "https://example.com/tales/lamp"})
    # Then the table is a source that is being fetched, and the link a story
    assert (uploaded.status_code, linked.status_code) == (201, 201)
    assert Source.get_by_id(uploaded.get_json()["id"]).kind == "csv"
    again = operator.post("/stories/link", {"link": "https://example.com/tales/lamp"})
    assert (again.status_code, "added before" in again.text) == (422, True)
    # And the search finds what it finds on the pages
    story = records.story("The green ladder")
    hits = operator.get("/search", q="ladder").get_json()["items"]
    assert [(hit["kind"], hit["id"]) for hit in hits] == [("stories", story.id)]


def test_a_source_is_archived_brought_back_and_removed(operator: Program) -> None:
    source = records.source()
    records.story()
    path = f"/sources/{source.id}"
    assert operator.post(f"{path}/archive").get_json()["archived_at"]
    assert operator.post(f"{path}/fetch").status_code == 422
    assert operator.post(f"{path}/unarchive").get_json()["archived_at"] is None
    assert "Its stories stay" in operator.ask("DELETE", path).text
    assert operator.get(path).status_code == 404
    assert operator.get("/sources").get_json()["items"] == []
    assert Story.select().count() == 1
