"""The pages to sign in: name and password, then a code if the person uses them; and to sign out."""

from __future__ import annotations

import secrets
import time
from hashlib import sha256

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user, login_user, logout_user

from admin.auth import credentials, devices, sessions
from admin.auth.passwords import BusyError
from admin.auth.redirects import is_local
from admin.auth.sessions import Person, person
from admin.auth.throttle import ThrottledError
from core.db import transaction
from core.settings import Settings
from models import AuditEntry, User, now

HALF = "half"
"""Key of the session's note that the password was right and the code is missing."""
HALF_LASTS_SECONDS = 300
BUSY_SECONDS = 3

blueprint = Blueprint("auth", __name__)


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    target = _target()
    if request.method == "GET":
        if current_user.is_authenticated:
            return redirect(target)
        return _page("sign_in.html", target=target, name="")
    name = request.form.get("name", "").strip()[: User.name.max_length]
    try:
        user = credentials.authenticate(
            name, request.form.get("password", ""), devices.visitor(name)
        )
    except (ThrottledError, BusyError) as error:
        return _later(error, "sign_in.html", target=target, name=name)
    if user is None:
        flash("Wrong name or password. Check both, then try again.", "danger")
        return _page("sign_in.html", target=target, name=name), 401
    if user.totp_since is None:
        return begin(user, target)
    session.clear()
    session[HALF] = [user.id, _stamp(user), int(time.time())]
    return redirect(url_for(".code", next=target), 303)


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
def code() -> ResponseReturnValue:
    """The second step: a code of the app, or a recovery code."""
    user, target = _half(), _target()
    if user is None:
        session.pop(HALF, None)
        flash("Too much time has passed. Start again with your password.", "danger")
        return redirect(url_for(".sign_in", next=target), 303)
    if request.method == "GET":
        return _page("sign_in_code.html", target=target)
    typed = request.form.get("code", "")
    try:
        right = credentials.is_second_factor(user, typed, devices.visitor(user.name))
    except ThrottledError as error:
        return _later(error, "sign_in_code.html", target=target)
    if not right:
        flash("This code is wrong, or was used already. Try the next one.", "danger")
        return _page("sign_in_code.html", target=target), 401
    return begin(user, target)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    if not current_user.is_authenticated:
        abort(401)
    with transaction():
        sessions.sign_out(person())
    logout_user()
    session.clear()
    return redirect(url_for("auth.sign_in"), 303)


def begin(user: User, target: str) -> Response:
    """Sign ``user`` in: a new session for this browser, which is known from now on."""
    with transaction():
        # The password may have been changed while it was checked, or the user deactivated.
        unchanged = (User.id == user.id, User.active, User.password_hash == user.password_hash)
        if not User.update(last_sign_in_at=now()).where(*unchanged).execute():
            flash("Your password was changed just now. Sign in with the new one.", "danger")
            return make_response(redirect(url_for(".sign_in", next=target), 303))
        started = sign_in_again(user)
        AuditEntry.create(
            actor=user.name,
            action="user.sign_in",
            subject=f"user {user.id}",
            reason=f"{started.session.agent}, from {started.session.address}",
        )
    response = make_response(redirect(target, 303))
    devices.remember(response, user.name)
    return response


def sign_in_again(user: User) -> Person:
    """A new session for this browser; whatever its cookie held before is dropped."""
    session.clear()
    session.permanent = True
    session["id"] = secrets.token_urlsafe(24)
    started = sessions.start(user, request.remote_addr or "", request.headers.get("User-Agent", ""))
    login_user(started)
    return started


def _half() -> User | None:
    """Who gave the password a few minutes ago, if it is still the password."""
    user_id, stamp, at = session.get(HALF) or (0, "", 0)
    if time.time() - at > HALF_LASTS_SECONDS:
        return None
    user: User | None = User.get_or_none(User.id == user_id, User.active)
    return user if user is not None and _stamp(user) == stamp else None


def _stamp(user: User) -> str:
    return sha256(str(user.password_hash).encode()).hexdigest()[:16]


def _target() -> str:
    target = request.values.get("next", "")
    return target if is_local(target) else url_for("home.index")


def _page(template: str, **facts: str) -> str:
    settings: Settings = current_app.extensions["settings"]
    mails = bool(settings.smtp_url.get_secret_value())
    return render_template(template, mails=mails, **facts)


def _later(error: ThrottledError | BusyError, template: str, **facts: str) -> ResponseReturnValue:
    flash(str(error), "danger")
    throttled = isinstance(error, ThrottledError)
    seconds = error.seconds if isinstance(error, ThrottledError) else BUSY_SECONDS
    page = _page(template, **facts)
    return page, 429 if throttled else 503, {"Retry-After": str(seconds)}


def install(app: Flask) -> None:
    manager = LoginManager(app)
    manager.user_loader(sessions.load)
    manager.session_protection = None  # phones change addresses; sessions have their own ends
    app.register_blueprint(blueprint)
