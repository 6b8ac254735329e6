"""Users and their roles, for owners."""

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
        users = User.select(
            User.id, User.name, User.role, User.active, User.last_sign_in_at, User.locked_until
        )
        return self.render("users/index.html", users=list(users.order_by(User.name)), roles=Role)

    @expose("/new", methods=["POST"])
    def new(self) -> ResponseReturnValue:
        with transaction():
            user = create_user(
                request.form.get("name", ""),
                request.form.get("password", ""),
                request.form.get("role", ""),
            )
            audit("user.add", f"user {user.id}", f"{user.name}, {user.role}")
        return done(f"{user.name} can now sign in.")

    @expose("/<int:user_id>/role", methods=["POST"])
    def role(self, user_id: int) -> ResponseReturnValue:
        role = request.form.get("role", "")
        if role not in set(Role):
            raise InputError(f"The role must be one of {', '.join(Role)}.")
        with transaction():
            user = _other(user_id)
            User.update(role=role).where(User.id == user_id).execute()
            audit("user.set_role", f"user {user_id}", role)
        return done(f"{user.name} is now {role}.")

    @expose("/<int:user_id>/switch", methods=["POST"])
    def switch(self, user_id: int) -> ResponseReturnValue:
        """Deactivate or reactivate a user. Deactivated users are signed out immediately."""
        with transaction():
            user = _other(user_id)
            User.update(active=not user.active).where(User.id == user_id).execute()
            audit("user.deactivate" if user.active else "user.reactivate", f"user {user_id}")
        return done(f"{user.name} {'can no longer' if user.active else 'can'} sign in.")

    @expose("/<int:user_id>/password", methods=["POST"])
    def password(self, user_id: int) -> ResponseReturnValue:
        """Reset the password, which also ends the user's sessions and lockout."""
        hashed = hash_password(request.form.get("password", ""))
        with transaction():
            user = _other(user_id)
            User.update(password_hash=hashed, failed_sign_ins=0, locked_until=None).where(
                User.id == user_id
            ).execute()
            audit("user.reset_password", f"user {user_id}")
        return done(f"Password of {user.name} reset.")


def _other(user_id: int) -> User:
    """The user, but never yourself: at least one owner must always be able to sign in.

    The lock makes simultaneous changes by owners run one after the other.
    """
    database.execute_sql("SELECT 1 FROM person WHERE role = 'owner' ORDER BY id FOR UPDATE")
    if user_id == person().id:
        raise InputError("You can't change your own user. Ask another owner.")
    if (
        not User.select()
        .where(User.id == person().id, User.role == Role.OWNER, User.active)
        .exists()
    ):
        raise InputError("You are no longer an owner.")
    return get(User, user_id)
