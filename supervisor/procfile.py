"""The Procfile: which processes there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from honcho.environ import PROCFILE_LINE

from core.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def read_procfile(path: Path) -> dict[str, str]:
    """Commands by process name, in the file's order.

    Raises:
        ConfigurationError: there is no such file, a line is not ``name: command``, or a name
            appears twice (honcho's own reader drops such lines).
    """
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}.") from None
    commands: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        match = PROCFILE_LINE.match(line)
        if not match or match[1] in commands:
            raise ConfigurationError(
                f"{path.name}, line {number}: expected `name: command`, each name once."
            )
        commands[match[1]] = match[2]
    return commands
