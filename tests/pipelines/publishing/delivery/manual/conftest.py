"""An account that is posted to by hand, its mails and its links."""

from __future__ import annotations

import pytest

from adapters.mail.smtp import SmtpMailer
from core.smtp import SmtpServer
from models import Account, AccountState
from pipelines.publishing.delivery.manual.links import Links
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.delivery.manual.by_hand import SECRET, Hand


@pytest.fixture
def links() -> Links:
    return Links(secret_key=SECRET, public_url="https://office.example/", hours=72)


@pytest.fixture
def account(record: None) -> Account:
    return Account.create(
        open_id="hand",
        name="hand_tales",
        state=AccountState.CONNECTED,
        methods=["manual"],
        privacy="PUBLIC_TO_EVERYONE",
        allow_comment=True,
        timezone="Europe/Berlin",
    )


@pytest.fixture
def hand(sandbox: RunningSandbox, account: Account, links: Links) -> Hand:
    server = SmtpServer.parse(sandbox.smtp_url("smtp"))
    mailer = SmtpMailer(
        server=server, sender="mill@example.com", recipients=("hand@example.com",), seconds=5
    )
    return Hand(mailer, links)
