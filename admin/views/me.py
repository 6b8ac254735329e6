"""The signed-in user's own page: password, second factor, e-mail address, sessions."""

from __future__ import annotations

from typing import ClassVar

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue

from admin import viewer_zone
from admin.auth import credentials, person, requirement, sessions, two_factor, users
from admin.auth.devices import visitor
from admin.auth.sign_in import sign_in_again
from admin.auth.throttle import ThrottledError
from admin.views.page import Page, done, expose, fault_at, settings
from core.db import transaction
from core.errors import InputError
from models import Role, User
from pipelines.publishing.accounts import account_times


class Me(Page):
    writes: ClassVar[Role] = Role.VIEWER

    def is_visible(self) -> bool:
        return False  # linked from the user's name in the menu

    @expose("/")
    def index(self) -> str:
        user = _me()
        return self.render(
            "me/index.html",
            user=user,
            email_version=users.version_of(user.email),
            sessions=sessions.of(user.id),
            codes_left=two_factor.codes_left(user.id),
            needed=requirement.is_missing(person()),
            zones=account_times.zones(),
            zone_from_browser=viewer_zone.from_browser(),
            mails=bool(settings().smtp_url.get_secret_value()),
        )

    @expose("/password", methods=["POST"])
    def password(self) -> ResponseReturnValue:
        """Change your own password. All other sessions end."""
        try:
            user = credentials.authenticate(
                person().name, request.form.get("old", ""), visitor(person().name)
            )
        except ThrottledError as error:
            raise InputError(str(error), field="old") from None
        if user is None:
            raise InputError("The current password is wrong.", field="old")
        with fault_at("new"):
            users.set_password(user, request.form.get("new", ""), user.name)
        sign_in_again(user)
        return done("Password changed. Your other sessions are signed out.", url_for(".index"))

    @expose("/email", methods=["POST"])
    def email(self) -> ResponseReturnValue:
        address, seen = request.form.get("email", ""), request.form.get("seen", "")
        users.set_email(person().id, address, person().name, seen=seen)
        return done("E-mail address saved.", url_for(".index"))

    @expose("/timezone", methods=["POST"])
    def timezone(self) -> ResponseReturnValue:
        users.set_timezone(person().id, request.form.get("timezone", ""), person().name)
        return done("Time zone saved.", url_for(".index"))

    @expose("/two-factor", methods=["POST"])
    def begin_two_factor(self) -> ResponseReturnValue:
        """Show a new secret for the authenticator app."""
        user = _me()
        secret = two_factor.begin(user)
        return self._to_scan(user, secret)

    @expose("/two-factor/confirm", methods=["POST"])
    def confirm_two_factor(self) -> ResponseReturnValue:
        user = _me()
        if user.totp_secret is None:
            abort(404)
        try:
            codes = two_factor.confirm(user, request.form.get("code", ""), person().name)
        except InputError as error:
            return self._to_scan(user, user.totp_secret, fault=str(error)), 422
        with transaction():
            sessions.end(user.id, person().name, keep=person().session.id)
        return self.render("me/codes.html", codes=codes, new=True)

    @expose("/two-factor/off", methods=["POST"])
    def two_factor_off(self) -> ResponseReturnValue:
        two_factor.turn_off(person().id, person().name)
        return done("Codes are off. Your password alone signs you in.", url_for(".index"))

    @expose("/recovery-codes", methods=["POST"])
    def recovery_codes(self) -> ResponseReturnValue:
        if not person().two_factor:
            raise InputError("Recovery codes need an authenticator app: set it up first.")
        codes = two_factor.renew_recovery_codes(person().id, person().name)
        return self.render("me/codes.html", codes=codes, new=False)

    @expose("/sessions/<int:session_id>/end", methods=["POST"])
    def end_session(self, session_id: int) -> ResponseReturnValue:
        with transaction():
            ended = sessions.end(person().id, person().name, only=session_id)
        return done(
            "Session ended." if ended else "This session had ended already.", url_for(".index")
        )

    @expose("/sessions/end", methods=["POST"])
    def end_sessions(self) -> ResponseReturnValue:
        """End all sessions but this one."""
        with transaction():
            ended = sessions.end(person().id, person().name, keep=person().session.id)
        return done(f"{ended} other {'session' if ended == 1 else 'sessions'} ended.")

    def _to_scan(self, user: User, secret: str, fault: str = "") -> str:
        address = two_factor.address(user, secret)
        spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        return self.render(
            "me/scan.html", picture=two_factor.picture(address), secret=spaced, fault=fault
        )


def _me() -> User:
    return User.get_by_id(person().id)
