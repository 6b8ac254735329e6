"""Users and their roles; for owners."""

from __future__ import annotations

from typing import ClassVar

from flask import request
from flask.typing import ResponseReturnValue

from admin.auth import create_user, hash_password, person
from admin.views.page import Page, audit, done, expose, get
from core.db import database, transaction
from core.errors import InputError
from models import Role, User


class Users(Page):
    reads: ClassVar[Role] = Role.OWNER
    writes: ClassVar[Role] = Role.OWNER

    @expose("/")
    def index(self) -> str:
        shown = User.select(
            User.id, User.name, User.role, User.active, User.last_sign_in_at, User.locked_until
        )
        return self.render("users/index.html", users=list(shown.order_by(User.name)), roles=Role)

    @expose("/new", methods=["POST"])
    def new(self) -> ResponseReturnValue:
        with transaction():
            user = create_user(
                request.form.get("name", ""),
                request.form.get("password", ""),
                request.form.get("role", ""),
            )
            audit("user.add", f"user {user.id}", f"{user.name}, {user.role}")
        return done(f"{user.name} can sign in now.")

    @expose("/<int:user_id>/role", methods=["POST"])
    def role(self, user_id: int) -> ResponseReturnValue:
        role = request.form.get("role", "")
        if role not in set(Role):
            raise InputError(f"A role is one of {', '.join(Role)}.")
        with transaction():
            user = _other(user_id)
            User.update(role=role).where(User.id == user_id).execute()
            audit("user.set_role", f"user {user_id}", role)
        return done(f"{user.name} is {role} now.")

    @expose("/<int:user_id>/switch", methods=["POST"])
    def switch(self, user_id: int) -> ResponseReturnValue:
        """Bar or admit a user; one who is barred is out at once."""
        with transaction():
            user = _other(user_id)
            User.update(active=not user.active).where(User.id == user_id).execute()
            audit("user.bar" if user.active else "user.admit", f"user {user_id}")
        return done(f"{user.name} {'can no longer' if user.active else 'can'} sign in.")

    @expose("/<int:user_id>/password", methods=["POST"])
    def password(self, user_id: int) -> ResponseReturnValue:
        """A new password, which also ends the user's sessions and lock."""
        hashed = hash_password(request.form.get("password", ""))
        with transaction():
            user = _other(user_id)
            User.update(password_hash=hashed, failed_sign_ins=0, locked_until=None).where(
                User.id == user_id
            ).execute()
            audit("user.reset_password", f"user {user_id}")
        return done(f"{user.name} has the new password.")


def _other(user_id: int) -> User:
    """The user; never oneself, so that there is always an owner left who can sign in.

    Owners who act on each other at the same moment take turns.
    """
    database.execute_sql("SELECT 1 FROM person WHERE role = 'owner' ORDER BY id FOR UPDATE")
    if user_id == person().id:
        raise InputError("Another owner has to do this to your own user.")
    if (
        not User.select()
        .where(User.id == person().id, User.role == Role.OWNER, User.active)
        .exists()
    ):
        raise InputError("You are no owner any more.")
    return get(User, user_id)
