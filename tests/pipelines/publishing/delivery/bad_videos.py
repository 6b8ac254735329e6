"""Videos that must not be sent: how each is made, and what its error is called.

``BAD`` holds them together with those of ``bad_files``.
"""

from __future__ import annotations

import struct

from tests.pipelines.publishing.delivery.bad_files import (
    BAD,
    Content,
    bad_content,
    bad_contents,
    picture,
)
from tests.pipelines.publishing.delivery.creator_studio import (
    AAC,
    FAST,
    H264,
    Studio,
    box,
    patched,
    top_boxes,
    write,
)

VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-an")

# ── the wrong container ──────────────────────────────────────────────────────────────────────


def _mp4(studio: Studio) -> bytes:
    return studio.clip()


def _avi(studio: Studio) -> bytes:
    return studio.clip(".avi", *H264, "-bf", "0", "-an")


def _mkv(studio: Studio) -> bytes:
    return studio.clip(".mkv", *H264, "-an")


def _webm(studio: Studio) -> bytes:
    return studio.clip(".webm", *VP8)


bad_contents(
    "video_container",
    {
        "avi as .mp4": _avi,
        "mkv as .mp4": _mkv,
        "webm as .mov": _webm,
        "mp4 as .mkv": _mp4,
        "mp4 as .avi": _mp4,
        "mkv as .webm": _mkv,
    },
)


# ── cut off, unfinished ──────────────────────────────────────────────────────────────────────


def _without_boxes(*kinds: bytes) -> Content:
    return lambda studio: b"".join(
        content for kind, content in top_boxes(studio.clip()).items() if kind not in kinds
    )


def _first(share: float, make: Content) -> Content:
    return lambda studio: make(studio)[: int(len(make(studio)) * share)]


def _moov_last(studio: Studio) -> bytes:
    return studio.clip(".mp4", *H264, "-an")


bad_contents(
    "video_unfinished",
    {
        "mp4 without its table of contents": _without_boxes(b"moov"),
        "mp4 of a header alone": lambda studio: top_boxes(studio.clip())[b"ftyp"],
        "mkv of a header alone as .mkv": lambda studio: _mkv(studio)[:40],
    },
)
bad_contents(
    "video_cut_off",
    {
        "mp4 cut in its pictures": _first(0.6, _mp4),
        "mp4 cut before its table of contents": _first(0.6, _moov_last),
        "mp4 that lacks its last byte": lambda studio: studio.clip()[:-1],
        "mp4 without any data": _without_boxes(b"mdat"),
        "mp4 with a box of a negative size": lambda studio: (
            box(b"ftyp", b"isom" + bytes(4)) + b"\0\0\0\1moov" + b"\xff" * 8 + studio.clip()
        ),
        "mp4 cut in a box's head": lambda studio: studio.clip() + b"\0\0\0",
        "mkv cut in the middle as .mkv": _first(0.5, _mkv),
        "webm cut in the middle as .webm": _first(0.5, _webm),
        "avi cut in the middle as .avi": _first(0.5, _avi),
    },
)


# ── damaged ──────────────────────────────────────────────────────────────────────────────────


def _garbled_table(studio: Studio) -> bytes:
    boxes = top_boxes(studio.clip())
    table = boxes[b"moov"]
    noisy = table[:200] + studio.noise(len(table) - 200)
    return boxes[b"ftyp"] + noisy + boxes[b"mdat"]


def _garbled_description(studio: Studio) -> bytes:
    def change(video: bytearray, start: int) -> None:
        video[start : start + 80] = studio.noise(80)

    return patched(studio.clip(), b"stsd", change)


def _overwritten(studio: Studio, start: float, length: int, by: bytes | None = None) -> bytes:
    video = bytearray(studio.clip(seconds=3))
    at = video.index(b"mdat") + int(len(top_boxes(bytes(video))[b"mdat"]) * start)
    video[at : at + length] = (by or studio.noise(length))[:length]
    return bytes(video)


def _hole_in_a_picture(studio: Studio) -> bytes:
    """Zeros inside one large frame that nothing decodes, far from the start of the next."""
    options = ("-vf", "noise=alls=60:allf=t", *H264, "-crf", "10", "-an", *FAST)
    video = bytearray(studio.clip(".mp4", *options, size="720x1280", seconds=0.5))
    at = int(len(video) * 0.53)
    video[at : at + 2048] = bytes(2048)
    return bytes(video)


def _box_size(value: int) -> Content:
    return lambda studio: patched(studio.clip(), b"moov", write(-8, value))


bad_contents(
    "video_damaged",
    {
        "mp4 with a box smaller than its own head": _box_size(4),
        "mp4 with a box of a size that 64 bits can't mean": lambda studio: (
            box(b"ftyp", b"isom" + bytes(4))
            + b"\0\0\0\1moov"
            + (8).to_bytes(8, "big")
            + studio.clip()
        ),
        "mp4 with an inner box larger than its parent": lambda studio: patched(
            studio.clip(), b"trak", write(-8, 0x7FFFFFF)
        ),
        "mp4 with an inner box that has no size": lambda studio: patched(
            studio.clip(), b"mdia", write(-8, 0)
        ),
        "mp4 with two tables of contents": lambda studio: (
            studio.clip() + top_boxes(studio.clip())[b"moov"]
        ),
        "mp4 with two sample tables in one track": lambda studio: patched(
            studio.clip(), b"stsc", lambda video, at: video.__setitem__(slice(at - 4, at), b"stsz")
        ),
        "mp4 with zeros behind its end": lambda studio: (
            studio.clip() + b"\0\0\0\x20" + bytes(5_000)
        ),
        "mp4 with a garbled table of contents": _garbled_table,
        "mp4 with noise in the middle": lambda studio: _overwritten(studio, 0.4, 20_000),
        "mp4 with a hole of zeros": lambda studio: _overwritten(studio, 0.5, 4096, bytes(4096)),
        "mp4 with a hole inside a picture": _hole_in_a_picture,
        "avi with rubbish behind its end as .avi": lambda studio: _avi(studio) + b"rubbish" * 9,
    },
)


# ── pictures ─────────────────────────────────────────────────────────────────────────────────


def _only_sound(studio: Studio) -> bytes:
    return studio.clip(".m4a", "-vn", *AAC)


def _sound_with_a_cover(studio: Studio) -> bytes:
    cover = studio.store / "cover.png"
    cover.write_bytes(picture("PNG"))
    made = studio.store / "cover.mp4"
    sound = studio.store / "sound.m4a"
    sound.write_bytes(_only_sound(studio))
    files = ("-i", str(sound), "-i", str(cover))
    studio.run(*files, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic",
               str(made))  # fmt: skip
    return made.read_bytes()


def _looped(studio: Studio) -> bytes:
    once, made = studio.store / "once.mp4", studio.store / "looped.mp4"
    once.write_bytes(studio.clip(sound=False, seconds=5))
    studio.run("-stream_loop", "121", "-i", str(once), "-c", "copy", str(made))
    return made.read_bytes()


def _coded(*options: str, suffix: str = ".mp4") -> Content:
    return lambda studio: studio.clip(suffix, *options, "-an")


bad_content("video_no_picture", "only sound", _only_sound)
bad_content("video_no_picture", "sound with a cover picture", _sound_with_a_cover)
bad_content("video_still", "a single still", _coded(*H264, "-frames:v", "1"))

bad_contents(
    "video_codec",
    {
        "mpeg-2": _coded("-c:v", "mpeg2video"),
        "mpeg-4 part 2": _coded("-c:v", "mpeg4"),
        "av1": _coded("-c:v", "libsvtav1", "-preset", "12"),
        "motion jpeg as .mov": _coded("-c:v", "mjpeg", suffix=".mov"),
        "prores as .mov": _coded("-c:v", "prores_ks", suffix=".mov"),
        "theora as .mkv": _coded("-c:v", "libtheora", suffix=".mkv"),
        "raw pictures as .avi": _coded("-c:v", "rawvideo", "-frames:v", "3", suffix=".avi"),
    },
)

bad_contents(
    "video_sides",
    {
        "too narrow": lambda studio: studio.clip(size="320x640"),
        "too low": lambda studio: studio.clip(size="640x358"),
        "too wide": lambda studio: studio.clip(size="4098x360", seconds=0.2),
    },
)

bad_contents(
    "video_frame_rate",
    {
        "10 pictures a second": lambda studio: studio.clip(rate=10),
        "120 pictures a second": lambda studio: studio.clip(rate=120),
        "22 pictures a second": lambda studio: studio.clip(rate=22),
    },
)


# ── times ────────────────────────────────────────────────────────────────────────────────────


def _timescale(value: int) -> Content:
    return lambda studio: patched(studio.clip(sound=False), b"mvhd", write(12, value))


bad_content("video_too_long", "over ten minutes", _looped)
bad_content("video_duration", "a header that claims months", _timescale(1))
bad_content(
    "video_duration",
    "a header that claims the age of the world",
    lambda studio: patched(studio.clip(sound=False), b"mvhd", write(16, 0xFFFFFFFE)),
)
bad_content(
    "video_frame_rate",
    "pictures that all come at once",
    lambda studio: patched(studio.clip(sound=False), b"stts", write(12, 0)),
)


# ── made to harm ─────────────────────────────────────────────────────────────────────────────


def _vp8_of(width: int, height: int) -> Content:
    """Every key frame claims this size; 16383x16383 would be 400 MB from a few kilobytes."""

    def make(studio: Studio) -> bytes:
        video, sign = bytearray(_webm(studio)), b"\x9d\x01\x2a"
        at = video.find(sign)
        while at >= 0:
            video[at + 3 : at + 7] = struct.pack("<HH", width, height)
            at = video.find(sign, at + 1)
        return bytes(video)

    return make


def _many_pictures(count: int) -> Content:
    """An index that claims ``count`` frames of one byte, followed by two million bytes."""

    def make(studio: Studio) -> bytes:
        boxes = top_boxes(studio.clip(".mp4", "-c:v", "mpeg4", "-an", *FAST))
        table = patched(boxes[b"moov"], b"stsz", write(4, 1 << 32 | count, 8))
        table = patched(table, b"stsc", write(12, count))
        table = patched(table, b"stts", write(8, count))
        return boxes[b"ftyp"] + table + box(b"mdat", boxes[b"mdat"] + bytes(2_000_000))

    return make


def _encrypted(studio: Studio) -> bytes:
    key = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "0f" * 16)
    return studio.clip(".mp4", *H264, "-an", *key, "-encryption_kid", "1e" * 16)


def _garbled_end(studio: Studio) -> bytes:
    video = studio.clip(".mp4", *H264, "-g", "1", "-an", *FAST)
    return video[:-500] + studio.noise(400) + video[-100:]


bad_contents(
    "video_undecodable",
    {
        "giant pictures in a small file as .webm": _vp8_of(16383, 16383),
        "pictures without sides as .webm": _vp8_of(0, 0),
        "a garbled first picture": lambda studio: _overwritten(studio, 0.002, 500),
        "a garbled last picture": _garbled_end,
    },
)
bad_contents(
    "video_damaged",
    {
        "a garbled description": _garbled_description,
        "a table of a thousand million pictures": _many_pictures(1_000_000_000),
    },
)
bad_content("video_greedy", "a table of a million pictures", _many_pictures(1_000_000))
bad_content("video_encrypted", "encrypted", _encrypted)
bad_content(
    "video_sides",
    "a plain picture of 5120x5120",
    lambda studio: studio.clip(
        ".mp4", "-vf", "drawbox=t=fill", *H264, "-an", "-frames:v", "2", size="5120x5120"
    ),
)

__all__ = ["BAD"]
