"""Stories that an account could only join late: their first parts went to other accounts before.

The account was connected, or chosen for the source, in mid-story. A person decides whether it gets
such stories from part 1 or starts with the next story. Until then nothing of them is planned, and
each is kept as a ``LateStory``.
"""

from __future__ import annotations

import structlog

from core import db
from core.errors import InputError
from models import (
    Account,
    AuditEntry,
    LateStories,
    LateStory,
    Part,
    Post,
    PostState,
    Script,
    Video,
    locked,
)

log = structlog.get_logger(__name__)


def joins_late(script: Script, account: Account) -> bool:
    """Whether other accounts have begun the story, and this one has nothing of it."""
    posts = Post.select(Post.id).join(Video).join(Part).where(Part.script == script)
    if posts.where(Post.account == account).exists():
        return False
    return bool(
        posts.where(Post.account != account, Post.state != PostState.CANCELLED, Part.number == 1)
        .limit(1)
        .exists()
    )


def ask(script: Script, account: Account) -> None:
    """Keep the story for the account until a person has decided."""
    LateStory.insert(account=account, script=script).on_conflict_ignore().execute()
    log.warning("story_joined_late", account=account.id, script=script.id)


def waiting_for(account_id: int) -> list[int]:
    """Ids of the scripts that wait for the account's decision."""
    rows = LateStory.select(LateStory.script).where(LateStory.account == account_id)
    return sorted(late.script.id for late in rows)


def decide(account_id: int, choice: str, by: str, waiting: list[int]) -> list[int]:
    """Store what the account gets of stories that began without it.

    In the caller's transaction, which has locked the scripts ``waiting``.

    Returns:
        The ids of the scripts that are to be planned on it now: those of ``waiting`` that still
        wait, if it gets such stories from part 1.

    Raises:
        InputError: there is no such account or no such choice.
    """
    if choice not in {LateStories.FROM_PART_ONE, LateStories.SKIP}:
        raise InputError("Choose whether the account gets such stories from part 1, or not.")
    with db.transaction():
        if locked(Account.select(Account.id).where(Account.id == account_id)).first() is None:
            raise InputError(f"There is no account {account_id}.")
        Account.update(late_stories=choice).where(Account.id == account_id).execute()
        decided = (LateStory.account == account_id) & LateStory.script.in_(waiting)
        rows = LateStory.select(LateStory.script).where(decided)
        still = sorted(late.script.id for late in rows)
        LateStory.delete().where(decided).execute()
        AuditEntry.create(
            actor=by,
            action="account.late_stories",
            subject=f"account {account_id}",
            reason="from part 1" if choice == LateStories.FROM_PART_ONE else "not at all",
        )
    return still if choice == LateStories.FROM_PART_ONE else []
