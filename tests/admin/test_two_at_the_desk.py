"""Two people decide the same stories at once: each story once, and each is told what happened."""

from __future__ import annotations

import random
import re
from collections import Counter
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any

from core import db
from models import AuditEntry, Story, StoryState, VideoState
from pipelines.stories import review
from tests.admin import records
from tests.admin.conftest import signed_in

if TYPE_CHECKING:
    from flask import Flask

    from core.settings import Settings
    from tests.admin.conftest import Browser

STORIES = 100
ONE_BY_ONE = 20
"""Stories that both decide first, in the same order, so that they meet."""
TOLD = re.compile(r"^(ana|ben) (approved|rejected) (?:(\d+) stories: )?“.* (?:ago|just now)\.$")
DONE = re.compile(r"^(?:Approved|Rejected) (?:(\d+) stories: )?“")
UNDONE = re.compile(r"^Undone\. Waiting for review again: (?:(\d+) stories: )?“")


class Person:
    """Somebody who decides all stories, and keeps what the pages say."""

    def __init__(self, app: Flask, name: str, other: str, ids: list[int]) -> None:
        browser = signed_in(app, name, "editor")
        token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/me/").text)
        assert token is not None
        self.client, self.token = browser.client, token[1]
        self.name, self.other = name, other
        self.ids, self.chance = ids, random.Random(name)  # noqa: S311  # keeps no secret
        self.standing = self.told = self.steps = 0
        self.failure: BaseException | None = None

    def decide_all(self, start: Barrier) -> None:
        try:
            with db.session():
                start.wait()
                self._decide_all()
        except BaseException as error:  # noqa: BLE001  # the test raises it
            self.failure = error

    def _decide_all(self) -> None:
        rest = self.ids[ONE_BY_ONE:]
        self.chance.shuffle(rest)
        todo = [[story] for story in self.ids[:ONE_BY_ONE]]
        while rest:
            size = self.chance.choice((1, 1, 4, 10))
            todo.append([rest.pop() for _ in range(min(size, len(rest)))])
        for number, ids in enumerate(todo):
            undo = self._decide(ids)
            if undo and number % 3 == 0:  # changes their mind
                self.standing -= self._counted(UNDONE, self._post(undo))
                self._decide(ids)

    def _decide(self, ids: list[int]) -> str | None:
        """Decide these stories; where to undo it."""
        decision = self.chance.choice(("approve", "reject"))
        fields = {"decision": decision, "reason": "Boring", "id": ids}
        path = "/stories/decide" if len(ids) > 1 else f"/stories/{ids[0]}/{decision}"
        messages = self._post(path, **fields)
        done, told = self._counted(DONE, messages), self._counted(TOLD, messages)
        assert done + told == len(ids), messages
        assert all(line[1] == self.other for text in messages if (line := TOLD.match(str(text))))
        self.standing, self.told, self.steps = (
            self.standing + done,
            self.told + told,
            self.steps + 1,
        )
        return next((message[0] for message in messages if not isinstance(message, str)), None)

    def _post(self, path: str, **fields: object) -> list[str]:
        """Send a form; what the next page says, and its offer to undo."""
        data = {**fields, "csrf_token": self.token}
        with db.closed_for_long_work():
            answer = self.client.post(path, data=data)
        assert answer.status_code == 303, answer.text
        with self.client.session_transaction() as session:
            return [text for kind, text in session.pop("_flashes") if kind != "saved"]

    @staticmethod
    def _counted(pattern: re.Pattern[str], messages: list[str]) -> int:
        lines = (pattern.match(message) for message in messages if isinstance(message, str))
        return sum(int(line.groups()[-1] or 1) for line in lines if line)


def test_two_people_decide_the_same_hundred_stories_at_once(app: Flask) -> None:
    # Given a hundred stories, and two people who see them all
    ids = [records.story(f"Story {number}").id for number in range(STORIES)]
    people = [Person(app, "ana", "ben", ids), Person(app, "ben", "ana", ids)]

    # When both decide them at the same moment, one by one and in bulk, and undo some
    start = Barrier(2)
    threads = [Thread(target=person.decide_all, args=(start,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for person in people:
        if person.failure:
            raise person.failure

    # Then a hundred decisions stand, and each story has exactly one
    assert sum(person.standing for person in people) == STORIES
    states = Counter(story.state for story in Story.select(Story.state))
    assert states[StoryState.APPROVED] + states[StoryState.REJECTED] == STORIES
    made = Counter[str]()
    for entry in AuditEntry.select().where(AuditEntry.subject.startswith("story ")):
        made[entry.subject] += 1 if entry.action in {"story.approve", "story.reject"} else -1
    assert set(made.values()) == {1}
    assert len(made) == STORIES
    for person in people:
        assert Story.select().where(Story.decided_by == person.name).count() == person.standing

    # And whoever came second was told who had done what, each time
    assert all(person.told for person in people)


def test_who_comes_second_is_told_and_moves_on(
    app: Flask, editor: Browser, settings: Settings
) -> None:
    ana = signed_in(app, "ana", "editor")
    following, story = records.story("The blue ladder"), records.story("The green ladder")

    # Given a story that both have open, which Ana approves
    ana.post(f"/stories/{story.id}/approve")

    # Then Emil's page says so, and his own decision leads to the next story
    told = editor.json(f"/stories/decided.json?id={story.id}&id={following.id}")
    assert re.fullmatch(
        r"ana approved this story (just now|\d+ seconds? ago)\.", told[str(story.id)]
    )
    assert list(told) == [str(story.id)]
    fields: dict[str, Any] = {"reason": "Boring", "on_page": "1", "next_story": following.id}
    answer = editor.post(f"/stories/{story.id}/reject", **fields)
    assert answer.location == f"/stories/{following.id}"
    page = editor.get(answer.location).text
    assert re.search(r"ana approved “The green ladder” (just now|\d+ seconds? ago)\.", page)
    assert Story.get_by_id(story.id).decided_by == "ana"

    # Whoever was editing it is told the same, and keeps what was typed
    path = f"/stories/{story.id}/edit"
    refused = editor.post(path, referrer=path, title="The ladder", text="It came back blue.")
    assert "ana approved this story" in refused.text
    assert "It came back blue." in refused.text

    # If the next one was decided meanwhile too, the page leads to one that still waits
    review.reject(following.id, "ana", "Boring")
    third = records.story("The red ladder")
    assert editor.post(f"/stories/{story.id}/reject", **fields).location == f"/stories/{third.id}"

    # And the same is said of a video
    video: Any = records.video(settings.media_dir)
    ana.post(f"/videos/{video.part_id}/approve", key=video.key)
    answer = editor.post(f"/videos/{video.part_id}/reject", reason="Too quiet")
    assert "ana approved “The green ladder”" in editor.get(answer.location).text
    assert (
        "ana approved this video"
        in editor.json(f"/videos/{video.part_id}/decided.json")[str(video.part_id)]
    )
    assert type(video).get_by_id(video.id).state == VideoState.READY
