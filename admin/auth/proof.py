"""A fresh password or code, asked before what could do great harm with a stolen session.

It counts for ten minutes. What was typed into the form goes along, so nothing is typed twice.
"""

from __future__ import annotations

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from admin.auth import credentials, sessions
from admin.auth.redirects import BACK, back
from admin.auth.sessions import person
from admin.auth.throttle import ThrottledError

NEEDED = frozenset(
    {
        "accounts.browser",
        "accounts.disconnect",
        "accounts.forget_browser",
        "apitokens.new",
        "limits.reset",
        "limits.set",
        "me.begin_two_factor",
        "me.email",
        "me.end_session",
        "me.end_sessions",
        "me.recovery_codes",
        "me.two_factor_off",
        "users.email",
        "users.end_sessions",
        "users.new",
        "users.reset",
        "users.role",
        "users.switch",
        "users.two_factor_off",
    }
)
"""The endpoints that ask. Keys are only changed by commands."""
FIELD = "proof"


def ask() -> ResponseReturnValue | None:
    """The page that asks; None once the request brings the proof, or a recent one counts."""
    if request.endpoint not in NEEDED or person().proved:
        return None
    typed = request.form.get(FIELD)
    status = 200  # a question, not a refusal
    if typed:
        status = 403
        try:
            if credentials.proves(person(), typed):
                sessions.mark_proved(person())
                return None
            flash("This is not your password, and not a code of yours.", "danger")
        except ThrottledError as error:
            status = 429
            flash(str(error), "danger")
    fields = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in {FIELD, BACK, "csrf_token"}
    ]
    return render_template("proof.html", fields=fields, back=back()), status
