"""Short helpers that create rows for tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from adapters.ports import VideoCounts
from core.db import transaction
from models import (
    Account,
    AccountState,
    Caption,
    DeadLetter,
    Job,
    JobState,
    Narration,
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
from pipelines.ledger import letters
from pipelines.publishing.counts import store
from pipelines.stages import STAGES

if TYPE_CHECKING:
    from pathlib import Path

BODY = (
    "My neighbour borrowed our ladder in **April**. In June it came back painted green.\n\n"
    "He said it looked happier that way. AITA for asking for the old colour?"
)
TEXT = (
    "My neighbour borrowed our ladder in April.\nIn June it came back painted green.\n\n"
    "He said it looked happier that way.\nAm I wrong to ask for the old colour?"
)


def source(name: str = "evening tales", **fields: Any) -> Source:
    known = Source.get_or_none(Source.name == name)
    return known or Source.create(
        name=name, **{"kind": SourceKind.SUBREDDIT, "place": "eveningtales", **fields}
    )


def story(title: str = "The green ladder", state: str = StoryState.WAITING, **fields: Any) -> Story:
    number = Story.select().count() + 1
    made = {
        "source": source(),
        "external_id": f"paste:{number}",
        "body": BODY,
        "narratable_title": title,
        "narratable_text": TEXT,
        "words": len(TEXT.split()),
        "place": "eveningtales",
        "score": 120,
        "language": "en",
    }
    return Story.create(title=title, state=state, **{**made, **fields})


def part(of: Story | None = None, number: int = 1, parts: int = 1) -> Part:
    scripted = of or story(state=StoryState.SCRIPTED)
    script = Script.get_or_none(Script.story == scripted) or Script.create(
        story=scripted,
        title=scripted.title,
        hook="A ladder came home in the wrong colour.",
        call_to_action="Would you have asked?",
        hashtags=["storytime", "neighbours"],
        written_by="rules",
    )
    return Part.create(
        script=script,
        number=number,
        of=parts,
        hook=script.hook,
        text=TEXT.replace("\n", " "),
        call_to_action=script.call_to_action,
    )


def video(
    media: Path, of: Part | None = None, state: str = VideoState.REVIEW, content: bytes = b"video"
) -> Video:
    shown = of or part()
    folder = media / "video"
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f"{shown.id}.{name}" for name in ("mp4", "jpg", "wav", "srt", "vtt")}
    for file in files.values():
        file.write_bytes(content)
    names = {name: str(file.relative_to(media)) for name, file in files.items()}
    words = shown.spoken.split()
    Narration.create(
        part=shown,
        key="n",
        path=names["wav"],
        seconds=64.0,
        voice="espeak-ng/1.52/en-us",
        timed_by="synthesizer",
        words=[[word, index, index + 1] for index, word in enumerate(words)],
    )
    Caption.create(
        part=shown,
        key="c",
        narration_key="n",
        ass_path="",
        srt_path=names["srt"],
        vtt_path=names["vtt"],
        style="karaoke",
        captioned_words=len(words),
    )
    return Video.create(
        part=shown,
        key="v",
        spoken_key=shown.spoken_key,
        approved_key="v" if state == VideoState.READY else "",
        path=names["mp4"],
        cover_path=names["jpg"],
        seconds=64.0,
        size_bytes=21_400_000,
        loudness=-14.1,
        true_peak=-1.5,
        state=state,
    )


def account(
    name: str = "ladder_tales", state: str = AccountState.CONNECTED, **fields: Any
) -> Account:
    made = {
        "open_id": f"open-{name}",
        "scopes": "user.info.basic,video.publish",
        "access_token": "act.canary-access-token",
        "refresh_token": "rft.canary-refresh-token",
        "access_expires_at": now() + timedelta(hours=2),
        "refresh_expires_at": now() + timedelta(days=170),
        "last_refreshed_at": now() - timedelta(minutes=12),
    }
    return Account.create(name=name, state=state, **{**made, **fields})


def post(shown: Video, on: Account, state: str = PostState.PLANNED, **fields: Any) -> Post:
    made = {
        "title": "The green ladder #storytime",
        "upload_url": "https://upload/canary-upload-url",
    }
    if state not in {PostState.PLANNED, PostState.CANCELLED}:
        made["video_key"] = shown.key
    return Post.create(video=shown, account=on, state=state, **{**made, **fields})


def counted(of: Post, views: int, at: datetime | None = None) -> None:
    """The views of a published post, counted now or at ``at``."""
    counts = VideoCounts(views=views, likes=views // 10, comments=views // 100, shares=0)
    with transaction():
        store({of.id: counts}, at or now())


def job(stage: str, subject_id: int, state: str = JobState.WAITING, **fields: Any) -> Job:
    made = {"queue": STAGES[stage].queue, "request_id": "r1"}
    return Job.create(stage=stage, subject_id=subject_id, state=state, **{**made, **fields})


def failure(
    stage: str,
    subject_id: int,
    error: str = "The voice can't be loaded.",
    code: str = "voice_missing",
    state: str = JobState.DEAD,
) -> DeadLetter:
    ended = {"attempts": 5, "error": error, "error_code": code, "finished_at": now()}
    dead = job(stage, subject_id, state, worker="w", **ended)
    trace = "Traceback (most recent call last):\n  Authorization: Bearer canary-bearer"
    letters.write(dead.id, trace)
    return DeadLetter.select().order_by(DeadLetter.id.desc()).get()


def job_of(letter: DeadLetter) -> Job:
    """The current job of the letter."""
    return Job.get(Job.id == letter.job)
