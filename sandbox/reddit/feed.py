"""A subreddit's Atom feed in Reddit's format."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from flask import request

from sandbox.reddit.listing import body_html, created_at

if TYPE_CHECKING:
    from sandbox.stories import Story
    from sandbox.world import World

ATOM = "http://www.w3.org/2005/Atom"


def atom(world: World, subreddit: str, posts: list[Story]) -> bytes:
    base = request.host_url.rstrip("/") + "/reddit"
    feed = ET.Element("feed", {"xmlns": ATOM})
    category = {"term": subreddit, "label": f"r/{subreddit}"}
    ET.SubElement(feed, "category", category)
    _text(feed, "updated", _moment(world.now()))
    _text(feed, "id", f"/r/{subreddit}/.rss")
    ET.SubElement(feed, "link", {"rel": "self", "href": f"{base}/r/{subreddit}/.rss"})
    ET.SubElement(feed, "link", {"rel": "alternate", "href": f"{base}/r/{subreddit}/"})
    _text(feed, "title", subreddit)
    for story in posts:
        entry = ET.SubElement(feed, "entry")
        if "deleted" not in story.flags:
            author = ET.SubElement(entry, "author")
            _text(author, "name", f"/u/{story.author}")
            _text(author, "uri", f"{base}/user/{story.author}")
        ET.SubElement(entry, "category", category)
        content = ET.SubElement(entry, "content", {"type": "html"})
        content.text = _content(base, story)
        _text(entry, "id", story.fullname)
        ET.SubElement(entry, "link", {"href": base + story.permalink})
        edited = world.clock.epoch - story.edited_hours_old * 3_600
        created = created_at(world, story)
        _text(entry, "updated", _moment(edited if story.edited_hours_old else created))
        _text(entry, "published", _moment(created))
        _text(entry, "title", story.title)
    text: bytes = ET.tostring(feed, encoding="UTF-8", xml_declaration=True)
    return text


def _content(base: str, story: Story) -> str:
    body = body_html(story.body) if story.body and not story.crosspost_of else ""
    comments = base + story.permalink
    if "media" in story.flags:
        picture = f'<a href="{comments}"><img src="{story.url}" alt="" /></a>'
        body = f"<table> <tr><td> {picture} </td><td> {body}"
    end = "</td></tr></table>" if "media" in story.flags else ""
    return (
        f'{body} &#32; submitted by &#32; <a href="{base}/user/{story.author}"> /u/{story.author} '
        f'</a> <br/> <span><a href="{story.url or comments}">[link]</a></span> &#32; '
        f'<span><a href="{comments}">[comments]</a></span>{end}'
    )


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
