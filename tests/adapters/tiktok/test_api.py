"""TikTok's API against the sandbox: what its answers become, and what never leaks."""

from __future__ import annotations

import gc
import logging
import os
import socket
import threading
import tracemalloc
from pathlib import Path

import pytest

from adapters.ports import ChunkPlan, PostInfo, UploadTicket
from adapters.tiktok.api.posting import TikTokAuthorizer, TikTokPublisher
from core.errors import (
    AccountFullError,
    AccountStoppedError,
    AddressRefusedError,
    Parked,
    Permanent,
    Retryable,
    StageError,
    TokenRejectedError,
)
from sandbox.testing import RunningSandbox

POST = PostInfo(title="The lamp", privacy="SELF_ONLY")
SMALL = ChunkPlan(video_size=300_000, chunk_size=300_000, count=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    path.write_bytes(os.urandom(SMALL.video_size))
    return path


def test_a_creator_and_a_post_are_typed_values(
    publisher: TikTokPublisher, token: str, file: Path, sandbox: RunningSandbox
) -> None:
    creator = publisher.creator_info(token)
    assert (creator.username, creator.max_seconds) == ("storymill_tales", 600)
    assert "SELF_ONLY" in creator.privacy_options

    shares: list[float] = []
    ticket = publisher.begin_direct_post(token, POST, SMALL)
    assert publisher.status(token, ticket.publish_id).state == "uploading"
    publisher.send(ticket, file, SMALL, progress=shares.append)

    assert publisher.status(token, ticket.publish_id).uploaded_bytes == SMALL.video_size
    assert shares == sorted(shares)
    info = sandbox.post(ticket.publish_id)["info"]
    assert info["disable_comment"]
    assert info["is_aigc"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("access_token_invalid", TokenRejectedError),
        ("scope_not_authorized", Permanent),
        ("rate_limit_exceeded", Retryable),
        ("spam_risk_too_many_posts", AccountFullError),
        ("spam_risk_user_banned_from_posting", AccountStoppedError),
        ("reached_active_user_cap", Retryable),
        ("unaudited_client_can_only_post_to_private_accounts", Parked),
        ("privacy_level_option_mismatch", Parked),
        ("invalid_params", Permanent),
        ("internal_error", Retryable),
    ],
)
def test_an_error_code_becomes_an_error(
    publisher: TikTokPublisher,
    token: str,
    sandbox: RunningSandbox,
    fault: str,
    error: type[StageError],
) -> None:
    sandbox.fault("tiktok", "init", fault)

    with pytest.raises(StageError) as refused:
        publisher.begin_direct_post(token, POST, SMALL)

    assert type(refused.value) is error
    assert refused.value.code == fault


def test_unsent_requests_differ_from_lost_answers(
    publisher: TikTokPublisher, token: str, sandbox: RunningSandbox
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = TikTokPublisher(api_url=f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(Retryable) as unreachable:
            nobody.creator_info(token)
    assert unreachable.value.code == "unreachable"

    sandbox.fault("tiktok", "creator_info", "lost_response")
    with pytest.raises(Retryable) as lost:
        publisher.creator_info(token)
    assert lost.value.code == "lost_answer"


def test_a_token_is_sent_to_no_other_host(publisher: TikTokPublisher, token: str) -> None:
    # Given a server that redirects its callers
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"

        def redirect() -> None:
            connection, _ = server.accept()
            connection.recv(65536)
            connection.sendall(
                b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
            )
            connection.close()

        thread = threading.Thread(target=redirect)
        thread.start()

        # When it is called, then no redirect is followed
        with pytest.raises(Permanent, match="HTTP 307"):
            TikTokPublisher(api_url=address).creator_info(token)
        thread.join()


def test_refused_uploads_say_how_to_continue(
    publisher: TikTokPublisher, token: str, file: Path, sandbox: RunningSandbox
) -> None:
    ticket = publisher.begin_direct_post(token, POST, SMALL)
    publisher.send(ticket, file, SMALL)

    with pytest.raises(Retryable) as again:
        publisher.send(ticket, file, SMALL)
    assert again.value.code == "wrong_range"

    late = publisher.begin_direct_post(token, POST, SMALL)
    sandbox.advance(3_601)
    with pytest.raises(AddressRefusedError):
        publisher.send(late, file, SMALL)


def test_memory_stays_constant_however_large_the_file_is(
    publisher: TikTokPublisher, token: str, tmp_path: Path
) -> None:
    large = tmp_path / "large.mp4"
    with large.open("wb") as made:
        made.truncate(60_000_000)
    plan = ChunkPlan(video_size=60_000_000, chunk_size=60_000_000, count=1)
    ticket = publisher.begin_direct_post(token, POST, plan)

    gc.collect()
    tracemalloc.start()
    publisher.send(ticket, large, plan)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 4_000_000


def test_no_secret_is_in_errors_reprs_or_logs(
    publisher: TikTokPublisher,
    token: str,
    file: Path,
    sandbox: RunningSandbox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    ticket = publisher.begin_direct_post(token, POST, SMALL)
    address_secret = ticket.upload_url.partition("upload_token=")[2]
    texts = [repr(ticket), repr(publisher)]
    for call, fault in (
        ("upload", "lost_response"),
        ("upload", "403"),
        ("creator_info", "reset"),
        ("creator_info", "access_token_invalid"),
        ("creator_info", "bad_json"),
    ):
        sandbox.fault("tiktok", call, fault)
        with pytest.raises(StageError) as caught:
            if call == "upload":
                publisher.send(ticket, file, SMALL)
            else:
                publisher.creator_info(token)
        texts.append(f"{caught.value!r} {vars(caught.value)}")
        # requests' own error, which contains the request, is not its context
        assert caught.value.__context__ is None

    texts.append(caplog.text)
    assert address_secret
    for secret in (token, address_secret):
        assert not any(secret in text for text in texts)


def test_the_apps_key_and_secret_are_checked_without_a_creator(sandbox: RunningSandbox) -> None:
    def check(secret: str) -> None:
        TikTokAuthorizer(
            client_key=sandbox.settings.tiktok_client_key,
            client_secret=secret,
            api_url=sandbox.tiktok_url,
            authorize_url="",
        ).check_app()

    check(sandbox.settings.tiktok_client_secret)
    with pytest.raises(Parked, match="TIKTOK_CLIENT_KEY") as caught:
        check("s3cret")
    assert "s3cret" not in str(caught.value)


def test_the_authorize_address_contains_the_hex_challenge() -> None:
    authorizer = TikTokAuthorizer(
        client_key="key", client_secret="s3cret", api_url="http://api", authorize_url="http://page/"
    )

    url = authorizer.authorize_url(state="st", verifier="abc", redirect_uri="http://here/back")

    assert url.startswith("http://page/?client_key=key&response_type=code&scope=user.info.basic")
    # SHA-256 of "abc", from FIPS 180-2
    assert "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" in url
    assert "s3cret" not in url + repr(authorizer)


def test_an_upload_ticket_hides_its_address() -> None:
    assert "http" not in repr(UploadTicket("v_pub", "http://host/upload?upload_token=x"))
