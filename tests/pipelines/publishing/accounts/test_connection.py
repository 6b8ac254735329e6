"""Connecting accounts over the sandbox's API, and keeping their tokens fresh."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from adapters.ports import Authorizer, Publisher
from core.db import database, session
from core.errors import InputError, Parked, Retryable, StorymillError
from models import Account, AccountState, AuditEntry, Job, JobState, OAuthHandshake, now
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.publishing.accounts import connection
from pipelines.publishing.accounts.token_refresh import refresh_due
from pipelines.publishing.accounts.tokens import access_token
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.conftest import REDIRECT_URI

pytestmark = pytest.mark.usefixtures("record")
Connect = Callable[..., Account]
HOUR = timedelta(hours=1)


class Form(HTMLParser):
    """What a browser would send for a page's unchanged form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        field = {name: value or "" for name, value in attrs}
        sent = field.get("type") == "hidden" or "checked" in field
        if tag == "input" and sent and field["type"] != "radio":
            self.fields.append((field["name"], field["value"]))


def consent_in_browser(url: str, creator: str) -> dict[str, str]:
    """Open the page, choose a creator, press Allow; the parameters of the redirect."""
    browser = requests.Session()
    page = browser.get(url, timeout=10)
    assert page.ok, page.text
    form = [*Form(page.text).fields, ("creator", creator), ("decision", "allow")]
    back = browser.post(page.url, form, allow_redirects=False, timeout=10)
    location = back.headers["Location"]
    assert location.startswith(REDIRECT_URI)
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def stored(account: Account) -> Account:
    return Account.get_by_id(account.id)


def expire_access_token(account: Account) -> None:
    Account.update(access_expires_at=now() - HOUR).where(Account.id == account.id).execute()


def test_two_accounts_are_connected_over_the_authorize_page(
    authorizer: Authorizer,
) -> None:
    for creator in ("storymill_tales", "midnight_pages"):
        url = connection.begin_connect("browser", authorizer, REDIRECT_URI)
        back = consent_in_browser(url, creator)
        connection.finish_connect("browser", back["state"], back["code"], authorizer, REDIRECT_URI)

    first, second = Account.select().order_by(Account.id)
    assert [first.name, second.name] == ["Storymill Tales", "Midnight Pages"]
    assert first.scopes.split(",") == [
        "user.info.basic",
        "video.publish",
        "video.upload",
        "video.list",
    ]
    # Lifetimes come from the answer: 2 hours and 180 days
    assert timedelta(minutes=119) < first.access_expires_at - now() <= 2 * HOUR
    assert timedelta(days=179) < first.refresh_expires_at - now() <= timedelta(days=180)
    # Only encrypted text is stored
    row = database.execute_sql("SELECT access_token, refresh_token FROM account").fetchone()
    assert not any(value.startswith(("act.", "rft.")) for value in row)
    assert first.access_token.startswith("act.")


def test_an_answer_is_valid_once_and_for_the_session_that_asked(
    authorizer: Authorizer, sandbox: RunningSandbox
) -> None:
    back = sandbox.consent(
        connection.begin_connect("browser", authorizer, REDIRECT_URI), "storymill_tales"
    )

    # Another browser can't use it
    with pytest.raises(InputError, match="start it again"):
        connection.finish_connect("other", back["state"], back["code"], authorizer, REDIRECT_URI)
    # its own can, once
    connection.finish_connect("browser", back["state"], back["code"], authorizer, REDIRECT_URI)
    with pytest.raises(InputError, match="start it again"):
        connection.finish_connect("browser", back["state"], back["code"], authorizer, REDIRECT_URI)


def test_an_answer_that_comes_after_ten_minutes_is_refused(
    authorizer: Authorizer, sandbox: RunningSandbox
) -> None:
    url = connection.begin_connect("browser", authorizer, REDIRECT_URI)
    back = sandbox.consent(url, "storymill_tales")
    OAuthHandshake.update(created_at=now() - timedelta(minutes=11)).execute()

    with pytest.raises(InputError, match="10 minutes"):
        connection.finish_connect("browser", back["state"], back["code"], authorizer, REDIRECT_URI)
    assert sandbox.log(call="token") == []


def test_an_account_that_is_connected_again_keeps_its_row(connect: Connect) -> None:
    account = connect()
    Account.update(privacy="PUBLIC_TO_EVERYONE").execute()
    account.move(AccountState.EXPIRED, last_error="The creator removed the app.")

    again = connect()

    assert again.id == account.id
    assert (again.state, again.privacy) == (AccountState.CONNECTED, "PUBLIC_TO_EVERYONE")
    assert again.last_error == ""


def test_disconnecting_revokes_at_tiktok_and_forgets_the_tokens(
    connect: Connect, authorizer: Authorizer, publisher: Publisher
) -> None:
    account = connect()
    token = account.access_token

    connection.disconnect(account.id, by="ada")

    assert stored(account).state == AccountState.DISCONNECTED
    assert AuditEntry.get().actor == "ada"
    connection.revoke(account.id, claimed("revoke", account.id), authorizer)
    gone = stored(account)
    assert (gone.access_token, gone.refresh_token, gone.last_error) == (None, None, "")
    with pytest.raises(StorymillError):
        publisher.creator_info(token)


def test_a_revocation_that_fails_is_made_again_until_tiktok_knows(
    connect: Connect, authorizer: Authorizer, publisher: Publisher, sandbox: RunningSandbox
) -> None:
    # Given a disconnected account whose revocation fails, and whose access token then expires
    account = connect()
    token = account.access_token
    connection.disconnect(account.id, by="ada")
    sandbox.fault("tiktok", "revoke", "503")
    claim = claimed("revoke", account.id)
    with pytest.raises(Retryable) as refused:
        connection.revoke(account.id, claim, authorizer)
    ledger.put_back(claim, refused.value)
    assert "still allows" in stored(account).last_error
    assert stored(account).state == AccountState.DISCONNECTED
    Account.update(access_expires_at=now()).execute()

    # When the job tries again
    connection.revoke(account.id, claimed("revoke", account.id), authorizer)

    # Then the grant has ended at TikTok, and no token is left here
    assert (stored(account).refresh_token, stored(account).last_error) == (None, "")
    with pytest.raises(StorymillError):
        publisher.creator_info(token)


def test_an_account_that_is_connected_again_meanwhile_is_not_revoked(
    connect: Connect, authorizer: Authorizer, publisher: Publisher
) -> None:
    account = connect()
    connection.disconnect(account.id, by="ada")
    again = connect()

    connection.revoke(account.id, claimed("revoke", account.id), authorizer)

    assert stored(again).state == AccountState.CONNECTED
    assert publisher.creator_info(stored(again).access_token).username == "storymill_tales"


class Meanwhile:
    """The real authorizer; while it first ends a grant, somebody does something else."""

    def __init__(self, authorizer: Authorizer, happens: Callable[[], object]) -> None:
        self._authorizer, self._happens, self.done = authorizer, happens, False

    def revoke(self, token: str) -> None:
        self._authorizer.revoke(token)
        if not self.done:
            self.done = True
            with session():
                self._happens()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._authorizer, name)


@pytest.mark.parametrize("again", [False, True])
def test_tokens_of_a_new_connection_are_never_deleted_by_the_end_of_the_old_one(
    connect: Connect, authorizer: Authorizer, publisher: Publisher, again: bool
) -> None:
    # Given an account that is connected again (and disconnected again) while its grant is ended
    account = connect()
    connection.disconnect(account.id, by="ada")
    newest: list[str] = []

    def reconnect() -> None:
        newest.append(connect().access_token)
        if again:
            connection.disconnect(account.id, by="ada")

    meanwhile = cast("Authorizer", Meanwhile(authorizer, reconnect))

    # When the old grant has been ended
    claim = claimed("revoke", account.id)
    with pytest.raises(Retryable, match="connected again"):
        connection.revoke(account.id, claim, meanwhile)

    # Then the new tokens are still there, and the next try ends what is to be ended
    assert stored(account).access_token == newest[0]
    connection.revoke(account.id, claim, authorizer)
    job = Job.of("revoke", account.id)
    assert job
    assert job.state == JobState.DONE
    assert stored(account).access_token == (None if again else newest[0])
    if again:
        with pytest.raises(StorymillError):
            publisher.creator_info(newest[0])
    else:
        assert publisher.creator_info(newest[0]).username == "storymill_tales"


def test_an_answer_without_a_code_uses_nothing_up(
    connect: Connect, authorizer: Authorizer, sandbox: RunningSandbox
) -> None:
    url = connection.begin_connect("browser", authorizer, REDIRECT_URI)
    back = sandbox.consent(url, "storymill_tales")

    with pytest.raises(InputError, match="no code"):
        connection.finish_connect("browser", back["state"], "", authorizer, REDIRECT_URI)

    account = connection.finish_connect(
        "browser", back["state"], back["code"], authorizer, REDIRECT_URI
    )
    assert account.state == AccountState.CONNECTED


def claimed(stage: str, subject_id: int) -> Claim:
    Job.update(due_at=now()).where(Job.stage == stage).execute()
    claim = ledger.claim(stage, subject_id, "worker")
    assert claim is not None
    return claim


def test_if_many_need_a_token_one_refreshes_it(
    connect: Connect, authorizer: Authorizer, sandbox: RunningSandbox
) -> None:
    account = connect()
    old = account.refresh_token
    expire_access_token(account)
    sandbox.fault("tiktok", "token", "slow", seconds=0.3, times=None)
    given: list[str] = []

    def need() -> None:
        with session():
            given.append(access_token(account, authorizer))

    threads = [threading.Thread(target=need) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(given) == 6
    assert set(given) == {stored(account).access_token}
    assert len(sandbox.log(call="token")) == 2  # the connection, and one refresh
    assert stored(account).refresh_token != old


def test_due_tokens_are_refreshed_and_one_bad_account_stops_no_other(
    connect: Connect, authorizer: Authorizer, sandbox: RunningSandbox
) -> None:
    # Given one account whose grant is gone, one where TikTok fails, one good, one not due
    gone, stumbling, good = map(
        connect, ("storymill_tales", "midnight_pages", "cuentos_de_bolsillo")
    )
    fresh = connect("quiet_confessions")
    for account in (gone, stumbling, good):
        expire_access_token(account)
    sandbox.fault("tiktok", "token", "invalid_grant", account="storymill_tales")
    sandbox.fault("tiktok", "token", "500", account="midnight_pages")

    counts = refresh_due(authorizer, within_seconds=1800)

    assert counts == {"expired": 1, "failed": 1, "refreshed": 1}
    assert stored(gone).state == AccountState.EXPIRED
    assert "connect the account again" in stored(gone).last_error
    assert stored(stumbling).state == AccountState.CONNECTED
    assert stored(stumbling).last_error
    assert stored(good).access_token != good.access_token
    assert stored(fresh).access_token == fresh.access_token
    # And an expired account gives an error and no token
    with pytest.raises(Parked, match="connect it again"):
        access_token(gone, authorizer)


def test_a_wrong_app_secret_expires_no_account(connect: Connect, sandbox: RunningSandbox) -> None:
    from adapters.tiktok.api.posting import TikTokAuthorizer

    account = connect()
    expire_access_token(account)
    misconfigured = TikTokAuthorizer(
        client_key=sandbox.settings.tiktok_client_key,
        client_secret="wrong",
        api_url=sandbox.tiktok_url,
        authorize_url=f"{sandbox.tiktok_url}/v2/auth/authorize/",
    )

    counts = refresh_due(misconfigured, within_seconds=0)

    assert counts == {"failed": 1}
    assert stored(account).state == AccountState.CONNECTED
    assert "TIKTOK_CLIENT_SECRET" in stored(account).last_error


def test_an_account_that_another_process_refreshes_is_left_alone(
    connect: Connect, authorizer: Authorizer
) -> None:
    account = connect()
    expire_access_token(account)
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        with session(), database.atomic():
            Account.select().where(Account.id == account.id).for_update().get()
            locked.set()
            release.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(30)
    try:
        assert refresh_due(authorizer, within_seconds=0) == {}
    finally:
        release.set()
        holder.join()


def test_no_secret_is_in_errors_or_logs(
    connect: Connect,
    authorizer: Authorizer,
    sandbox: RunningSandbox,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    account = connect()
    secrets = [account.access_token, account.refresh_token, sandbox.settings.tiktok_client_secret]
    texts: list[str] = []
    for call, fault in (("token", "invalid_grant"), ("token", "reset"), ("token", "bad_json")):
        sandbox.fault("tiktok", call, fault)
        with pytest.raises(StorymillError) as caught:
            authorizer.refresh(account.refresh_token)
        texts.append(repr(caught.value) + str(vars(caught.value)))
        assert caught.value.__context__ is None  # requests' error contains the form
        assert caught.value.__cause__ is None
    sandbox.fault("tiktok", "token", "invalid_grant")
    expire_access_token(account)
    with pytest.raises(Parked) as parked:
        access_token(account, authorizer)
    texts.append(repr(parked.value))

    texts += [caplog.text, capsys.readouterr().out]
    for secret in secrets:
        assert not any(secret in text for text in texts)
