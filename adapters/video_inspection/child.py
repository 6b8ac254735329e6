"""Inspect the video that is open as standard input, and print the result as JSON.

Runs in a separate process, started by ``probe.py``: ffmpeg's libraries are C code that a thread
can't interrupt, and a file may be built to keep them busy or to break them.

Measured on 60 MB of 1080x1920 (75 s): it reads the container's structure, then every packet once
without decoding it (30 ms), and decodes five key frames (60 ms). This detects a file that is cut
off, has a hole of zeros or lengths that don't add up, and a damaged first, middle or last frame.
It does not detect a few flipped bits in other frames.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import av
import av.error

from adapters.video_inspection import containers
from adapters.video_inspection.containers import DamageError

MOST_MEMORY = 1 << 30
"""Bytes of address space; the largest allowed picture (4096x4096, HEVC) needs half."""
MOST_SECONDS = 10
"""Seconds of processor time; a video of 500 MB needs one."""

_MOST_PIXELS = 4096 * 4096
_MOST_PACKETS = 500_000  # ten minutes of 60 frames per second and two sounds have 100,000
_KEY_PICTURES = 5
_HOLE = bytes(512)
"""H.264 and H.265 never hold three zeros in a row (their emulation prevention)."""
_DEMUXERS = {"mp4": "mov", "matroska": "matroska", "webm": "matroska", "avi": "avi"}
_WITH_UNITS = frozenset({"h264", "hevc"})
_LIBRARIES = {"libvpx": "vp8", "libvpx-vp9": "vp9", "libdav1d": "av1", "libaom-av1": "av1"}
_DECODED = _WITH_UNITS | {"vp8", "vp9"}


@dataclass
class Found:
    """The fields of ``ProbedVideo``."""

    container: str
    fault: str = ""
    codec: str = ""
    sound_codec: str = ""
    width: int = 0
    height: int = 0
    pictures: int = 0
    pictures_per_second: float = 0.0
    seconds: float = 0.0
    claimed_seconds: float = 0.0


@dataclass
class _Times:
    """When the packets of a stream start and end, in the stream's time base."""

    first: int | None = None
    last: int = 0
    end: int = 0

    def add(self, packet: Any) -> None:
        at = packet.pts if packet.pts is not None else packet.dts
        if at is None:
            return
        if self.first is None:
            self.first = self.last = at
        self.first = min(self.first, at)
        self.last = max(self.last, at)
        self.end = max(self.end, at + (packet.duration or 0))


def main() -> None:
    """Limit this process, inspect the video, print the result."""
    signal.alarm(4 * MOST_SECONDS)  # works even inside C code, and if nobody waits for the result
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # other systems refuse or ignore the limit
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    sys.stdout.write(json.dumps(asdict(look())))


def look() -> Found:
    """Inspect the file that is open as descriptor 0."""
    size = os.fstat(0).st_size
    with os.fdopen(0, "rb", closefd=False) as file:
        found = Found(containers.name_of(file.read(containers.HEAD_BYTES)))
        if found.container not in _DEMUXERS:
            return found
        try:
            claimed = containers.check(file, found.container, size)
        except DamageError as error:
            found.fault = error.fault
            return found
    os.lseek(0, 0, os.SEEK_SET)
    try:
        _look_inside(found)
        found.claimed_seconds = claimed or found.claimed_seconds
    except (MemoryError, av.error.MemoryError):
        found.fault = "greedy"
    except DamageError as error:
        found.fault = error.fault
    except (OSError, ValueError, OverflowError, av.error.FFmpegError):
        found.fault = "damaged"
    return found


def _look_inside(found: Found) -> None:
    # The demuxer is chosen by the file's signature and may open nothing else: playlists and
    # references inside the file are not followed.
    with av.open(
        "fd:", format=_DEMUXERS[found.container], options={"protocol_whitelist": "fd"}
    ) as container:
        found.claimed_seconds = (container.duration or 0) / av.time_base
        sounds = container.streams.audio
        found.sound_codec = _codec_of(sounds[0]) if sounds else ""
        stream = next(
            (each for each in container.streams.video if not _is_cover(each)),
            None,
        )
        if stream is None:
            return
        _Walk(found, container, stream).go()


def _codec_of(stream: Any) -> str:
    """The codec's own name in ffmpeg, not that of the library that decodes it."""
    name = stream.codec_context.name if stream.codec_context else "unknown"
    return _LIBRARIES.get(name, name)


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


@dataclass
class _Walk:
    """Reads all packets of a container once."""

    found: Found
    container: Any
    stream: Any
    decoded: int = 0
    next_key: float = 0.0
    last_key: Any = None
    times: dict[int, _Times] = field(default_factory=dict)

    def go(self) -> None:
        decoder, found = self.stream.codec_context, self.found
        found.codec = _codec_of(self.stream)
        if decoder is None:
            return
        found.width, found.height = decoder.width, decoder.height
        decodes = found.codec in _DECODED and 0 < decoder.width * decoder.height <= _MOST_PIXELS
        decoder.thread_count = 1
        decoder.options = {"err_detect": "explode", "max_pixels": str(_MOST_PIXELS)}
        units = _length_bytes(found.codec, decoder.extradata)
        try:
            for packet in self.packets():
                if packet.stream_index != self.stream.index:
                    continue
                found.pictures += 1
                data = bytes(packet)
                if packet.is_corrupt or (found.codec in _WITH_UNITS and _HOLE in data):
                    raise DamageError("damaged")
                if units:
                    _check_units(data, units)
                if decodes and packet.is_keyframe:
                    self.consider(packet)
            if self.last_key is not None:
                self.decode(self.last_key)
        finally:
            self.sum_up()
        promised = self.stream.frames if not found.pictures else len(self.stream.index_entries)
        if found.container == "mp4" and found.pictures < promised:
            raise DamageError("damaged")
        if decodes and found.pictures and not self.decoded:
            raise DamageError("undecodable")

    def packets(self) -> Iterator[Any]:
        """The packets that have data; those that players don't show add no time."""
        for number, packet in enumerate(self.container.demux()):
            if number > _MOST_PACKETS:
                raise DamageError("greedy")
            if packet.size:
                if not packet.is_discard:
                    self.times.setdefault(packet.stream_index, _Times()).add(packet)
                yield packet

    def consider(self, packet: Any) -> None:
        """Decode the first key frame, then one after each quarter of the video."""
        if packet.has_sidedata("encryption_info"):
            raise DamageError("encrypted")
        at = float((packet.pts or 0) * self.stream.time_base)
        if self.decoded and (at < self.next_key or self.decoded >= _KEY_PICTURES):
            self.last_key = packet
            return
        self.next_key = at + self.found.claimed_seconds / (_KEY_PICTURES - 1)
        self.last_key = None
        self.decode(packet)

    def decode(self, packet: Any) -> None:
        decoder = self.stream.codec_context
        try:
            pictures = [*decoder.decode(packet), *decoder.decode(None)]
            decoder.flush_buffers()
        except av.error.MemoryError:
            raise
        except (av.error.FFmpegError, ValueError) as error:
            raise DamageError("undecodable") from error
        if not pictures or any(picture.is_corrupt for picture in pictures):
            raise DamageError("undecodable")
        self.decoded += 1
        self.found.width, self.found.height = pictures[0].width, pictures[0].height

    def sum_up(self) -> None:
        """Record the results of the packets' times."""
        starts, ends = [], []
        for index, times in self.times.items():
            unit = self.container.streams[index].time_base
            if times.first is not None and unit is not None:
                starts.append(float(times.first * unit))
                ends.append(float(max(times.end, times.last) * unit))
        if starts:
            self.found.seconds = max(ends) - min(starts)
        own = self.times.get(self.stream.index)
        if own is not None and own.first is not None and own.last > own.first:
            span = float((own.last - own.first) * self.stream.time_base)
            self.found.pictures_per_second = (self.found.pictures - 1) / span


def _length_bytes(codec: str, extradata: bytes | None) -> int:
    """How many bytes store each unit's length in a packet; 0 if there are start codes.

    Source: ISO/IEC 14496-15, the records ``avcC`` and ``hvcC``.
    """
    at = {"h264": 4, "hevc": 21}.get(codec)
    if at is None or not extradata or len(extradata) <= at or extradata[0] != 1:
        return 0
    return (extradata[at] & 3) + 1


def _check_units(data: bytes, width: int) -> None:
    """Raise DamageError if the lengths in a packet don't add up to its size."""
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + width], "big")
        at += width
        if at < len(data) and length and data[at] & 0x80:  # the bit that is always zero
            raise DamageError("damaged")
        at += length
    if at != len(data):
        raise DamageError("damaged")
