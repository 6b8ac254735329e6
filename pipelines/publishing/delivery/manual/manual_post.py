"""The last method: a person posts by hand.

A post comes here if its account allows no other method, or every other one is closed. It stays
``manual`` until a person marks it as posted, has it posted automatically after all, or cancels it;
the next part waits for that as it would for TikTok. The page "Manual posts" shows the post; with a
mail server, a mail is sent too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import structlog

from adapters.ports import Mailer
from core import db
from core.errors import InputError
from models import AuditEntry, Job, JobState, Method, Post, PostState, StaleStateError, in_state
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.publishing.delivery.manual.links import Links
from pipelines.publishing.delivery.manual.manual_mail import compose
from pipelines.publishing.posts import decisions, history

log = structlog.get_logger(__name__)

VIDEO = re.compile(r"/@(?P<creator>[\w.]{1,30})/video/(?P<id>\d{5,25})/?")
SHORT = re.compile(r"(?:/t)?/[A-Za-z0-9]{5,20}/?")
"""What the app's "Copy link" gives; only TikTok knows which video it leads to."""
NUMBER = re.compile(r"\d{5,25}")
SHORT_HOSTS = frozenset({"vm.tiktok.com", "vt.tiktok.com"})
HOSTS = frozenset({"www.tiktok.com", "tiktok.com", "m.tiktok.com"})


def begin(post: Post, *, request_id: str = "") -> None:
    """Send a mail about a post that has just become ``manual``; inside that transaction.

    The earlier attempt must have ended; posting by hand is its own attempt in the history.
    """
    history.begin(post, Method.MANUAL)
    ledger.enqueue("mail", post.id, request_id=request_id)


def mail(post_id: int, claim: Claim, mailer: Mailer | None, links: Links) -> None:
    """The stage ``mail``: one mail about a post that waits for a person.

    Without a mail server, only the page shows the post. If the server's answer was lost, the mail
    may arrive twice, with the same Message-ID.

    Raises:
        Retryable: the mail server is unavailable or busy.
        Parked: the mail server refuses; a person has to fix a setting, then ask for a new mail.
    """
    post = Post.get_by_id(post_id)
    if mailer is not None and post.state == PostState.MANUAL:
        written = compose(post, links, key=f"post-{post.id}.{claim.request_id[:12]}")
        with db.closed_for_long_work():
            mailer.send(written)
        log.info("mailed", post=post.id)
    with claim.finish():
        pass


def mail_again(post_id: int, by: str) -> None:
    """Send a new mail with a new link, now.

    Raises:
        StaleStateError: the post no longer waits for a person.
    """
    with db.transaction():
        job = Job.of("mail", post_id)
        if job is not None and job.state == JobState.WAITING:
            job.try_move(JobState.CANCELLED)  # its next try may be an hour away
        post = Post.get_by_id(post_id)
        if post.state != PostState.MANUAL:
            raise StaleStateError(
                f"This post {in_state(post.state)}: nobody has to post it by hand."
            )
        AuditEntry.create(actor=by, action="post.mail", subject=f"post {post_id}")
        ledger.enqueue("mail", post_id)


def mark_posted(post_id: int, by: str, where: str) -> Place:
    """A person has posted it.

    Args:
        post_id: a post that waits for a person.
        by: who says so.
        where: its address or number on TikTok, as ``place`` reads it; may be empty.

    Raises:
        InputError: ``where`` is neither, or belongs to another post.
        StaleStateError: somebody else has decided about the post meanwhile.
    """
    found = place(where)
    with db.transaction():
        if other := _other_post_at(found, post_id):
            raise InputError(
                f"Post {other.id} already has this address: copy this post's link again."
            )
        decisions.mark_published(post_id, by, found.platform_id, address=found.address)
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post is on TikTok, as far as a person has said; empty if unknown."""

    platform_id: str = ""
    address: str = ""
    creator: str = ""


def place(text: str) -> Place:
    """Read a video's number, or its address from the app or the browser, also within a sentence.

    Raises:
        InputError: it is not the address of a video on TikTok.
    """
    text = text.strip()
    if not text or NUMBER.fullmatch(text):
        return Place(platform_id=text)
    found = re.search(r"https?://\S+", text)
    try:
        parts = urlsplit(found[0].rstrip(".,;)") if found else f"https://{text}")
        host, path = (parts.hostname or "").lower(), unquote(parts.path)
    except ValueError:
        raise _no_address() from None
    if host in HOSTS and (video := VIDEO.fullmatch(path)):
        address = f"https://www.tiktok.com/@{video['creator']}/video/{video['id']}"
        return Place(video["id"], address, video["creator"])
    short = host in SHORT_HOSTS or (host in HOSTS and path.startswith("/t/"))
    if short and SHORT.fullmatch(path):
        return Place(address=f"https://{host}{path}")
    raise _no_address()


def _no_address() -> InputError:
    return InputError(
        "That is not the address of a TikTok video. In the app, tap Share, then Copy link. It "
        "looks like https://www.tiktok.com/@name/video/7500000000000000000."
    )


def _other_post_at(found: Place, post_id: int) -> Post | None:
    """Another post with this address: somebody has pasted the link of an earlier post."""
    if not (found.platform_id or found.address):
        return None
    there = (
        Post.platform_id == found.platform_id
        if found.platform_id
        else Post.address == found.address
    )
    others = Post.select(Post.id).where(
        Post.state == PostState.PUBLISHED, there, Post.id != post_id
    )
    other: Post | None = others.first()
    return other
