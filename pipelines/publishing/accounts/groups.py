"""Groups of accounts: names that a person puts accounts under, to find and change them together."""

from __future__ import annotations

from collections.abc import Iterable

from core import db
from core.errors import InputError
from models import Account, AuditEntry, locked

LONGEST = 40
MOST = 20
"""Groups of one account."""


def parse(text: str) -> list[str]:
    """Names separated by commas; sorted, each once, spaces tidied.

    Raises:
        InputError: a name is too long.
    """
    names = {" ".join(name.split()) for name in text.split(",")} - {""}
    if too_long := [name for name in names if len(name) > LONGEST]:
        raise InputError(
            f"The group name “{too_long[0][:LONGEST]}…” has {len(too_long[0])} letters: use at "
            f"most {LONGEST}."
        )
    return sorted(names, key=str.casefold)


def change(
    account_id: int, by: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> bool:
    """Put the account into groups and take it out of others; False if nothing changes.

    A group exists as long as an account is in it.

    Raises:
        InputError: there is no such account, or it would be in too many groups.
    """
    with db.transaction():
        before = _locked(account_id)
        wanted = sorted((set(before) | set(add)) - set(remove), key=str.casefold)
        if wanted == before:
            return False
        if len(wanted) > MOST:
            raise InputError(f"An account can be in at most {MOST} groups.")
        Account.update(groups=wanted).where(Account.id == account_id).execute()
        AuditEntry.create(
            actor=by,
            action="account.set_groups",
            subject=f"account {account_id}",
            reason=", ".join(wanted) or "none",
        )
    return True


def ids(group: str) -> list[int]:
    """Ids of the accounts in a group, in order.

    Raises:
        InputError: there is no such group; the message names those that exist.
    """
    found, known = [], set[str]()
    for row in Account.select(Account.id, Account.groups).order_by(Account.id):
        known.update(row.groups)
        if group in row.groups:
            found.append(row.id)
    if not found:
        others = ", ".join(sorted(known, key=str.casefold)) or "none yet"
        raise InputError(f"There is no group {group or 'without a name'}. Groups: {others}.")
    return found


def _locked(account_id: int) -> list[str]:
    columns = Account.select(Account.id, Account.groups).where(Account.id == account_id)
    account = locked(columns).first()
    if account is None:
        raise InputError(f"There is no account {account_id}.")
    return list(account.groups)
