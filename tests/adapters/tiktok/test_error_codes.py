"""What ``docs/tiktok-codes.md`` says of each code at each call is what the adapter answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.ports import ChunkPlan, PostInfo
from adapters.tiktok.api.error_codes import FAILED, POSTING, STATUS, failure
from adapters.tiktok.api.posting import TikTokPublisher
from core.errors import (
    AccountFullError,
    AccountStoppedError,
    GrantRemovedError,
    Parked,
    Permanent,
    Retryable,
    StageError,
    TokenRejectedError,
    UnknownPostError,
)
from models import Method
from pipelines.publishing.delivery.fallback_policy import STEPS_DOWN
from sandbox.testing import RunningSandbox

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "tiktok-codes.md"
ROW = re.compile(r"^\| `(\w+)` \|(.+)\|$", re.MULTILINE)
NOT_NAMED = "\N{EN DASH}"

WORDS: tuple[tuple[type[StageError], str], ...] = (
    (TokenRejectedError, "new token"),
    (UnknownPostError, "ask again"),
    (AccountFullError, "next slot"),
    (AccountStoppedError, "pause"),
    (GrantRemovedError, "expire"),
    (Retryable, "again"),
    (Parked, "attention"),
    (Permanent, "fail"),
)
"""The document's word for each error, special ones first."""

CHUNKS = ChunkPlan(100, 100, 1)
CALLS: dict[str, tuple[str, Callable[[TikTokPublisher, str], object]]] = {
    "direct post": (
        "init",
        lambda api, token: api.begin_direct_post(token, PostInfo("t", "SELF_ONLY"), CHUNKS),
    ),
    "inbox": ("inbox_init", lambda api, token: api.begin_inbox_upload(token, CHUNKS)),
    "status": ("status", lambda api, token: api.status(token, "v_pub")),
}


def documented() -> list[tuple[str, str, str]]:
    """The document's cells: column, code, word."""
    cells = []
    for code, columns in ROW.findall(DOCUMENT.read_text()):
        words = [word.strip() for word in columns.split("|")]
        cells += [
            (column, code, word)
            for column, word in zip([*CALLS, "fail_reason"], words, strict=True)
            if word != NOT_NAMED
        ]
    return cells


def word_for(column: str, error: StageError) -> str:
    word = next(word for kind, word in WORDS if isinstance(error, kind))
    method = {"direct post": Method.DIRECT, "inbox": Method.INBOX}.get(column)
    if method is not None and error.code in STEPS_DOWN[method]:
        return f"next method ({word})"
    return word


@pytest.mark.parametrize("cell", [cell for cell in documented() if cell[0] in CALLS], ids=" ".join)
def test_a_code_in_an_answer_means_what_the_document_says(
    publisher: TikTokPublisher, token: str, sandbox: RunningSandbox, cell: tuple[str, str, str]
) -> None:
    column, code, word = cell
    call, ask = CALLS[column]
    sandbox.fault("tiktok", call, code)

    with pytest.raises(StageError) as refused:
        ask(publisher, token)

    assert refused.value.code == code
    assert word_for(column, refused.value) == word


@pytest.mark.parametrize(
    ("code", "word"), [(code, word) for column, code, word in documented() if column not in CALLS]
)
def test_a_fail_reason_means_what_the_document_says(code: str, word: str) -> None:
    error = failure(code)

    assert (error.code, word_for("fail_reason", error)) == (code, word)
    assert f"({code})" in str(error)


def test_the_document_names_every_code_that_the_adapter_knows() -> None:
    named = {(column, code) for column, code, _ in documented()}

    assert {code for column, code in named if column == "direct post"} == set(POSTING)
    assert {code for column, code in named if column == "status"} == set(STATUS)
    assert {code for column, code in named if column == "fail_reason"} >= set(FAILED) - set(POSTING)


def test_an_unknown_fail_reason_fails_and_is_named() -> None:
    error = failure("brand_new_reason")

    assert isinstance(error, Permanent)
    assert "brand_new_reason" in str(error)
