"""Download links: each opens one post for a time, and is in no log."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from core import crypto, log
from core.settings import Settings
from models import Account, Post, now
from pipelines.publishing.delivery.manual.links import LinkExpiredError, Links, LinkUnknownError
from tests.pipelines.publishing.delivery.manual.by_hand import SECRET


def test_a_link_opens_one_post_until_its_time_is_over(account: Account, links: Links) -> None:
    made = links.download(Post(id=7))
    assert links.post_id(made.token) == 7
    assert made.address == f"https://office.example/download/{made.token}"
    assert timedelta(hours=71, minutes=59) < made.until - now() <= timedelta(hours=72)

    over = Links(secret_key=SECRET, public_url="", hours=0).download(Post(id=7))
    with pytest.raises(LinkExpiredError):
        links.post_id(over.token)


def test_a_changed_or_foreign_link_opens_nothing(links: Links) -> None:
    token = links.download(Post(id=7)).token
    payload, _, signature = token.rpartition(".")
    others = Links(secret_key="another secret of sixteen", public_url="", hours=72)
    other_payload = links.download(Post(id=8)).token.rpartition(".")[0]
    for wrong in (
        "",
        "7",
        payload,
        f"{other_payload}.{signature}",
        f"{payload}.{signature[:-2]}",
        token + "A",
        token * 50,
        "ä" + token,
        others.download(Post(id=7)).token,
    ):
        with pytest.raises(LinkUnknownError):
            links.post_id(wrong)


def test_a_session_signature_is_no_link(links: Links) -> None:
    from itsdangerous import URLSafeSerializer

    until = int((now() + timedelta(hours=1)).timestamp())
    forged = URLSafeSerializer(SECRET, salt="cookie-session").dumps([7, until])
    with pytest.raises(LinkUnknownError):
        links.post_id(str(forged))


def test_links_are_in_no_log(links: Links, caplog: pytest.LogCaptureFixture) -> None:
    address = links.download(Post(id=7)).address
    assert log.scrub(f"GET {address} 200") == "GET https://office.example/download/[secret] 200"
    logger = logging.getLogger("gunicorn.canary")
    logger.addFilter(log.Scrubbed())
    logger.error("Error handling request %s", address)
    assert address not in caplog.text
    assert "/download/[secret]" in caplog.text


def test_workers_and_the_back_office_make_the_same_links(tmp_path: Path) -> None:
    settings = Settings(
        database_url=SecretStr("postgresql://db"),
        redis_url=SecretStr("redis://queue"),
        cryptography_key=SecretStr(crypto.new_key()),
        secret_key=SecretStr(SECRET),
        public_url="https://office.example",
    )
    assert Links.of(settings).post_id(Links.of(settings).download(Post(id=3)).token) == 3
