"""Names for the stories that jobs work on."""

from __future__ import annotations

from models import Job, Part, Post, Source, Story
from pipelines.stages import STAGES

LONGEST_TITLE = 70


def quoted(title: str) -> str:
    short = title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1].rstrip()}…"
    return f"“{short}”"


def part_title(part: Part) -> str:
    """As ``“The spare key” part 1 of 2``; the title alone where there is one part."""
    title = quoted(part.script.story.title)
    return f"{title} part {part.number} of {part.of}" if part.of > 1 else title


def story_of(job: Job) -> str:
    """A short name for the job's story or source."""
    match STAGES[job.stage].subject:
        case "Source":
            source = Source.get_or_none(Source.id == job.subject_id)
            return source.name if source else ""
        case "Story":
            story = Story.get_or_none(Story.id == job.subject_id)
            return story.title if story else ""
        case "Part":
            return _part_name(Part.get_or_none(Part.id == job.subject_id))
        case "Post":
            post = Post.get_or_none(Post.id == job.subject_id)
            return f"{_part_name(post.video.part)} → {post.account.name}" if post else ""
        case _:
            return ""


def _part_name(part: Part | None) -> str:
    if part is None:
        return ""
    title = part.script.story.title
    return f"{title} ({part.number}/{part.of})" if part.of > 1 else str(title)
