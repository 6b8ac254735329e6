"""The pages to choose a new password by a link: asked for by mail, or given by an owner."""

from __future__ import annotations

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from admin.auth import throttle, users
from admin.auth.devices import visitor
from admin.auth.throttle import ADDRESS, NAME, ThrottledError
from core.db import transaction
from core.errors import InputError
from core.settings import Settings
from models import User
from pipelines.people import reset_mail
from pipelines.people.reset_links import ResetLinks

blueprint = Blueprint("reset", __name__)

SENT = "If this user exists and has an e-mail address, a link arrives there within two minutes."


@blueprint.route("/forgot-password", methods=["GET", "POST"])
def ask() -> ResponseReturnValue:
    """Ask for a link by mail. The answer is the same for every name."""
    if not _settings().smtp_url.get_secret_value():
        abort(404)
    if request.method == "GET":
        return render_template("reset/ask.html")
    name = request.form.get("name", "").strip()[: User.name.max_length]
    try:
        with transaction():
            throttle.take(ADDRESS, "reset", visitor(name).address)
    except ThrottledError as error:
        flash(str(error), "danger")
        return render_template("reset/ask.html"), 429, {"Retry-After": str(error.seconds)}
    reset_mail.ask(name)
    flash(SENT, "success")
    return redirect(url_for("auth.sign_in"), 303)


@blueprint.route("/new-password/<token>", methods=["GET", "POST"])
def choose(token: str) -> ResponseReturnValue:
    """Choose a new password. A second factor is still asked for when signing in."""
    try:
        user = ResetLinks.of(_settings()).user(token)
    except InputError as error:
        return render_template("reset/refused.html", sentence=str(error)), 410
    if request.method == "GET":
        return render_template("reset/choose.html", user=user)
    try:
        with transaction():
            throttle.take(NAME, "new password", str(user.id))  # each try compares several hashes
        users.set_password(user, request.form.get("new", ""), user.name, "user.reset_password")
    except (InputError, ThrottledError) as error:
        flash(str(error), "danger")
        return render_template("reset/choose.html", user=user), 422
    with transaction():
        throttle.forget("new password", str(user.id))
        throttle.forget("password", user.name)
    flash("Your new password is saved. Sign in with it.", "success")
    return redirect(url_for("auth.sign_in"), 303)


@blueprint.after_request
def for_one_person_only(response: Response) -> Response:
    """The address is the key: don't send it on."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def install(app: Flask) -> None:
    app.register_blueprint(blueprint)
