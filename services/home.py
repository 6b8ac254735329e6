"""Where the embedded servers live, and the user that they run as.

PostgreSQL refuses to run as root. So servers that root starts run as the clone's owner, or as
``nobody`` if root owns the clone. If that user can't reach the clone (under ``/root``, say), data
and programs go to a new directory under ``/var/lib``, and ``var/services/home`` stores its path.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypedDict

from core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

ELSEWHERE = Path("/var/lib")
UNPRIVILEGED = "nobody"


class _AsUser(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Home:
    """The servers' directory.

    Attributes:
        path: absolute, without symbolic links.
        user: who the servers run as; None means the user of this process.
    """

    path: Path
    user: pwd.struct_passwd | None = None

    @classmethod
    def of(cls, root: Path) -> Home:
        """The home of the clone at ``root``; created if it does not exist."""
        services = root.resolve() / "var" / "services"
        services.mkdir(parents=True, exist_ok=True)
        if os.geteuid() != 0:
            return cls(services)
        user = _unprivileged_user(root)
        pointer = services / "home"
        if pointer.exists() and _belongs_to(home := Path(pointer.read_text()), services):
            return cls(home, user)
        os.chown(services, user.pw_uid, user.pw_gid)
        if cls(services, user).can("-w", services):
            return cls(services, user)
        home = Path(tempfile.mkdtemp(prefix="storymill-", dir=ELSEWHERE)).resolve()
        (home / "services").write_text(str(services))
        os.chown(home, user.pw_uid, user.pw_gid)
        pointer.write_text(str(home))
        return cls(home, user)

    def run(self, command: Sequence[str | Path], log: Path, *, stdin: str = "") -> int:
        """Run a program to its end as the servers' user; its output goes to ``log``.

        Its environment is minimal: nothing of the caller's leaks into a server that outlives it.
        """
        with self._open(log, os.O_APPEND) as output:
            return subprocess.run(
                command,
                check=False,
                input=stdin,
                text=True,
                stdout=output,
                stderr=output,
                cwd=self.path,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                **self._as_user(),
            ).returncode

    def can(self, access: str, path: Path) -> bool:
        """Whether the servers' user has access; ``access`` is an option of ``test``: -x, -w."""
        return not subprocess.run(["test", access, path], check=False, **self._as_user()).returncode

    def directory(self, name: str) -> Path:
        """A private directory of the servers' user."""
        path = self.path / name
        path.mkdir(mode=0o700, exist_ok=True)
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid, follow_symlinks=False)
        return path

    def write(self, path: Path, text: str) -> None:
        """Write a private file completely or not at all."""
        new = path.with_name(f"{path.name}.new")
        new.unlink(missing_ok=True)
        with self._open(new, os.O_EXCL) as file:
            file.write(text)
        new.replace(path)

    def program(self, package: str, name: str) -> Path:
        """A server program from an installed package, where the servers' user can start it.

        Raises:
            ConfigurationError: the package has no such program for this machine.
        """
        spec = importlib.util.find_spec(package)
        found = spec.submodule_search_locations if spec else None
        installed = Path(found[0]) if found else Path()
        if not (found and (installed / name).exists()):
            raise ConfigurationError(
                f"The package {package} has no {name} for this machine: set DATABASE_URL and "
                "REDIS_URL to servers of your own."
            )
        if self.can("-x", installed / name):
            return installed / name
        version = importlib.metadata.version(package)
        copy = self.path / "programs" / f"{package}-{version}"
        if not copy.exists():
            self._copy(installed, Path(name).parts[0], copy)
        return copy / package / name

    def _copy(self, package: Path, folder: str, to: Path) -> None:
        new = to.with_name(f"{to.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(package / folder, new / package.name / folder, symlinks=True)
        # Programs find the libraries beside their package by a relative path.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, new / libraries.name, symlinks=True)
        for path in (new.parent, new, *new.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        new.rename(to)

    def _open(self, path: Path, flags: int) -> TextIO:
        """Open a file for writing that only the servers' user may read; never follows a link."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | flags, 0o600)
        if self.user:
            os.fchown(handle, self.user.pw_uid, self.user.pw_gid)
        return os.fdopen(handle, "w")

    def _as_user(self) -> _AsUser:
        if self.user is None:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}


def _belongs_to(home: Path, services: Path) -> bool:
    """False if the home is gone, or belongs to the clone that this one was copied from."""
    if not home.is_dir():
        return False
    other = Path((home / "services").read_text())
    return other == services or not (other / "home").exists()


def _unprivileged_user(root: Path) -> pwd.struct_passwd:
    owner = root.stat().st_uid
    try:
        return pwd.getpwuid(owner) if owner else pwd.getpwnam(UNPRIVILEGED)
    except KeyError:  # a container's volume, owned by a user id without a name
        return pwd.getpwnam(UNPRIVILEGED)
