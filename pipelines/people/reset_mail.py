"""Mails the links to choose a new password.

The page only notes that somebody asked: one UPDATE, for every name. So its answer and its time say
nothing about who exists, and a mail server that is away keeps nobody waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog

from adapters.ports import Mail, Mailer
from core import db
from core.errors import Parked, Retryable
from models import AuditEntry, User, now
from pipelines.people.reset_links import MAILED_LASTS, ResetLinks

log = structlog.get_logger(__name__)

LEAST_BETWEEN = timedelta(minutes=5)
"""At most one mail to a person in this time."""
TRIED_FOR = timedelta(minutes=10)
"""How long a mail is tried again before the person has to ask again."""


def ask(name: str) -> None:
    """Note that a link for the user with this name is wanted, if there is one to mail to."""
    rested = User.reset_mailed_at.is_null() | (User.reset_mailed_at < now() - LEAST_BETWEEN)
    User.update(reset_asked_at=now()).where(
        User.name == name, User.active, User.email.is_null(False), rested
    ).execute()


def send_due(mailer_to: Callable[[str], Mailer | None], links: ResetLinks) -> int:
    """Mail the links that were asked for; the number of mails.

    Args:
        mailer_to: a mailer to one address; None where no mail server is set.
        links: makes the links.
    """
    sent = 0
    with db.session():
        waiting = list(User.select().where(User.reset_asked_at.is_null(False), User.active))
    for user in waiting:
        sent += _send(user, mailer_to(user.email) if user.email else None, links)
    return sent


def _send(user: User, mailer: Mailer | None, links: ResetLinks) -> int:
    asked = (User.id == user.id) & (User.reset_asked_at == user.reset_asked_at)
    if mailer is None or now() - user.reset_asked_at > TRIED_FOR:
        log.warning("reset_mail_given_up", user=user.id)
        with db.session():
            User.update(reset_asked_at=None).where(asked).execute()
        return 0
    try:
        mailer.send(_mail(user, links.address(user, MAILED_LASTS)))
    except (Retryable, Parked) as error:
        log.warning("reset_mail_failed", user=user.id, code=error.code, reason=str(error))
        return 0
    with db.transaction():
        User.update(reset_asked_at=None, reset_mailed_at=now()).where(asked).execute()
        AuditEntry.create(actor=user.name, action="user.mail_link", subject=f"user {user.id}")
    return 1


def _mail(user: User, address: str) -> Mail:
    minutes = int(MAILED_LASTS.total_seconds() // 60)
    asked = "Somebody asked for a new password for your Storymill user. Choose it here:"
    lasts = f"The link works once, for {minutes} minutes."
    otherwise = "If you didn't ask, do nothing: your password stays as it is."
    texts = (asked, address, lasts, otherwise)
    paragraphs = (asked, f'<a href="{address}">Choose a new password</a>', lasts, otherwise)
    return Mail(
        key=f"reset-{user.id}.{user.reset_asked_at:%Y%m%d%H%M%S%f}",
        thread=f"reset-{user.id}",
        subject="Choose a new password",
        text="\n\n".join(texts) + "\n",
        html="".join(f"<p>{each}</p>" for each in paragraphs),
    )
