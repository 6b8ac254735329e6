"""Access: users, passwords, sign-in with lockout, and the signed-in person."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from flask import (
    Blueprint,
    Flask,
    abort,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    login_user,
    logout_user,
)
from peewee import IntegrityError

from core.db import database, transaction
from core.errors import InputError
from models import AuditEntry, Role, User

log = structlog.get_logger(__name__)

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200

FREE_TRIES = 4
"""Wrong passwords before the first lock."""
FIRST_LOCK_SECONDS = 15
LONGEST_LOCK_SECONDS = 900

# OWASP's password storage advice: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# One thread does all hashing: otherwise each server thread's allocator would keep 19 MiB.
_hashing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hashing")

blueprint = Blueprint("auth", __name__)


class Person(UserMixin):  # type: ignore[misc]  # untyped base
    """The signed-in user of a request.

    The session's id contains a stamp of the password hash. Changing the password therefore ends
    every session that started with the old one.
    """

    def __init__(self, user: User) -> None:
        self.id: int = user.id
        self.name: str = user.name
        self.role = Role(user.role)
        self.stamp = sha256(str(user.password_hash).encode()).hexdigest()[:16]

    def get_id(self) -> str:
        return f"{self.id}.{self.stamp}"

    def may(self, least: Role) -> bool:
        """Whether the person's role is ``least`` or above it."""
        rising = (Role.VIEWER, Role.EDITOR, Role.OWNER)
        return rising.index(self.role) >= rising.index(least)


def person() -> Person:
    """The signed-in person. Call it only behind ``Page``, which requires a sign-in."""
    signed_in: Person = current_user._get_current_object()  # noqa: SLF001  # Flask-Login's idiom
    return signed_in


def load_person(session_id: str) -> Person | None:
    number, _, stamp = session_id.partition(".")
    user = User.get_or_none(User.id == int(number), User.active)
    if user is None:
        return None
    known = Person(user)
    return known if secrets.compare_digest(known.stamp, stamp) else None


# ── users and passwords ──────────────────────────────────────────────────────────────────────


def create_user(name: str, password: str, role: str) -> User:
    """Create a user.

    Raises:
        InputError: the name is taken or empty, the password too short, or the role unknown.
    """
    name = name.strip()
    if not 0 < len(name) <= User.name.max_length:
        raise InputError("A user's name must have 1 to 80 characters.")
    if role not in set(Role):
        raise InputError(f"The role must be one of {', '.join(Role)}.")
    hashed = hash_password(password)
    try:
        with transaction():
            user: User = User.create(name=name, password_hash=hashed, role=role)
    except IntegrityError:
        raise InputError(f"A user named {name} already exists.") from None
    return user


def hash_password(password: str) -> str:
    """Argon2id; InputError when the password is shorter or longer than allowed."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InputError(
            f"A password must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters. "
            "Three random words are easy to remember."
        )
    return _hashing.submit(_hasher.hash, password).result()


def is_password(hashed: str, password: str) -> bool:
    try:
        return _hashing.submit(_hasher.verify, hashed, password[: LONGEST_PASSWORD + 1]).result()
    except VerificationError:
        return False


@cache
def _dummy_hash() -> str:
    return hash_password(secrets.token_hex())


def authenticate(name: str, password: str) -> User | None:
    """The user, if name and password match and the name isn't locked.

    An attempt is counted before the password is checked. Sending many guesses at once therefore
    gives no more attempts than sending them one by one. Unknown and locked names take as long to
    check as known ones.
    """
    with transaction():
        cursor = database.execute_sql(
            "UPDATE person SET failed_sign_ins = failed_sign_ins + 1, locked_until = "
            "CASE WHEN failed_sign_ins >= %(free)s THEN now() + interval '1 second' * "
            "LEAST(%(longest)s, %(first)s * 2 ^ LEAST(20, failed_sign_ins - %(free)s)) END "
            "WHERE name = %(name)s AND active AND (locked_until IS NULL OR locked_until <= now()) "
            "RETURNING id, password_hash",
            {
                "free": FREE_TRIES,
                "first": FIRST_LOCK_SECONDS,
                "longest": LONGEST_LOCK_SECONDS,
                "name": name.strip(),
            },
        )
        row = cursor.fetchone()
    if row is None:
        is_password(_dummy_hash(), password)
        return None
    user_id, hashed = row
    if not is_password(hashed, password):
        return None
    changes: dict[str, Any] = {"failed_sign_ins": 0, "locked_until": None}
    if _hasher.check_needs_rehash(hashed):
        changes["password_hash"] = hash_password(password)
    # The password may have been changed while this one was checked: then it was the wrong one.
    with transaction():
        unchanged = (User.id == user_id, User.password_hash == hashed)
        signed_in = User.update(changes).where(*unchanged).execute()
        return User.get_by_id(user_id) if signed_in else None


# ── the pages ────────────────────────────────────────────────────────────────────────────────


def is_local(target: str) -> bool:
    """Whether ``target`` stays on this site. Browsers read a backslash as a slash."""
    if not target.startswith("/") or target[1:2] in {"/", "\\"}:
        return False
    if any(ord(letter) < ord(" ") for letter in target):
        return False
    parts = urlsplit(target)
    return not parts.scheme and not parts.netloc


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    target = request.values.get("next", "")
    target = target if is_local(target) else url_for("home.index")
    if request.method == "GET":
        return redirect(target) if current_user.is_authenticated else _sign_in_page(target)
    name = request.form.get("name", "")
    user = authenticate(name, request.form.get("password", ""))
    if user is None:
        log.warning("sign_in_refused", name=name[:80])
        flash(
            "Wrong name or password, or too many attempts. Wait a moment, then try again.",
            "danger",
        )
        return _sign_in_page(target, name), 401
    session.clear()  # drop anything planted before sign-in
    session.permanent = True
    session["id"] = secrets.token_urlsafe(24)
    login_user(Person(user))
    with transaction():
        User.update(last_sign_in_at=AuditEntry.created_at.default()).where(
            User.id == user.id
        ).execute()
        AuditEntry.create(actor=user.name, action="user.sign_in", subject=f"user {user.id}")
    return redirect(target, 303)


def _sign_in_page(target: str, name: str = "") -> str:
    return render_template("sign_in.html", target=target, name=name)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    if not current_user.is_authenticated:
        abort(401)
    logout_user()
    session.clear()
    return redirect(url_for("auth.sign_in"), 303)


def install(app: Flask) -> None:
    manager = LoginManager(app)
    manager.user_loader(load_person)
    manager.session_protection = None  # phones change IPs; the stamp protects the session
    app.register_blueprint(blueprint)
