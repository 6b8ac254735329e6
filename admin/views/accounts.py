"""Connected accounts: connect by OAuth, see their state, disconnect. Tokens are never shown."""

from __future__ import annotations

from flask import abort, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from adapters.ports import Authorizer
from admin.auth import person
from admin.views.page import Page, audit, done, expose, get, settings
from core.db import transaction
from core.errors import InputError, StorymillError
from models import Account, AccountState
from pipelines.publishing import accounts
from pipelines.publishing.options import PRIVACY


class Accounts(Page):
    @expose("/")
    def index(self) -> str:
        # Named columns: a list must not decrypt every token that there is.
        shown = Account.select(
            Account.id,
            Account.open_id,
            Account.name,
            Account.scopes,
            Account.state,
            Account.access_expires_at,
            Account.refresh_expires_at,
            Account.last_refreshed_at,
            Account.last_error,
            Account.privacy,
            Account.created_at,
        ).order_by(Account.state == AccountState.DISCONNECTED, Account.name, Account.id)
        return self.render(
            "accounts/index.html",
            accounts=list(shown),
            can_connect=_authorizer_or_none() is not None and settings().tiktok_client_key,
            privacy=PRIVACY,
        )

    @expose("/connect", methods=["POST"])
    def connect(self) -> ResponseReturnValue:
        """To TikTok's consent page."""
        target = accounts.begin_connect(session["id"], _authorizer(), settings().redirect_uri)
        return redirect(target, 303)

    @expose("/callback")
    def callback(self) -> ResponseReturnValue:
        """Back from TikTok's consent page, with a code or a refusal."""
        if not self.editable:
            abort(403)  # it is a GET that changes something: TikTok's redirect can be no other
        if "error" in request.args:
            return self._not_connected(
                "You declined on TikTok's page, so nothing was connected."
                if request.args["error"] == "access_denied"
                else "TikTok ended the connection with an error; nothing was connected. "
                "Check the app's redirect address and scopes in TikTok's developer portal."
            )
        try:
            account = accounts.finish_connect(
                session["id"],
                request.args.get("state", ""),
                request.args.get("code", ""),
                _authorizer(),
                settings().redirect_uri,
            )
        except StorymillError as error:
            return self._not_connected(str(error))
        with transaction():
            audit("account.connect", f"account {account.id}")
        return done(f"{account.name or 'The account'} is connected.", url_for(".index"))

    def _not_connected(self, sentence: str) -> str:
        return self.render("accounts/not_connected.html", sentence=sentence)

    @expose("/<int:account_id>/disconnect", methods=["POST"])
    def disconnect(self, account_id: int) -> ResponseReturnValue:
        accounts.disconnect(account_id, _authorizer(), person().name)
        return done("Disconnected; its tokens are revoked and gone.")

    @expose("/<int:account_id>/privacy", methods=["POST"])
    def privacy(self, account_id: int) -> ResponseReturnValue:
        choice = request.form.get("privacy", "")
        if choice not in PRIVACY:
            raise InputError("Choose who can see the account's posts.")
        with transaction():
            get(Account, account_id)
            Account.update(privacy=choice).where(Account.id == account_id).execute()
            audit("account.set_privacy", f"account {account_id}", choice)
        return done(f"New posts of this account are for: {PRIVACY[choice]}.")


def _authorizer_or_none() -> Authorizer | None:
    held: Authorizer | None = current_app.extensions["authorizer"]
    return held


def _authorizer() -> Authorizer:
    authorizer = _authorizer_or_none()
    if authorizer is None:
        raise InputError("This process can't reach TikTok: start it with scripts.web.")
    return authorizer
