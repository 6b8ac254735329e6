"""People who can sign in, for owners."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from admin.api.caller import caller
from admin.api.listing import get, rows
from admin.api.models import Answer, Body, Id, Line, ListQuery, Moment, Page
from admin.api.operation import operation
from admin.auth import sessions
from admin.auth import users as people
from admin.configured import settings
from core.db import transaction
from core.errors import InputError
from models import AuditEntry, Role, User
from pipelines.people.api_tokens import Scope
from pipelines.people.reset_links import GIVEN_LASTS, ResetLinks


class UserItem(Answer):
    """A user."""

    id: Id
    name: str
    role: Role
    active: bool
    email: str | None
    two_factor: Annotated[bool, Field(description="Whether codes are asked at the sign-in.")]
    last_sign_in_at: Moment | None
    created_at: Moment


class UserPage(Page[UserItem]):
    """One page of users, newest first."""


class PasswordLink(Answer):
    """A link by which the user chooses a password; it works once, for 24 hours."""

    user: UserItem
    link: str


class NewUser(Body):
    name: Annotated[Line, Field(min_length=1)]
    role: Annotated[Role, Field(strict=False)]
    email: Line = ""


class UserEdit(Body):
    role: Annotated[Role | None, Field(strict=False)] = None
    active: bool | None = None
    email: Line | None = None


@operation("GET", "/users", Scope.ADMIN)
def listed(query: ListQuery) -> UserPage:
    """List users."""
    page, following = rows(User.select(), User.id, query)
    return UserPage(items=[_item(row) for row in page], next=following)


@operation("GET", "/users/<int:user_id>", Scope.ADMIN)
def show(user_id: int) -> UserItem:
    """Read a user."""
    return _item(get(User, user_id))


@operation(
    "POST",
    "/users",
    Scope.ADMIN,
    status=201,
    examples={"an editor": {"name": "nina", "role": "editor", "email": "nina@example.com"}},
)
def add(body: NewUser) -> PasswordLink:
    """Add a user. Give the link to this person: a password is chosen there."""
    user = people.create_user(body.name, None, body.role, email=body.email, by=caller().name)
    return _link(user)


@operation(
    "PATCH",
    "/users/<int:user_id>",
    Scope.ADMIN,
    examples={"another role": {"role": "viewer"}, "deactivate": {"active": False}},
)
def edit(user_id: int, body: UserEdit) -> UserItem:
    """Change a user's role or address, deactivate or reactivate. What is left out stays."""
    by = caller().name
    with transaction():
        get(User, user_id)
        if user_id == caller().user.id and (body.role is not None or body.active is not None):
            raise InputError("You can't change your own user. Ask another owner.")
        if body.role is not None:
            people.set_role(user_id, body.role, by)
        if body.active is not None:
            people.set_active(user_id, by, active=body.active)
        if body.email is not None:
            people.set_email(user_id, body.email, by)
    return _item(get(User, user_id))


@operation("POST", "/users/<int:user_id>/password-link", Scope.ADMIN)
def password_link(user_id: int) -> PasswordLink:
    """Get a link by which the user chooses a new password."""
    user = get(User, user_id)
    if not user.active:
        raise InputError(f"{user.name} can't sign in. Reactivate this user first.")
    with transaction():
        subject = f"user {user_id}"
        AuditEntry.create(actor=caller().name, action="user.give_link", subject=subject)
    return _link(user)


@operation("POST", "/users/<int:user_id>/end-sessions", Scope.ADMIN)
def end_sessions(user_id: int) -> UserItem:
    """Sign a user out everywhere."""
    user = get(User, user_id)
    with transaction():
        sessions.end(user_id, caller().name)
    return _item(user)


def _item(user: Any) -> UserItem:
    names = UserItem.model_fields.keys() - {"two_factor"}
    return UserItem(
        **{name: getattr(user, name) for name in names}, two_factor=user.totp_since is not None
    )


def _link(user: User) -> PasswordLink:
    address = ResetLinks.of(settings()).address(user, GIVEN_LASTS)
    return PasswordLink(user=_item(user), link=address)
