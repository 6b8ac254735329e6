"""The mail that asks a person to post a video, with everything they need to copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.ports import Mail
from models import Account, Post, Video
from pipelines.publishing.delivery.manual.links import Links
from pipelines.publishing.posts.post_options import PRIVACY, chosen


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, and the link to open (shown under a name) or the text to copy."""

    what: str
    name: str = ""
    link: str = ""
    copy: str = ""


def compose(post: Post, links: Links, *, key: str) -> Mail:
    """Write the mail; ``key`` names it (see ``Mail.key``)."""
    video, account = post.video, post.account
    download, page = links.download(post), links.page(post)
    facts = {
        "Account": account_name(account),
        "Video": f"{video_title(video)} ({length(video.seconds)}, {video.size_bytes / 1e6:.1f} MB)",
        "When": local_time(post.scheduled_at, account.timezone) if post.scheduled_at else "now",
        "Settings": settings_to_choose(post, account),
        "Why by hand": post.reason or "this account's videos are posted by hand",
    }
    until = local_time(download.until, account.timezone)
    steps = (
        Step(f"Download the video (the link works until {until})", "Download", download.address),
        Step("Post it in the TikTok app with this caption", copy=post.title),
        Step("Mark it as posted, so the next part can go out", "Mark as posted", page),
    )
    return Mail(
        key=key,
        thread=f"post-{post.id}",
        subject=f"Post by hand: {video_title(video)} on {account_name(account)}",
        text=_text(facts, steps),
        html=_html(facts, steps),
    )


def video_title(video: Video) -> str:
    part = video.part
    title = str(part.script.title)
    return title if part.of == 1 else f"{title} (part {part.number} of {part.of})"


def account_name(account: Account) -> str:
    return str(account.name) or f"account {account.id}"


def length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def local_time(moment: datetime, timezone: str) -> str:
    """The moment in a time zone; in UTC if the zone is unknown."""
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        zone, timezone = ZoneInfo("UTC"), "UTC"
    return f"{moment.astimezone(zone):%A %d %B %Y, %H:%M} ({timezone})"


def settings_to_choose(post: Post, account: Account) -> str:
    """The settings that an automatic post would have, for the person to choose in the app."""
    choice = chosen(post, account)
    switches = {"comments": "allow_comment", "duets": "allow_duet", "stitches": "allow_stitch"}
    words = [f"{word} {'on' if choice[name] else 'off'}" for word, name in switches.items()]
    words.append(f"AI-generated label {'on' if choice['ai_label'] else 'off'}")
    return ", ".join([f"seen by: {PRIVACY.get(choice['privacy'], 'your choice')}", *words])


def _text(facts: dict[str, str], steps: Sequence[Step]) -> str:
    lines = ["A video is ready for you to post on TikTok.", ""]
    lines += [f"{name}: {value}" for name, value in facts.items()]
    for number, step in enumerate(steps, start=1):
        lines += ["", f"{number}. {step.what}:", "", step.link or step.copy]
    return "\n".join(lines) + "\n"


def _html(facts: dict[str, str], steps: Sequence[Step]) -> str:
    rows = "".join(
        f"<tr><th align='left' valign='top'>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in facts.items()
    )
    items = "".join(f"<li><p>{escape(step.what)}:</p>{_content(step)}</li>" for step in steps)
    return (
        "<!DOCTYPE html><html><body><p>A video is ready for you to post on TikTok.</p>"
        f"<table cellpadding='4'>{rows}</table><ol>{items}</ol></body></html>"
    )


def _content(step: Step) -> str:
    if step.link:
        return f"<p><a href='{escape(step.link)}'>{escape(step.name)}</a></p>"
    return f"<blockquote style='white-space: pre-wrap'>{escape(step.copy)}</blockquote>"
