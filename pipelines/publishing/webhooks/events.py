"""TikTok's webhook events: checked, stored once, and acted on.

TikTok sends each event at least once, for up to 72 hours, in any order (its "Webhooks" documents of
November 2026). So an event only makes the post's job due at once, and the job asks TikTok itself.
Without events the same happens, only later. If no job is left to ask, the event's signature is the
proof. Then the result is the same in any order and with any number of repeats:

- a post that waits in the creator's inbox has been published from there. Everything else already
  treats it as done (the next part goes out once it is delivered), so this only records the fact,
  and it can't be undone;
- the number of a public video is stored once;
- the newest event about a video's visibility decides whether it is visible;
- an authorization that the creator removed ends the account, unless it was renewed since.

An event and its effects are one transaction: a crash before its end leaves neither, and TikTok
sends the event again. An event that arrives too early, while a worker is processing its post, has
no outcome yet; ``settle`` checks it again each minute.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

import structlog
from peewee import IntegrityError
from prometheus_client import Counter

from core import db
from core.log import storable
from models import (
    Account,
    AccountState,
    Job,
    JobState,
    Post,
    PostState,
    WebhookEvent,
    in_state,
    locked,
    now,
)
from pipelines import ledger
from pipelines.publishing.accounts.connection import PLATFORM, end_grant
from pipelines.publishing.posts import history
from pipelines.publishing.webhooks.payload import Event, read
from pipelines.stages import POST_STAGES
from pipelines.subscriptions import events as told

log = structlog.get_logger(__name__)

KEPT_DAYS = 7
"""Longer than TikTok repeats an event (72 hours)."""
SETTLE_BATCH = 500

COMPLETE = "post.publish.complete"
FAILED = "post.publish.failed"
DELIVERED = "post.publish.inbox_delivered"
IN_VIEW = "post.publish.publicly_available"
OUT_OF_VIEW = "post.publish.no_longer_publicaly_available"  # spelled so by TikTok
OF_POSTS = frozenset({COMPLETE, FAILED, DELIVERED, IN_VIEW, OUT_OF_VIEW})
REMOVED = "authorization.removed"

REASONS = {
    1: "the creator disconnected the app in TikTok",
    2: "the creator's account was deleted",
    3: "the creator's age was changed",
    4: "the creator's account was banned",
    5: "the app itself ended it",
}
"""TikTok's numbers for why an authorization was removed."""

UNSETTLED = ""
STAGES = ("confirm", "publish")

EVENTS = Counter("storymill_webhooks_total", "Webhook deliveries by outcome", ["what"])


def receive(body: bytes, *, client_key: str) -> str:
    """Store a verified event and act on it, both or neither; a repeat changes nothing.

    An event for another app, or about a post of another creator, is stored and not used.

    Args:
        body: the event, whose signature was checked.
        client_key: our app's.

    Returns:
        The outcome in words; empty if it has to be settled later.

    Raises:
        InputError: it is not an event.
    """
    event = read(body)
    with db.transaction():
        row = _kept(event, hashlib.sha256(body).hexdigest())
        if row is None:
            EVENTS.labels("repeated").inc()
            return "already received"
        if event.client_key == client_key:
            outcome = _settled(row, event)
        else:
            outcome = _ended(row, "not used: it is for another app")
    EVENTS.labels("taken").inc()
    log.info("webhook", name=storable(event.name), publish_id=event.publish_id, outcome=outcome)
    return outcome


def settle() -> int:
    """Check events again that arrived while a worker was processing their post; how many ended."""
    waiting = WebhookEvent.select(WebhookEvent.id).where(WebhookEvent.outcome == UNSETTLED)
    ended = 0
    for each in list(waiting.order_by(WebhookEvent.id).limit(SETTLE_BATCH)):
        with db.transaction():
            rows = WebhookEvent.select().where(
                WebhookEvent.id == each.id, WebhookEvent.outcome == UNSETTLED
            )
            row = locked(rows, skip_locked=True).first()
            if row is not None:
                event = Event(row.event, row.open_id, row.created_at, publish_id=row.publish_id)
                ended += _settled(row, event) != UNSETTLED
    return ended


def forget_old() -> int:
    """Delete events that TikTok no longer repeats; how many."""
    too_old = WebhookEvent.created_at < now() - timedelta(days=KEPT_DAYS)
    return int(WebhookEvent.delete().where(too_old).execute())


def _kept(event: Event, digest: str) -> WebhookEvent | None:
    """The event's new row, whose ``created_at`` is the time of the event; None for a repeat."""
    try:
        with db.transaction():  # a savepoint
            return WebhookEvent.create(
                created_at=event.at,
                digest=digest,
                event=storable(event.name)[: WebhookEvent.event.max_length],
                open_id=storable(event.open_id)[: WebhookEvent.open_id.max_length],
                publish_id=event.publish_id,
            )
    except IntegrityError:
        return None


def _settled(row: WebhookEvent, event: Event) -> str:
    if event.name in OF_POSTS:
        outcome = _move_post_on(event)
    elif event.name == REMOVED:
        outcome = _end_account(event)
    else:
        outcome = "not used"
    return _ended(row, outcome) if outcome != UNSETTLED else outcome


def _ended(row: WebhookEvent, outcome: str) -> str:
    WebhookEvent.update(outcome=outcome).where(WebhookEvent.id == row.id).execute()
    return outcome


def _move_post_on(event: Event) -> str:
    """Lock jobs before the post, as everywhere in this package, to avoid a deadlock."""
    found = (
        Post.select(Post.id, Account.open_id)
        .join(Account)
        .where(Post.publish_id == event.publish_id)
    )
    known = found.first() if event.publish_id else None
    if known is None:
        return "not used: no post has this publish id"
    if known.account.open_id != event.open_id:
        return "not used: the post is another creator's"
    ledger.lock_jobs((POST_STAGES, (known.id,)))
    asked = any(ledger.wake(stage, known.id) for stage in STAGES)
    jobs = Job.select(Job.id).where(Job.stage.in_(STAGES), Job.subject_id == known.id)
    busy = not asked and jobs.where(Job.state == JobState.RUNNING).exists()
    # Read last: if no job works on it any more, this is the final state.
    post = Post.select(Post.id, Post.state, Post.platform_id).where(Post.id == known.id).get()
    if event.video_id and not post.platform_id:
        history.learn_number(post, event.video_id)
    if busy or (asked and event.name == OUT_OF_VIEW):
        return UNSETTLED
    return "asks TikTok at once" if asked else _without_a_job(post, event)


def _without_a_job(post: Post, event: Event) -> str:
    name = event.name
    match post.state:
        case PostState.INBOX if name in {COMPLETE, IN_VIEW}:
            if post.try_move(PostState.PUBLISHED, published_at=event.at, reason=""):
                told.post_published(post.id)
            return "published from the inbox"
        case PostState.INBOX if name == FAILED:
            _note(post, f"TikTok says it can't be posted from the inbox{_why(event)}.")
            return "noted on the post"
        case PostState.PUBLISHED if name in {IN_VIEW, OUT_OF_VIEW}:
            return _show_or_hide(post, event)
        case PostState.PARKED | PostState.FAILED:
            _ask_again(post)
            return "asks TikTok again"
        case PostState.CANCELLED if name in {COMPLETE, IN_VIEW}:
            _note(post, "TikTok published it although it was cancelled: check the account.")
            return "noted on the post"
        case state:
            return f"nothing left to do: the post {in_state(state)}"


def _ask_again(post: Post) -> None:
    """Ask TikTok for the outcome, instead of a person. The video is not sent again."""
    for job in Job.select().where(Job.stage.in_(POST_STAGES), Job.subject_id == post.id):
        ledger.resolve_dead_letters(job.id, "rechecked")
        if job.stage == "publish":
            job.try_move(JobState.CANCELLED, finished_at=now())
    ledger.enqueue("confirm", post.id)


def _show_or_hide(post: Post, event: Event) -> str:
    about_visibility = WebhookEvent.event.in_([IN_VIEW, OUT_OF_VIEW])
    newer = WebhookEvent.select(WebhookEvent.id).where(
        WebhookEvent.publish_id == event.publish_id,
        about_visibility,
        WebhookEvent.created_at > event.at,
    )
    if newer.exists():
        return "not used: a newer event says otherwise"
    if event.name == OUT_OF_VIEW:
        _note(post, "Viewers can no longer see it: TikTok or its creator withdrew it.")
        return "noted on the post"
    # Start reading its views again, even if that was stopped while it was not visible.
    Post.update(reason="", next_insight_at=None).where(
        Post.id == post.id, Post.state == PostState.PUBLISHED
    ).execute()
    return "publicly visible"


def _note(post: Post, sentence: str) -> None:
    Post.update(reason=sentence).where(Post.id == post.id, Post.state == post.state).execute()


def _why(event: Event) -> str:
    return f" ({event.reason})" if event.reason.isidentifier() else ""


def _end_account(event: Event) -> str:
    """Expire the account as a refresh does when the grant is gone; tokens are deleted in a week."""
    columns = Account.select(Account.id, Account.state, Account.last_refreshed_at)
    account = locked(
        columns.where(Account.platform == PLATFORM, Account.open_id == event.open_id)
    ).first()
    if account is None:
        return "not used: no such account"
    if account.state != AccountState.CONNECTED:
        return f"nothing left to do: the account is {account.state}"
    renewed_at = account.last_refreshed_at
    if renewed_at is not None and renewed_at >= event.at + timedelta(seconds=1):
        return "not used: the account was connected or renewed since"
    code = int(event.reason) if event.reason.isdecimal() else 0
    why = REASONS.get(code, "TikTok doesn't say why")
    end_grant(
        account.id,
        f"TikTok removed the app's authorization ({why}): connect the account again.",
    )
    return "the account needs to be connected again"
