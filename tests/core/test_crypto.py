"""The newest key encrypts, every key decrypts, and a missing key is named."""

from __future__ import annotations

import pytest

from core.crypto import Keyring, key_id, new_key
from core.errors import ConfigurationError


def test_values_encrypted_with_an_old_key_stay_readable() -> None:
    old, new = new_key(), new_key()
    stored = Keyring.parse(old).encrypt("a token")
    both = Keyring.parse(f"{new},{old}")
    assert both.decrypt(stored) == "a token"
    assert both.encrypt("a token").startswith(key_id(new))


def test_a_value_shows_which_key_it_needs() -> None:
    lost, kept = new_key(), new_key()
    stored = Keyring.parse(lost).encrypt("a token")
    with pytest.raises(ConfigurationError, match=f"the key with id {key_id(lost)}"):
        Keyring.parse(kept).decrypt(stored)


def test_a_damaged_value_and_a_missing_key_have_different_errors() -> None:
    ring = Keyring.parse(new_key())
    stored = ring.encrypt("a token")
    with pytest.raises(ConfigurationError, match="is damaged"):
        ring.decrypt(stored[:-4] + "AAAA")


def test_keys_are_never_shown() -> None:
    key = new_key()
    assert key not in repr(Keyring.parse(key))
