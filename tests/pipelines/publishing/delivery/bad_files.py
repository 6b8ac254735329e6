"""Files that must not be sent because of place, name, size or kind: how each is made."""

from __future__ import annotations

import gzip
import io
import os
import socket
import sys
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tests.pipelines.publishing.delivery.creator_studio import H264, Studio

Maker = Callable[[Studio], Path]
Content = Callable[[Studio], bytes]
BAD: dict[str, tuple[Maker, str]] = {}


def bad(code: str) -> Callable[[Maker], Maker]:
    def add(maker: Maker) -> Maker:
        BAD[maker.__name__.removeprefix("_").replace("_", " ")] = (maker, code)
        return maker

    return add


def bad_content(code: str, name: str, content: Content) -> None:
    """A file called ``video`` with the suffix after the comma in ``name``."""
    suffix = name.rpartition(" as ")[2] if " as ." in name else ".mp4"
    BAD[name] = (lambda studio: studio.put(content(studio), f"video{suffix}"), code)


def bad_contents(code: str, made: dict[str, Content]) -> None:
    for name, content in made.items():
        bad_content(code, name, content)


# ── places and names ─────────────────────────────────────────────────────────────────────────


@bad("video_missing")
def _missing(studio: Studio) -> Path:
    return studio.media / "gone.mp4"


@bad("video_missing")
def _below_a_file(studio: Studio) -> Path:
    return studio.put(studio.clip()) / "video.mp4"


@bad("video_missing")
def _dangling_link(studio: Studio) -> Path:
    return _link(studio, studio.media / "gone.mp4")


@bad("video_link_loop")
def _link_to_itself(studio: Studio) -> Path:
    return _link(studio, studio.media / "link.mp4")


@bad("video_outside")
def _link_to_the_outside(studio: Studio) -> Path:
    return _link(studio, _outside(studio))


@bad("video_outside")
def _outside_the_media_folder(studio: Studio) -> Path:
    return _outside(studio)


@bad("video_outside")
def _climbing_out_by_dots(studio: Studio) -> Path:
    return studio.media / ".." / _outside(studio).name


@bad("video_outside")
def _neighbour_whose_name_begins_alike(studio: Studio) -> Path:
    folder = studio.media.with_name(studio.media.name + "-old")
    folder.mkdir()
    return _written(folder / "video.mp4", studio.clip())


@bad("video_outside")
def _relative_path(studio: Studio) -> Path:
    return Path(os.path.relpath(_outside(studio)))


@bad("video_outside")
def _link_to_a_device(studio: Studio) -> Path:
    return _link(studio, Path("/dev/zero"))


@bad("video_not_a_file")
def _folder(studio: Studio) -> Path:
    path = studio.media / "folder.mp4"
    path.mkdir()
    return path


@bad("video_not_a_file")
def _named_pipe(studio: Studio) -> Path:
    path = studio.media / "pipe.mp4"
    os.mkfifo(path)
    return path


@bad("video_not_a_file")
def _socket(studio: Studio) -> Path:
    path = studio.media / "s.mp4"
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(studio.media)  # a socket's path may only have 107 bytes
        server.bind(path.name)
        os.chdir(here)
    return path


@bad("video_name")
def _zero_byte_in_the_name(studio: Studio) -> Path:
    return studio.media / "vid\0eo.mp4"


@bad("video_name")
def _name_that_no_disk_can_spell(studio: Studio) -> Path:
    return studio.media / "vid\ud800eo.mp4"


@bad("video_name")
def _name_too_long(studio: Studio) -> Path:
    return studio.media / ("v" * 300 + ".mp4")


@bad("video_suffix")
def _text_suffix(studio: Studio) -> Path:
    return studio.put(studio.clip(), "video.txt")


@bad("video_suffix")
def _no_suffix(studio: Studio) -> Path:
    return studio.put(studio.clip(), "video")


@bad("video_suffix")
def _program_suffix_behind_the_right_one(studio: Studio) -> Path:
    return studio.put(studio.clip(), "video.mp4.exe")


@bad("video_suffix")
def _hidden_file_that_is_all_suffix(studio: Studio) -> Path:
    return studio.put(studio.clip(), ".mp4")


# ── sizes ────────────────────────────────────────────────────────────────────────────────────


bad_content("video_empty", "empty", lambda _: b"")


@bad("video_too_large")
def _half_a_terabyte_of_nothing(studio: Studio) -> Path:
    path = studio.put(studio.clip())
    os.truncate(path, 500_000_000_000)
    return path


# ── no videos ────────────────────────────────────────────────────────────────────────────────


def picture(kind: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (360, 640), "teal").save(made, kind)
    return made.getvalue()


def _wav(_: Studio) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(8000))
    return made.getvalue()


def _zip(content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("video.mp4", content)
    return made.getvalue()


bad_contents(
    "video_not_a_video",
    {
        "one byte": lambda _: b"x",
        "zeros": lambda _: bytes(100_000),
        "noise": lambda studio: studio.noise(100_000),
        "text": lambda _: b"It went out." * 100,
        "page": lambda _: "<!doctype html><title>404</title>Not found; désolé".encode(),
        "playlist that names a file": lambda _: b"#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n",
        "list that names a file": lambda _: b"ffconcat version 1.0\nfile /etc/passwd\n",
        "jpeg": lambda _: picture("JPEG"),
        "png": lambda _: picture("PNG"),
        "gif": lambda _: picture("GIF"),
        "webp": lambda _: picture("WEBP"),
        "wav": _wav,
        "mp3": lambda studio: studio.clip(".mp3", "-vn", "-c:a", "libmp3lame"),
        "ogg with theora": lambda studio: studio.clip(".ogv", "-c:v", "libtheora", "-an"),
        "zip": lambda studio: _zip(studio.clip()),
        "zip bomb": lambda _: _zip(bytes(50_000_000)),
        "gzip": lambda studio: gzip.compress(studio.clip()),
        "program": lambda _: Path(sys.executable).read_bytes()[:100_000],
        "flash video": lambda studio: studio.clip(".flv", *H264, "-an"),
        "transport stream": lambda studio: studio.clip(".ts", *H264, "-an"),
        "bare h264 without a container": lambda studio: studio.clip(".h264", *H264, "-an"),
    },
)


def _outside(studio: Studio) -> Path:
    return _written(studio.media.parent / "outside.mp4", studio.clip())


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _link(studio: Studio, target: Path) -> Path:
    link = studio.media / "link.mp4"
    link.symlink_to(target)
    return link
