"""Files are read below the intake folder only, whatever a place says."""

from __future__ import annotations

import io
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import InputError, Permanent
from core.files.intake_folder import UPLOADS, IntakeFolder, safe_name

SECRET = "canary-8812"
MOST = 1_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An intake folder, and a secret beside it."""
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "note.txt").write_text(SECRET)
    folder = tmp_path / "intake"
    (folder / "tables").mkdir(parents=True)
    (folder / "tables" / "tales.csv").write_text("told")
    return folder


def a_link(folder: Path, to: str | Path) -> str:
    (folder / "link").symlink_to(to)
    return "link"


def a_linked_folder(folder: Path) -> str:
    (folder / "out").symlink_to(folder.parent / "private")
    return "out/note.txt"


def a_pipe(folder: Path) -> str:
    os.mkfifo(folder / "pipe.csv")
    return "pipe.csv"


def a_socket(folder: Path) -> str:
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(folder)  # a socket's path can't be long
        try:
            listening.bind("socket.csv")
        finally:
            os.chdir(here)
    return "socket.csv"


def a_loop(folder: Path) -> str:
    (folder / "round").symlink_to("round")
    return "round"


def a_large_file(folder: Path) -> str:
    with (folder / "large.csv").open("wb") as file:
        file.truncate(MOST + 1)
    return "large.csv"


OUTSIDE = "is outside the intake folder"
REFUSED: dict[str, tuple[Callable[[Path], str], str]] = {
    "..": (lambda _: "../secret.txt", OUTSIDE),
    "deep ..": (lambda _: "tables/../../secret.txt", OUTSIDE),
    "absolute": (lambda folder: str(folder.parent / "secret.txt"), OUTSIDE),
    "absolute, nothing there": (lambda _: "/no/such/file", OUTSIDE),
    "beside, same start": (lambda folder: f"{folder}-2/x.csv", OUTSIDE),
    "passwords": (lambda _: "/etc/passwd", OUTSIDE),
    "environment": (lambda _: "/proc/self/environ", OUTSIDE),
    "a process's root": (lambda _: "/proc/self/root/etc/passwd", OUTSIDE),
    "open files": (lambda _: "/dev/fd/0", OUTSIDE),
    "zeros": (lambda _: "/dev/zero", OUTSIDE),
    "link": (lambda folder: a_link(folder, "../secret.txt"), OUTSIDE),
    "link to a device": (lambda folder: a_link(folder, "/dev/zero"), OUTSIDE),
    "link to a process": (lambda folder: a_link(folder, "/proc/self/environ"), OUTSIDE),
    "link to nothing outside": (lambda folder: a_link(folder, "/no/such"), OUTSIDE),
    "linked folder": (a_linked_folder, OUTSIDE),
    "loop": (a_loop, "is not a regular file"),
    "pipe": (a_pipe, "is not a regular file"),
    "socket": (a_socket, "is not a regular file"),
    "folder": (lambda _: "tables", "is not a regular file"),
    "the folder itself": (lambda _: ".", "itself is not a file"),
    "too large": (a_large_file, "is larger than"),
    "line break": (lambda _: "tables/tales.csv\n", "line break or another control"),
    "zero byte": (lambda _: "tables/tales.csv\0.txt", "line break or another control"),
    "home": (lambda _: "~/secret.txt", "There is no file"),
    "empty": (lambda _: " ", "No file is named"),
    "too long": (lambda _: "x" * 300, "can't be read"),
    "below a file": (lambda _: "tables/tales.csv/x", "There is no file"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_a_file_of_the_folder_is_refused_before_a_byte_is_read(
    folder: Path, name: str
) -> None:
    make, sentence = REFUSED[name]
    place = make(folder)
    intake = IntakeFolder(folder)

    with pytest.raises(Permanent, match=sentence) as refused:
        intake.read(place, MOST)

    assert SECRET not in str(refused.value)
    assert "\n" not in str(refused.value)
    if name != "too large":
        assert intake.refusal(place) == str(refused.value)


def test_the_sentence_for_a_place_outside_does_not_tell_what_is_there(folder: Path) -> None:
    intake = IntakeFolder(folder)
    sentences = {
        intake.refusal(place).replace(place, "")
        for place in ("../secret.txt", "../nothing.txt", "/etc", "/etc/shadow", "/root/x", "../..")
    }
    assert len(sentences) == 1


def test_files_links_and_full_paths_inside_are_read(folder: Path) -> None:
    (folder / "link").symlink_to("tables/tales.csv")
    (folder / "link-to-folder").symlink_to(folder / "tables")
    intake = IntakeFolder(folder)

    for place in ("tables/tales.csv", "./tables//tales.csv", "link", "link-to-folder/tales.csv"):
        assert intake.read(place, MOST) == b"told"
    assert intake.read(str(folder / "tables" / "tales.csv"), MOST) == b"told"
    assert intake.place(str(folder / "tables" / "tales.csv")) == "tables/tales.csv"
    assert intake.place(f" {folder}/tables/../tables/tales.csv ") == "tables/tales.csv"
    assert intake.place("/etc/passwd") == "/etc/passwd"
    # And a folder that is itself reached by a link is the same folder
    (folder.parent / "mounted").symlink_to(folder)
    assert IntakeFolder(folder.parent / "mounted").read("link", MOST) == b"told"


def test_a_link_that_is_swapped_in_between_leads_nowhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a file and a folder that become links after their place was resolved
    intake, resolve = IntakeFolder(folder), os.path.realpath

    def swap(path: Path, to: Path) -> None:
        def resolved(given: str | Path) -> str:
            real = resolve(given)
            if os.fspath(given) != os.fspath(folder) and not path.is_symlink():
                path.rename(path.with_name(f"{path.name}-before"))
                path.symlink_to(to)
            return real

        monkeypatch.setattr(os.path, "realpath", resolved)

    # When they are read, then nothing outside is opened
    swap(folder / "tables" / "tales.csv", folder.parent / "secret.txt")
    with pytest.raises(Permanent, match=r"is not a regular file|replaced by a link"):
        intake.read("tables/tales.csv", MOST)
    (folder / "tables" / "note.txt").write_text("told")
    swap(folder / "tables", folder.parent / "private")
    with pytest.raises(Permanent, match=r"There is no file|replaced by a link"):
        intake.read("tables/note.txt", MOST)


@pytest.mark.slow
def test_a_reader_in_a_race_with_links_never_reads_outside(folder: Path) -> None:
    # Given somebody who swaps a file for a link, back and forth
    path, other = folder / "swap.csv", folder / "other"
    path.write_text("told")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            other.unlink(missing_ok=True)
            other.symlink_to(folder.parent / "secret.txt")
            other.replace(path)
            other.write_text("told")
            other.replace(path)

    swapper = threading.Thread(target=swap)
    swapper.start()
    read = set()
    try:
        for _ in range(5_000):
            try:
                read.add(IntakeFolder(folder).read("swap.csv", MOST))
            except Permanent as refused:
                assert SECRET not in str(refused)  # noqa: PT017
    finally:
        stop.set()
        swapper.join()
    # An open file may be seen empty, but never as another's
    assert read <= {b"told", b""}


def test_a_walk_stays_inside(folder: Path) -> None:
    (folder / "tables" / "out").symlink_to(folder.parent / "private")
    (folder / "tables" / "link.txt").symlink_to(folder.parent / "secret.txt")

    found = [file.place for file in IntakeFolder(folder).walk("tables", {})]

    assert found == ["tables/link.txt", "tables/tales.csv"]
    for place in ("/proc", "..", "/", "tables/out"):
        with pytest.raises(Permanent, match=OUTSIDE):
            list(IntakeFolder(folder).walk(place, {}))


UPLOADED = {
    "../../etc/passwd": "passwd",
    "C:\\Users\\mara\\My tales.CSV": "My-tales.csv",
    "/etc/cron.d/x.csv": "x.csv",
    "a\nb\0c.txt": "a-b-c.txt",
    "…": "file",
    ".bashrc": "bashrc",
    "-rf.csv": "rf.csv",
    "物語.csv": "物語.csv",
    "x" * 400 + ".txt": "x" * 60 + ".txt",
    "": "file",
    "con.tar.gz": "con.tar.gz",
    "$(id);&.csv": "id.csv",
}


def test_an_uploaded_files_name_becomes_a_plain_one() -> None:
    assert {name: safe_name(name) for name in UPLOADED} == UPLOADED


def test_uploads_are_stored_beside_each_other_or_not_at_all(folder: Path) -> None:
    intake = IntakeFolder(folder)

    # Two uploads of files with the same names keep both
    def files() -> list[tuple[str, io.BytesIO]]:
        return [("../tale.txt", io.BytesIO(b"one")), ("tale.txt", io.BytesIO(b"two"))]

    with intake.kept(files(), MOST) as first, intake.kept(files(), MOST) as second:
        pass
    assert len({*first, *second}) == 4
    assert [intake.read(place, MOST) for place in first] == [b"one", b"two"]
    assert all(place.startswith(f"{UPLOADS}/") for place in first)

    # And what is too large, or refused later, leaves nothing
    before = sorted((folder / UPLOADS).rglob("*"))
    with (
        pytest.raises(InputError, match="The upload is larger than"),
        intake.kept([("a.csv", io.BytesIO(b"x" * 600)), ("b.csv", io.BytesIO(b"x" * 600))], MOST),
    ):
        pass
    with pytest.raises(KeyError), intake.kept(files(), MOST):
        raise KeyError
    assert sorted((folder / UPLOADS).rglob("*")) == before


def test_a_folder_that_can_not_be_written_to_says_so(tmp_path: Path) -> None:
    (tmp_path / "intake").write_text("a file in its place")
    with (
        pytest.raises(InputError, match="can't be stored in the intake folder"),
        IntakeFolder(tmp_path / "intake").kept([("a.csv", io.BytesIO(b"x"))], MOST),
    ):
        pass
