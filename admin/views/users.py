"""Users and their roles, for owners."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import request, url_for
from flask.typing import ResponseReturnValue
from peewee import fn

from admin.auth import person, sessions, two_factor
from admin.auth import users as people
from admin.views.page import Page, done, expose, get, settings
from core.db import database, transaction
from core.errors import InputError
from models import AuditEntry, Role, SignInSession, User
from pipelines.people.reset_links import GIVEN_LASTS, ResetLinks


class Users(Page):
    reads: ClassVar[Role] = Role.OWNER
    writes: ClassVar[Role] = Role.OWNER

    @expose("/")
    def index(self) -> str:
        signed_in = (
            SignInSession.select(fn.COUNT(SignInSession.id))
            .where(SignInSession.user == User.id, *sessions.alive())
            .alias("sessions")
        )
        rows: Any = User.select(
            User.id,
            User.name,
            User.role,
            User.active,
            User.email,
            User.last_sign_in_at,
            User.totp_since,
            (User.password_hash == "").alias("is_new"),
            signed_in,
        ).order_by(User.name)
        return self.render(
            "users/index.html", users=list(rows.objects()), roles=Role, version=people.version_of
        )

    @expose("/new", methods=["POST"])
    def new(self) -> ResponseReturnValue:
        """Add a user, and show the link by which this person chooses a password."""
        user = people.create_user(
            request.form.get("name", ""),
            None,
            request.form.get("role", ""),
            email=request.form.get("email", ""),
            by=person().name,
        )
        return self._link(user)

    @expose("/<int:user_id>/reset", methods=["POST"])
    def reset(self, user_id: int) -> ResponseReturnValue:
        """Show a link by which the user chooses a new password."""
        user = get(User, user_id)
        if not user.active:
            raise InputError(f"{user.name} can't sign in. Reactivate this user first.")
        with transaction():
            AuditEntry.create(
                actor=person().name, action="user.give_link", subject=f"user {user_id}"
            )
        return self._link(user)

    def _link(self, user: User) -> str:
        address = ResetLinks.of(settings()).address(user, GIVEN_LASTS)
        return self.render("users/link.html", user=user, address=address)

    @expose("/<int:user_id>/role", methods=["POST"])
    def role(self, user_id: int) -> ResponseReturnValue:
        role = request.form.get("role", "")
        with transaction():
            _check_other(user_id)
            user = people.set_role(user_id, role, person().name, seen=_seen())
        return done(f"{user.name} is now {role}.", url_for(".index"))

    @expose("/<int:user_id>/switch", methods=["POST"])
    def switch(self, user_id: int) -> ResponseReturnValue:
        """Deactivate or reactivate a user. Deactivated users are signed out immediately."""
        with transaction():
            _check_other(user_id)
            active = not get(User, user_id).active
            user = people.set_active(user_id, person().name, active=active)
        return done(
            f"{user.name} {'can' if active else 'can no longer'} sign in.", url_for(".index")
        )

    @expose("/<int:user_id>/email", methods=["POST"])
    def email(self, user_id: int) -> ResponseReturnValue:
        user = get(User, user_id)
        address = request.form.get("email", "")
        people.set_email(user_id, address, person().name, seen=_seen())
        return done(f"E-mail address of {user.name} saved.", url_for(".index"))

    @expose("/<int:user_id>/sessions/end", methods=["POST"])
    def end_sessions(self, user_id: int) -> ResponseReturnValue:
        user = get(User, user_id)
        with transaction():
            ended = sessions.end(user_id, person().name)
        return done(f"Sessions of {user.name} ended: {ended}.", url_for(".index"))

    @expose("/<int:user_id>/two-factor/off", methods=["POST"])
    def two_factor_off(self, user_id: int) -> ResponseReturnValue:
        """For a lost phone: the user signs in by password, then sets up codes again."""
        user = get(User, user_id)
        two_factor.turn_off(user_id, person().name)
        return done(f"{user.name} signs in without a code now.", url_for(".index"))


def _seen() -> str:
    return request.form.get("seen", "")


def _check_other(user_id: int) -> None:
    """Never yourself: at least one owner must always be able to sign in.

    The lock makes simultaneous changes by owners run one after the other.
    """
    database.execute_sql("SELECT 1 FROM person WHERE role = 'owner' ORDER BY id FOR UPDATE")
    if user_id == person().id:
        raise InputError("You can't change your own user. Ask another owner.")
    me = User.select().where(User.id == person().id, User.role == Role.OWNER, User.active)
    if not me.exists():
        raise InputError("You are no longer an owner.")
    get(User, user_id)
