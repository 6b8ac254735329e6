"""The media cache: files are made once, even with concurrent workers, and within a size limit."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.media.media_cache import MediaCache
from core.errors import Retryable


class CancelledError(Exception):
    pass


def write(size: int, *, pause: float = 0.0) -> Callable[[Path], None]:
    def make(into: Path) -> None:
        time.sleep(pause)
        into.write_bytes(b"f" * size)

    return make


def patient() -> None:
    pass


def names(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.mp4")}


def keep(films: MediaCache, name: str, size: int = 100) -> None:
    with films.take(name, write(size), patient) as film:
        assert film.stat().st_size == size
    time.sleep(0.01)  # so that the order of use is clear


def test_the_least_recently_used_files_are_removed_but_none_in_use(tmp_path: Path) -> None:
    films = MediaCache(tmp_path, suffix=".mp4", most_bytes=300)
    for name in ("a", "b", "c"):
        keep(films, name)
    keep(films, "a")  # b is now the least recently used

    keep(films, "d")
    assert names(tmp_path) == {"a", "c", "d"}

    with films.take("c", write(100), patient) as used:
        for name in ("e", "f", "g"):
            keep(films, name)
        assert used.read_bytes() == b"f" * 100
        assert names(tmp_path) == {"c", "f", "g"}
    keep(films, "h")
    assert names(tmp_path) == {"f", "g", "h"}
    assert len(list(tmp_path.iterdir())) == 6, "a lock for each file and nothing else"


def test_a_file_larger_than_the_limit_stays_while_in_use(tmp_path: Path) -> None:
    films = MediaCache(tmp_path, suffix=".mp4", most_bytes=50)
    with films.take("large", write(100), patient) as film:
        films.tidy()
        assert film.exists()
    films.tidy()
    assert names(tmp_path) == set()


def test_only_one_worker_makes_a_file_that_many_want(tmp_path: Path) -> None:
    made: list[str] = []
    seen: list[int] = []

    def make(into: Path) -> None:
        made.append(into.name)
        write(1000, pause=0.3)(into)

    def use() -> None:
        films = MediaCache(tmp_path, suffix=".mp4", most_bytes=5000)
        with films.take("film", make, patient) as film:
            seen.append(film.stat().st_size)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert (made, seen) == (["film.half.mp4"], [1000] * 8)


def test_a_file_in_use_is_never_removed(tmp_path: Path) -> None:
    """Two files fit; six are wanted by six workers at once."""
    wrong: list[str] = []

    def use(at: int) -> None:
        films = MediaCache(tmp_path, suffix=".mp4", most_bytes=200)
        for turn in range(25):
            with films.take(f"film-{(at + turn) % 6}", write(100), patient) as film:
                time.sleep(0.002)
                if not film.is_file() or film.stat().st_size != 100:
                    wrong.append(film.name)

    threads = [threading.Thread(target=use, args=(at,)) for at in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []
    MediaCache(tmp_path, suffix=".mp4", most_bytes=200).tidy()
    assert len(names(tmp_path)) <= 2


def test_a_worker_killed_while_it_makes_a_file_blocks_nobody(tmp_path: Path) -> None:
    program = """
import sys, time
from pathlib import Path
from adapters.media.media_cache import MediaCache
def make(into):
    into.write_bytes(b"half"); print("begun", flush=True); time.sleep(60)
films = MediaCache(Path(sys.argv[1]), suffix=".mp4", most_bytes=5000)
with films.take("film", make, lambda: None): pass
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE
    ) as worker:
        assert worker.stdout
        worker.stdout.readline()

        # Given another worker that waits for the file and is cancelled
        def cancel() -> None:
            raise CancelledError

        films = MediaCache(tmp_path, suffix=".mp4", most_bytes=5000)
        with pytest.raises(CancelledError), films.take("film", write(100), cancel):
            pass
        os.kill(worker.pid, signal.SIGKILL)

    # When the next worker comes, then it makes the file
    keep(films, "film")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.lock", "film.mp4"]


def test_on_a_nearly_full_disk_cached_files_make_room_for_videos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = MediaCache(tmp_path, suffix=".mp4", most_bytes=5000)
    for name in ("a", "b", "c"):
        keep(films, name)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=999_999_850))

    keep(films, "c")  # 150 bytes too few are free

    assert names(tmp_path) == {"c"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_and_no_incomplete_file_stays(tmp_path: Path, number: int) -> None:
    def make(into: Path) -> None:
        into.write_bytes(b"half")
        raise OSError(number, os.strerror(number))

    films = MediaCache(tmp_path, suffix=".mp4", most_bytes=5000)
    with pytest.raises(Retryable) as caught, films.take("film", make, patient):
        pass

    assert caught.value.code == "disk_full"
    assert names(tmp_path) == set()
    keep(films, "film")
