"""Files that are refused before a byte is sent, by content and not by name."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.ports import CreatorInfo, ProbedVideo
from adapters.video_inspection.probe import IsolatedProbe
from core.errors import Permanent
from pipelines.publishing.delivery.video_checks import CheckedVideo, check_length, check_video
from tests.pipelines.publishing.delivery.bad_videos import BAD
from tests.pipelines.publishing.delivery.creator_studio import AAC, FAST, H264, Studio

NOBODY = 65_534


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def studio(tmp_path: Path, store: Path) -> Studio:
    media = tmp_path / "media"
    media.mkdir()
    return Studio(media, store)


def check(studio: Studio, path: Path) -> CheckedVideo:
    """Check a file whose recorded size is correct."""
    try:
        size = path.stat().st_size
    except (OSError, ValueError):
        size = 1
    return check_video(path, size, folder=studio.media, probe=IsolatedProbe())


# ── what may be sent ─────────────────────────────────────────────────────────────────────────

FRAGMENTED = ("-movflags", "+frag_keyframe+empty_moov")
VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8")
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8")
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")

GOOD: dict[str, tuple[str, tuple[str, ...], dict[str, float | str | bool]]] = {
    "as we render it": (".mp4", (*H264, *AAC, *FAST), {"size": "1080x1920"}),
    "upper-case suffix": (".MP4", (*H264, *AAC, *FAST), {}),
    "silent": (".mp4", (*H264, "-an"), {}),
    "pictures that look ahead": (".mp4", ("-c:v", "libx264", "-bf", "3", *AAC), {"seconds": 2}),
    "fragmented": (".mp4", (*H264, *AAC, *FRAGMENTED), {}),
    "quicktime": (".mov", (*H264, *AAC), {}),
    "h265": (".mp4", (*HEVC, *AAC), {}),
    "vp9 in webm": (".webm", (*VP9, "-c:a", "libopus"), {}),
    "vp8 in webm": (".webm", (*VP8, "-an"), {}),
    "matroska": (".mkv", (*H264, *AAC), {}),
    "avi": (".avi", (*H264, "-bf", "0", "-c:a", "libmp3lame"), {}),
    "film": (".mp4", (*H264, *AAC, *FAST), {"rate": 23.976}),
    "sixty pictures": (".mp4", (*H264, *AAC, *FAST), {"rate": 59.94}),
    "smallest": (".mp4", (*H264, *AAC, *FAST), {"size": "360x360"}),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_video_passes(studio: Studio, name: str) -> None:
    suffix, options, how = GOOD[name]
    video = studio.clip(suffix, *options, **how)  # type: ignore[arg-type]  # a table of options

    checked = check(studio, studio.put(video, f"video{suffix}"))

    assert checked.fingerprint.size == len(video)
    assert checked.seconds == pytest.approx(float(how.get("seconds", 1)), abs=0.1)
    checked.check_unchanged()


def test_a_link_inside_the_media_folder_is_followed(studio: Studio) -> None:
    video = studio.put(studio.clip())
    link = studio.media / "link.mp4"
    link.symlink_to(video)
    (studio.media / "deep").mkdir()

    for path in (link, studio.media / "deep" / ".." / "video.mp4"):
        assert check(studio, path).path == video


def test_the_media_folder_itself_may_be_a_link(studio: Studio) -> None:
    video = studio.put(studio.clip())
    moved = studio.media.with_name("moved")
    moved.symlink_to(studio.media)

    size = video.stat().st_size
    checked = check_video(moved / video.name, size, folder=moved, probe=IsolatedProbe())

    assert checked.path == video


# ── what may not ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_by_name(studio: Studio, name: str) -> None:
    make, code = BAD[name]
    path = make(studio)
    began = processor_seconds()

    with pytest.raises(Permanent) as refused:
        check(studio, path)

    sentence = str(refused.value)
    assert refused.value.code == code, sentence
    assert ": " in sentence  # what is wrong: what to do
    assert sentence.endswith(".")
    assert processor_seconds() - began < 10


def test_a_file_that_may_not_be_read_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder, unprivileged(Path(folder)):
        media = Path(folder) / "media"
        media.mkdir()
        studio = Studio(media, Path(folder))
        path = studio.put(studio.clip())
        path.chmod(0)

        with pytest.raises(Permanent, match="no permission to read") as refused:
            check(studio, path)

    assert refused.value.code == "video_forbidden"


def test_a_device_is_refused() -> None:
    with pytest.raises(Permanent) as refused:
        check_video(Path("/dev/zero"), 1, folder=Path("/dev"), probe=IsolatedProbe())

    assert refused.value.code == "video_not_a_file"


@pytest.mark.parametrize("off", [-1, 1, 1_000_000])
def test_another_size_than_was_rendered_is_refused(studio: Studio, off: int) -> None:
    path = studio.put(studio.clip())

    with pytest.raises(Permanent, match="were rendered") as refused:
        check_video(path, path.stat().st_size + off, folder=studio.media, probe=IsolatedProbe())

    assert refused.value.code == "video_changed"


def test_the_limit_of_size_can_be_set(studio: Studio) -> None:
    path = studio.put(studio.clip())
    size = path.stat().st_size

    with pytest.raises(Permanent, match=f"at most {size - 1:,}"):
        check_video(path, size, folder=studio.media, probe=IsolatedProbe(), most_bytes=size - 1)


def test_a_video_over_the_creators_limit_is_refused(studio: Studio) -> None:
    creator = CreatorInfo("tales", "Tales", ("SELF_ONLY",), False, False, False, max_seconds=60)

    check_length(60.0, creator)
    with pytest.raises(Permanent, match="may post at most 60 s") as refused:
        check_length(60.1, creator)

    assert refused.value.code == "video_too_long"


# ── changes ──────────────────────────────────────────────────────────────────────────────────


@dataclass
class Meddled:
    """The real probe, and a change to the file meanwhile."""

    meddle: Callable[[Path], object]

    def inspect(self, path: Path) -> ProbedVideo:
        found = IsolatedProbe().inspect(path)
        self.meddle(path)
        return found


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def rewrite(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"x")


def swap(path: Path) -> None:
    other = path.with_name("other.mp4")
    other.write_bytes(path.read_bytes())
    status = path.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


CHANGES = [grow, rewrite, swap, Path.unlink, lambda path: os.truncate(path, 100)]


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_while_it_is_checked_is_refused(
    studio: Studio, change: Callable[[Path], object]
) -> None:
    path = studio.put(studio.clip())

    with pytest.raises(Permanent) as refused:
        check_video(path, path.stat().st_size, folder=studio.media, probe=Meddled(change))

    assert refused.value.code in {"video_changing", "video_missing"}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_between_check_and_sending_is_noticed(
    studio: Studio, change: Callable[[Path], object]
) -> None:
    path = studio.put(studio.clip())
    checked = check(studio, path)
    checked.check_unchanged()

    change(path)

    with pytest.raises(Permanent):
        checked.check_unchanged()


# ── anything at all ──────────────────────────────────────────────────────────────────────────

SIGNATURES = {
    ".mp4": b"\0\0\0\x14ftypisom\0\0\0\0isom\0\0\x40\0moov",
    ".mkv": b"\x1a\x45\xdf\xa3\x8b\x42\x82\x88matroska\x18\x53\x80\x67\x01" + b"\xff" * 7,
    ".avi": b"RIFF\x08\x40\0\0AVI LIST",
}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("suffix", SIGNATURES)
def test_noise_behind_a_good_signature_is_refused(studio: Studio, suffix: str, seed: int) -> None:
    studio.dice.seed(seed)
    content = SIGNATURES[suffix] + studio.noise(0x4000)

    with pytest.raises(Permanent):
        check(studio, studio.put(content, f"video{suffix}"))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_flipped_bits_end_in_an_answer(studio: Studio, suffix: str) -> None:
    """Whatever the start of a file contains, the check soon passes or gives a known error."""
    dice = random.Random(suffix)  # noqa: S311  # bits, not secrets
    video = studio.clip(suffix, *H264, "-bf", "0", "-an", *(FAST if suffix == ".mp4" else ()))
    for _ in range(8):
        turned = bytearray(video)
        for _ in range(dice.randrange(1, 12)):
            turned[dice.randrange(8, 1500)] ^= 1 << dice.randrange(8)
        began = processor_seconds()
        try:
            check(studio, studio.put(bytes(turned), f"video{suffix}"))
        except Permanent as refused:
            assert refused.code.startswith("video_")  # noqa: PT017  # a pass is an answer too
        assert processor_seconds() - began < 15


def processor_seconds() -> float:
    """CPU time of this process and its ended children; ``IsolatedProbe`` ends its children."""
    return sum(os.times()[:4])


@contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """Root can read everything, so become "nobody" for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.chown(folder, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
