"""Failures in a row: an account whose posts keep failing pauses itself before more are used up."""

from __future__ import annotations

from core import db
from core.errors import StageError
from models import Account, PauseCause
from pipelines.publishing.accounts.pause import STORYMILL, pause

OF_THE_POST = ("compliance_", "video_")
"""How the codes begin of errors that say nothing about the account: its text, or its file."""


def count(account_id: int, error: StageError, most: int) -> None:
    """One more post of the account has failed or needs attention; pause it after ``most`` in a row.

    Args:
        account_id: the account.
        error: why; the reason of the pause names it.
        most: 0 never pauses.
    """
    if error.code.startswith(OF_THE_POST):
        return
    with db.transaction():
        row = (
            Account.update(failed_in_a_row=Account.failed_in_a_row + 1)
            .where(Account.id == account_id)
            .returning(Account.failed_in_a_row)
            .tuples()
        )
        [(failed,)] = row.execute()
        if 0 < most <= failed:
            posts = "A post" if failed == 1 else f"{failed} posts in a row"
            pause(
                account_id,
                STORYMILL,
                f"{posts} could not go out. The last one: {error}",
                cause=PauseCause.FAILURES,
            )


def forget(account_id: int) -> None:
    """A post of the account went out: no failure before it counts any more."""
    Account.update(failed_in_a_row=0).where(
        Account.id == account_id, Account.failed_in_a_row > 0
    ).execute()
