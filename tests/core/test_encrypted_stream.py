"""Encrypted files: read back whole, or not at all."""

from __future__ import annotations

import os

import pytest

from core import crypto
from core.files.encrypted_stream import PIECE, FileKeys, UnreadableError, encrypted_size

KEY = crypto.new_key()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 5])
def test_what_was_encrypted_is_read_back_whatever_its_length(size: int) -> None:
    keys, plain = FileKeys.parse(KEY), os.urandom(size)
    chunks = [plain[start : start + 70_001] for start in range(0, size, 70_001)]

    stored = b"".join(keys.encrypt(chunks))

    assert len(stored) == encrypted_size(size)
    assert plain[:40] not in stored or size == 0
    parts = [stored[start : start + 65_536] for start in range(0, len(stored), 65_536)]
    assert b"".join(keys.decrypt(parts)) == plain


@pytest.mark.parametrize("left", [0, 5, 36, 60, 36 + PIECE + 16, -1])
def test_a_file_that_was_cut_off_is_refused(left: int) -> None:
    stored = b"".join(FileKeys.parse(KEY).encrypt([os.urandom(2 * PIECE)]))
    with pytest.raises(UnreadableError):
        b"".join(FileKeys.parse(KEY).decrypt([stored[:left]]))


def test_pieces_in_another_order_and_changed_bits_are_refused() -> None:
    keys = FileKeys.parse(KEY)
    stored = list(keys.encrypt([os.urandom(3 * PIECE)]))
    swapped = [stored[0], stored[2], stored[1], stored[3]]
    changed = bytearray(b"".join(stored))
    changed[20] ^= 1  # of the salt
    for harmed in (swapped, [bytes(changed)]):
        with pytest.raises(UnreadableError):
            b"".join(keys.decrypt(harmed))


def test_an_older_key_still_reads_and_a_missing_one_is_named() -> None:
    newer = crypto.new_key()
    stored = list(FileKeys.parse(KEY).encrypt([b"text"]))

    assert b"".join(FileKeys.parse(f"{newer},{KEY}").decrypt(stored)) == b"text"
    with pytest.raises(UnreadableError) as refused:
        b"".join(FileKeys.parse(newer).decrypt(stored))
    assert refused.value.missing_key == crypto.key_id(KEY)
