"""Stage "fetch": adds new stories from a source and records the outcome of each row."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from itertools import islice
from typing import Any, Literal, cast

import structlog

from adapters.ports import FetchedStory, StoryQuery, StorySource, UnreadableRow
from core import db
from core.db import database, transaction
from core.errors import StageError
from core.files.intake_folder import UPLOADS
from core.log import storable
from core.text.deletion_notices import Notice, notice
from models import Intake, NsfwPolicy, Source, SourceKind, Story, StoryState, locked, now
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.stories.intake.source_settings import ALL, OF_FILES
from pipelines.stories.text.rules import footers
from pipelines.typed_limits import LONGEST_TITLE

log = structlog.get_logger(__name__)

OUTCOMES_KEPT_DAYS = 30
BATCH = 500
"""Rows of a file that are looked up together."""
INTAKE_LOCK = 0x570B
LONGEST_BODY = 1_000_000
"""Most characters that are read; the longest story a source may allow has about 120,000."""


class IntakeOutcome(StrEnum):
    """The outcome of one fetched row."""

    TAKEN = "taken"
    SKIPPED = "skipped"
    KNOWN = "known"


def fetch(source_id: int, claim: Claim, source_of: Callable[[str], StorySource]) -> None:
    """Fetch the source's stories and add those that are new.

    If a source fails, its page shows the error; other sources are not affected. If it fails while
    fetching answers, posts that already have theirs are added. So a source with a low rate limit
    is read in several tries.
    """
    source = Source.get_by_id(source_id)
    origin, query = source_of(source.kind), _query(source)
    answered: dict[str, FetchedStory] = {}
    try:
        with db.closed_for_long_work():
            rows = origin.stories(query)
            found = list(islice(_not_seen_before(source, rows), source.count))
        if source.answers and (asked := _to_ask(source, found)):
            with db.closed_for_long_work():
                posts = {post.external_id: post for post in asked}
                for name, answers in origin.answers(asked, source.answers):
                    answered[name] = replace(posts[name], answers=answers)
            found = [answered.get(post.external_id, replace(post, answers=())) for post in found]
    except StageError as error:
        with claim.step():
            one_at_a_time()
            for post in answered.values():
                take(source, post, claim.request_id)
            if _is_as_read(source):
                wrong = storable(str(error))
                Source.update(last_error=wrong).where(Source.id == source.id).execute()
        raise
    with claim.finish():
        one_at_a_time()
        outcomes = Counter(take(source, post, claim.request_id).outcome for post in found)
        Source.update(last_fetched_at=now(), last_error="").where(Source.id == source.id).execute()
        if _is_as_read(source):
            Source.update(memory=query.memory).where(Source.id == source.id).execute()
        if source.place.startswith(f"{UPLOADS}/") and len(found) == source.count:
            # A person waits for the rest of an upload: it is due at once.
            Source.update(next_fetch_at=None).where(Source.id == source.id).execute()
        _forget_old_outcomes(source)
    log.info("fetched", source=source.name, found=len(found), **outcomes)


def _is_as_read(source: Source) -> bool:
    """False if a person has edited the source meanwhile: what was found out is outdated.

    Locks the row.
    """
    current = locked(Source.select().where(Source.id == source.id)).first()
    names = ("whole_place", *(setting.name for setting in ALL))
    return current is not None and all(
        getattr(current, name) == getattr(source, name) for name in names
    )


def one_at_a_time() -> None:
    """Two sources that list the same posts in another order would wait for each other for ever."""
    database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (INTAKE_LOCK,))


def _query(source: Source) -> StoryQuery:
    return StoryQuery(
        place=source.whole_place,
        listing=cast("Literal['hot', 'new', 'top', 'rising']", source.listing),
        time_filter=cast(
            "Literal['hour', 'day', 'week', 'month', 'year', 'all']", source.time_filter
        ),
        limit=sys.maxsize if source.kind in OF_FILES else source.count,
        memory=dict(source.memory),
    )


def _to_ask(source: Source, found: list[FetchedStory]) -> list[FetchedStory]:
    """The posts whose answers are needed: new ones that would not be skipped."""
    ids = [post.external_id for post in found]
    rows = Story.select(Story.external_id).where(Story.external_id.in_(ids))
    known = {row.external_id for row in rows}
    return [
        post
        for post in found
        if post.external_id not in known and not why_skip(source, post, answers_follow=True)
    ]


def _not_seen_before(source: Source, rows: Iterator[FetchedStory]) -> Iterator[FetchedStory]:
    """For a file or folder, only the rows not fetched before, so each fetch continues.

    A listing or a feed gives its best rows each time, and all of them are recorded.
    """
    if source.kind not in OF_FILES:
        yield from rows
        return
    while batch := list(islice(rows, BATCH)):
        names = [row.external_id for row in batch]
        with db.session():
            seen: set[str] = set()
            for table in (Story, Intake):
                before: Any = table.select(table.external_id).where(
                    table.source == source, table.external_id.in_(names)
                )
                seen.update(row.external_id for row in before)
        yield from (row for row in batch if row.external_id not in seen)


def take(source: Source, post: FetchedStory, request_id: str = "") -> Intake:
    """Record a row's outcome, and its story if that is new. Must be in a transaction."""
    reason, doubt = why_skip(source, post), _doubt(source, post)
    inserted = (
        Story.insert(
            source=source,
            **columns_of(source, post, kind=source.kind),
            state=StoryState.SKIPPED if reason else StoryState.FETCHED,
            reason=reason,
        )
        .on_conflict_ignore()
        .returning(Story)
        .execute()
    )
    story = next(iter(inserted), None)
    if story is None:
        known = Story.select(Story.id).where(Story.external_id == post.external_id).get()
        outcome, reason = IntakeOutcome.KNOWN, f"It was added before, as story {known.id}."
    elif reason:
        outcome = IntakeOutcome.SKIPPED
    else:
        outcome, reason = IntakeOutcome.TAKEN, _storable(doubt)
        ledger.enqueue("prepare", story.id, request_id=request_id)
    return Intake.create(
        source=source,
        external_id=post.external_id,
        title=_storable(post.title)[:LONGEST_TITLE],
        outcome=outcome,
        reason=reason,
        story=story or known,
    )


def columns_of(source: Source, post: FetchedStory, *, kind: str) -> dict[str, Any]:
    """The columns of a story that come from the post; ``kind`` is how it was read."""
    return {
        "external_id": post.external_id,
        "url": _storable(post.url),
        "place": _storable(post.place),
        "author": _storable(post.author),
        "score": post.score,
        "nsfw": post.nsfw,
        "doubt": _storable(_doubt(source, post)),
        "excerpt": footers.is_excerpt(
            post.body,
            # Reddit's feeds give whole posts.
            from_feed=kind == SourceKind.FEED and not post.external_id.startswith("reddit:"),
        ),
        "written_at": post.written_at,
        "title": _storable(post.title)[:LONGEST_TITLE],
        "body": _storable(post.body),
        "answers": [
            {
                "author": _storable(answer.author),
                "text": _storable(answer.text),
                "score": answer.score,
            }
            for answer in post.answers[: source.answers]
        ],
    }


def _forget_old_outcomes(source: Source) -> None:
    oldest = now() - timedelta(days=OUTCOMES_KEPT_DAYS)
    Intake.delete().where(Intake.source == source, Intake.created_at < oldest).execute()


def why_skip(source: Source, post: FetchedStory, *, answers_follow: bool = False) -> str:
    """Why to skip a post without reading its text; empty to keep it.

    A question needs no text if it has answers, or if they are fetched later (``answers_follow``).
    """
    has_text = bool(post.body.strip() or (source.answers and (post.answers or answers_follow)))
    known_original = (
        post.crosspost_of is not None
        and Story.select().where(Story.external_id == post.crosspost_of).exists()
    )
    unreadable = post.why if isinstance(post, UnreadableRow) else ""
    reasons = (
        (unreadable, unreadable),
        (not post.title.strip(), "It has no title."),
        (
            len(post.title) > LONGEST_TITLE,
            f"Its title is longer than {LONGEST_TITLE:,} characters.",
        ),
        (len(post.body) > LONGEST_BODY, f"It is longer than {LONGEST_BODY:,} characters."),
        (post.removed or notice(post.body) is Notice.GONE, "It was removed or deleted."),
        (post.stickied, "It is a pinned notice."),
        (post.media_only, "It is only a link or a picture."),
        (not has_text and not source.answers, "It has a title but no text."),
        (not has_text, "It has a title, but no text and no answers."),
        (known_original, f"It is a cross-post of {post.crosspost_of}, which was added before."),
        (
            post.score is not None and post.score < source.min_score,
            f"Its score {post.score} is below {source.min_score}.",
        ),
        (post.nsfw and source.nsfw == NsfwPolicy.SKIP, "It is marked not safe for work."),
    )
    return next((reason for applies, reason in reasons if applies), "")


def _doubt(source: Source, post: FetchedStory) -> str:
    """What can't be read about a post that the source's rules ask for; a person decides."""
    sentences = [post.doubt]
    if post.score is None and source.min_score:
        written = post.score_as_written
        said = f"Its score “{written}” can't be read" if written else "It has no score"
        sentences.append(f"{said}, so the minimum score of {source.min_score} was not checked.")
    return " ".join(filter(None, sentences))


def enqueue_due_sources() -> int:
    """Queue a fetch for every enabled source that is due; returns how many.

    The next time is set in the same statement, so a second clock tick finds nothing due.
    """
    due = (
        "enabled AND archived_at IS NULL AND kind <> 'paste' "
        "AND (next_fetch_at IS NULL OR next_fetch_at <= now())"
    )
    with transaction():
        found = database.execute_sql(f"SELECT id FROM source WHERE {due} ORDER BY id").fetchall()
        ids = [source_id for (source_id,) in found]
        ledger.lock_jobs((("fetch",), ids))
        cursor = database.execute_sql(
            "UPDATE source SET next_fetch_at = now() + interval_minutes * interval '1 minute' "
            f"WHERE id IN (SELECT id FROM source WHERE id = ANY(%s) AND {due} ORDER BY id "
            "FOR NO KEY UPDATE) RETURNING id",
            (ids,),
        )
        begun = [source_id for (source_id,) in cursor.fetchall()]
        for source_id in sorted(begun):
            ledger.enqueue("fetch", source_id)
    return len(begun)


def _storable(text: str) -> str:
    """The text without NUL and lone surrogates, which PostgreSQL can't store."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()
