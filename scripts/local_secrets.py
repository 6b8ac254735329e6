"""Keys for an installation that has none: created once under ``var``, for its owner only."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from core import crypto
from core.errors import ConfigurationError


def local_secrets(root: Path) -> dict[str, str]:
    """``CRYPTOGRAPHY_KEY``, ``SECRET_KEY`` and ``ADMIN_PASSWORD`` by name.

    Raises:
        ConfigurationError: the file exists but can't be read. It is never overwritten, because
            everything encrypted with its key would be lost.
    """
    path = root / "var" / "secrets.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = {
            "CRYPTOGRAPHY_KEY": crypto.new_key(),
            "SECRET_KEY": secrets.token_urlsafe(32),
            "ADMIN_PASSWORD": secrets.token_urlsafe(12),
        }
        _write_once(path, json.dumps(made, indent=1))
    try:
        kept = json.loads(path.read_text())
        return {
            name: str(kept[name]) for name in ("CRYPTOGRAPHY_KEY", "SECRET_KEY", "ADMIN_PASSWORD")
        }
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(
            f"{path} can't be used ({type(error).__name__}): restore it from a "
            "backup. Without it, nothing that was encrypted with its key can be read."
        ) from None


def _write_once(path: Path, text: str) -> None:
    """Write the whole file or nothing; the first of two writers wins."""
    beside = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(beside, path)
    except FileExistsError:
        return
    finally:
        beside.unlink()
