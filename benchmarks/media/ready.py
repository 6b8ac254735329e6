"""Time from approval to the finished video through the real workers, and a plain encode.

Includes the script (by rules), the narration (the default voice), captions, render and all queue
hops. The baseline encodes the same background for the same length with the usual x264 setting.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from adapters.backgrounds.drawn import draw
from adapters.ports import RenderPlan
from benchmarks.media.render import bare_encode
from benchmarks.rows import Row
from core import crypto, db, queue
from core.settings import ROOT
from models import Job, JobState, Story, StoryState, Video
from pipelines.stories import review
from pipelines.stories.intake import manual_intake
from services import ServiceAddresses
from supervisor import Supervisor

MOST_RATIO = 0.9
PATIENCE = 300.0
DAY = (
    "The ferry was late again, so I counted gulls until the captain waved me over. He asked if I "
    "could hold the wheel for a minute. I laughed, because I had never steered anything larger "
    "than a shopping trolley. He did not laugh. He showed me a light on the far shore and told me "
    "to keep it on the left. Then he went below, and I was alone with forty passengers and the "
    "sea. Nobody noticed. A child asked me whether I was the captain, and I said that I was only "
    "minding the boat. When he came back he looked at the light, nodded, and gave me his hat. "
    "I still have it. It smells of salt and engine oil, and every time I am late for something I "
    "put it on and remember that most of the world is steered by somebody who was asked to hold "
    "the wheel for just a minute."
)


def run(place: ServiceAddresses, *, repeats: int) -> list[Row]:
    """Median seconds of ``repeats`` stories, each with a plain encode for comparison."""
    queue.connect(place.redis_url).flush_all()
    with TemporaryDirectory() as name, db.session():
        folder = Path(name)
        clip = folder / "clips" / "clip.mp4"
        clip.parent.mkdir()
        draw(clip, "bokeh", 0)
        environment = {
            **os.environ,
            **place.environment(),
            "CRYPTOGRAPHY_KEY": crypto.new_key(),
            "SECRET_KEY": secrets.token_urlsafe(32),
            "MEDIA_DIR": str(folder / "media"),
            "BACKGROUND_DIR": str(clip.parent),
            "OLLAMA_URL": "",
        }
        ready, bare = [], []
        with Supervisor(
            ROOT / "Procfile",
            root=folder,
            environment=environment,
            only=("network", "cpu", "gpu"),
        ):
            for number in range(repeats):
                video, seconds = _approve_and_wait(number)
                ready.append(seconds)
                bare.append(_encode(folder, clip, video.seconds))
    ratio = median(ready) / median(bare)
    return [
        Row("approve to ready", median(ready), "s"),
        Row("plain encode of the same length", median(bare), "s"),
        Row("ready / plain", ratio, "x", f"<= {MOST_RATIO:.2f}", ratio <= MOST_RATIO),
        Row("length of the video", video.seconds, "s"),
    ]


def _approve_and_wait(number: int) -> tuple[Video, float]:
    story = manual_intake.paste(f"Day {number} at sea", f"This was day {number}. {DAY}", "bench")
    _wait(lambda: Story.get_by_id(story.id).state == StoryState.WAITING)
    began = time.perf_counter()
    review.approve(story.id, "bench")
    _wait(lambda: Video.select().count() == number + 1)
    return Video.select().order_by(Video.id.desc()).get(), time.perf_counter() - began


def _wait(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        stuck = Job.get_or_none(Job.state.in_((JobState.DEAD, JobState.PARKED)))
        if stuck is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the story was not finished: {stuck.error if stuck else ''}")
        time.sleep(0.05)


def _encode(folder: Path, clip: Path, seconds: float) -> float:
    plan = RenderPlan(
        narration=folder / "none.wav",
        seconds=seconds,
        subtitles=folder / "none.ass",
        output=folder / "none.mp4",
        cover=folder / "none.jpg",
        cover_at=0,
        background=clip,
    )
    began = time.perf_counter()
    bare_encode(plan)
    return time.perf_counter() - began
