"""From a job to the story that it works on."""

from __future__ import annotations

from models import Job, Part, Post, Source, Story


def story_of(job: Job) -> str:
    """A short name of the job's story, or of its source."""
    match job.stage:
        case "fetch":
            source = Source.get_or_none(Source.id == job.subject_id)
            return source.name if source else ""
        case "prepare" | "script":
            story = Story.get_or_none(Story.id == job.subject_id)
            return story.title if story else ""
        case "narrate" | "caption" | "render":
            return _part_name(Part.get_or_none(Part.id == job.subject_id))
        case _:
            post = Post.get_or_none(Post.id == job.subject_id)
            return f"{_part_name(post.video.part)} → {post.account.name}" if post else ""


def _part_name(part: Part | None) -> str:
    if part is None:
        return ""
    title = part.script.story.title
    return f"{title} ({part.number}/{part.of})" if part.of > 1 else str(title)
