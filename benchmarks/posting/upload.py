"""Compare our upload of a large file with ``curl -T`` of the same file to the same server.

Ours is ``TikTokPublisher.send`` with the chunks of a real post of this size. curl sends the file
in one request, which the goal is compared with, and again in our chunks. They alternate, each in
its own process, so that a busy machine slows them equally. Start-up time is not counted, except in
curl's processor time (a hundredth of a second).

The server is ``upload_sink.py``. On the loopback most of the time is the sender's own work; on a
real network it hardly matters, so this is the hardest comparison for us. Over TLS the server's
decryption adds time: those results are shown without a goal.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psutil

from adapters.ports import ChunkPlan, UploadTicket
from adapters.tiktok.api.posting import TikTokPublisher
from benchmarks.posting.certificate import self_signed
from benchmarks.posting.upload_sink import HASHED, Certificate, Sink, running_sink
from benchmarks.rows import Row
from core.errors import ConfigurationError
from pipelines.publishing.delivery.api.chunks import plan_chunks

LEAST_SPEED = 0.9
MOST_MEMORY = 16
"""MiB that an upload may add to its process."""
AT_ONCE, MOST_MEMORY_AT_ONCE = 8, 48
WARM_UP_BYTES = 100_000
PATH = "/upload"


@dataclass(frozen=True, slots=True)
class Sent:
    """The cost of sending; ``memory`` is the peak above the use before, in MiB."""

    seconds: float
    cpu_seconds: float
    memory: float = 0.0


@dataclass(frozen=True, slots=True)
class Round:
    """The same file sent in three ways, one after another."""

    ours: Sent
    curl: Sent
    curl_in_chunks: Sent


@dataclass(frozen=True, slots=True)
class Files:
    """The file, and a copy in chunks for curl."""

    whole: Path
    plan: ChunkPlan
    parts: tuple[Path, ...]


def run(*, megabytes: int = 500, repeats: int = 9) -> list[Row]:
    """Send ``megabytes`` (10^6 bytes) ``repeats`` times in each way; results are medians.

    Raises:
        ConfigurationError: curl is not installed.
    """
    if shutil.which("curl") is None:
        raise ConfigurationError(
            "curl is not installed: install it (apt-get install curl, brew install curl) and run "
            "this again."
        )
    rows = [Row("machine load before", os.getloadavg()[0], "")]
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = _prepare(folder, megabytes * 10**6)
        with running_sink() as sink:
            _check_exact(sink, files)
            rounds = [_round(sink, files, number) for number in range(repeats)]
            rows += _speed("", rounds, megabytes, least=LEAST_SPEED)
            at_once = _ours(sink, files, at_once=AT_ONCE)
        memory = max(r.ours.memory for r in rounds)
        rows += [
            Row("memory of an upload", memory, "MiB", f"<= {MOST_MEMORY}", memory <= MOST_MEMORY),
            Row(
                f"memory of {AT_ONCE} uploads at once",
                at_once.memory,
                "MiB",
                f"<= {MOST_MEMORY_AT_ONCE}",
                at_once.memory <= MOST_MEMORY_AT_ONCE,
            ),
            Row(f"{AT_ONCE} at once", AT_ONCE * megabytes / at_once.seconds, "MB/s"),
        ]
        certificate = self_signed(folder)
        with running_sink(certificate) as sink:
            rounds = [_round(sink, files, number, certificate) for number in range(repeats)]
            rows += _speed("TLS, ", rounds, megabytes)
    return [*rows, Row("machine load after", os.getloadavg()[0], "")]


def _speed(
    prefix: str, rounds: list[Round], megabytes: int, *, least: float | None = None
) -> list[Row]:
    ratios = [r.curl.seconds / r.ours.seconds for r in rounds]
    in_chunks = median(r.curl_in_chunks.seconds / r.ours.seconds for r in rounds)
    cpu = median(r.ours.cpu_seconds / r.curl.cpu_seconds for r in rounds)
    ratio = median(ratios)
    goal, ok = (f">= {least}", ratio >= least) if least else ("", None)
    return [
        Row(f"{prefix}ours", megabytes / median(r.ours.seconds for r in rounds), "MB/s"),
        Row(f"{prefix}curl -T", megabytes / median(r.curl.seconds for r in rounds), "MB/s"),
        Row(f"{prefix}ours / curl", ratio, "x", goal, ok),
        Row(f"{prefix}ours / curl, minimum", min(ratios), "x"),
        Row(f"{prefix}ours / curl, maximum", max(ratios), "x"),
        Row(f"{prefix}ours / curl with the same chunks", in_chunks, "x"),
        Row(f"{prefix}ours / curl, processor time", cpu, "x"),
    ]


def _prepare(folder: Path, size: int) -> Files:
    plan = plan_chunks(size)
    files = Files(
        folder / "video.mp4",
        plan,
        tuple(folder / f"part{index}" for index in range(plan.count)),
    )
    block = secrets.token_bytes(2**20)
    with files.whole.open("wb") as made:
        for at in range(0, size, len(block)):
            made.write(block[: size - at])
    with files.whole.open("rb") as whole:
        for part, (start, end) in zip(files.parts, _ranges(plan), strict=True):
            part.write_bytes(whole.read(end - start))
    return files


def _ranges(plan: ChunkPlan) -> Iterator[tuple[int, int]]:
    starts = [index * plan.chunk_size for index in range(plan.count)]
    return pairwise([*starts, plan.video_size])


def _round(sink: Sink, files: Files, number: int, certificate: Certificate | None = None) -> Round:
    methods = [
        lambda: _ours(sink, files, certificate),
        lambda: _curl(sink, files, certificate),
        lambda: _curl_in_chunks(sink, files, certificate),
    ]
    first = number % len(methods)  # each way goes first equally often
    sent = {method: methods[method]() for method in [*range(first, len(methods)), *range(first)]}
    return Round(*(sent[method] for method in range(len(methods))))


# ── ours ─────────────────────────────────────────────────────────────────────────────────────


def _ours(
    sink: Sink,
    files: Files,
    certificate: Certificate | None = None,
    *,
    at_once: int = 1,
) -> Sent:
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    arguments = (there, sink.url + PATH, files.whole, at_once, certificate)
    process = spawn.Process(target=_send, args=arguments, daemon=True)
    process.start()
    there.close()  # so that the wait ends if the child fails
    try:
        sent: Sent = here.recv()
    finally:
        process.join()
    _check_count(sink, at_once * files.plan.video_size + WARM_UP_BYTES)
    return sent


def _send(
    pipe: Connection, url: str, file: Path, at_once: int, certificate: Certificate | None
) -> None:
    """Send the file from ``at_once`` threads and return the cost.

    A small upload with its own publisher and connection goes first: what a worker loads only once
    (modules, TLS, certificates) is loaded before the measurement.
    """
    if certificate:
        os.environ["REQUESTS_CA_BUNDLE"] = str(certificate.certificate)
    ticket = UploadTicket("bench", url)
    small = file.with_name("small.mp4")
    small.write_bytes(bytes(WARM_UP_BYTES))
    TikTokPublisher(api_url=url).send(ticket, small, plan_chunks(WARM_UP_BYTES))

    plan = plan_chunks(file.stat().st_size)
    publisher = TikTokPublisher(api_url=url)
    before = psutil.Process().memory_info().rss
    wall, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(at_once) as threads:
        sends = [
            threads.submit(publisher.send, ticket, file, plan, progress=_look)
            for _ in range(at_once)
        ]
    for send in sends:
        send.result()
    seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
    pipe.send(Sent(seconds, cpu_seconds, (_peak_memory() - before) / 2**20))


def _look(share: float) -> None:
    """A minimal progress callback; a worker's own work there is not part of sending."""


def _peak_memory() -> int:
    """The peak resident bytes of this process.

    It covers the process's whole life, so the real growth is at most the difference to this. On
    Linux a child inherits ru_maxrss from its parent, so VmHWM is used there; elsewhere ru_maxrss.
    """
    if sys.platform == "linux":
        lines = Path("/proc/self/status").read_text().splitlines()
        (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
        return int(peak) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


# ── curl ─────────────────────────────────────────────────────────────────────────────────────


def _curl(sink: Sink, files: Files, certificate: Certificate | None) -> Sent:
    return _run_curl(sink, files, ["--upload-file", str(files.whole), sink.url + PATH], certificate)


def _curl_in_chunks(sink: Sink, files: Files, certificate: Certificate | None) -> Sent:
    arguments: list[str] = []
    for part, (start, end) in zip(files.parts, _ranges(files.plan), strict=True):
        content_range = f"Content-Range: bytes {start}-{end - 1}/{files.plan.video_size}"
        transfer = ["--header", content_range, "--upload-file", str(part), sink.url + PATH]
        arguments += ["--next", *_curl_options(certificate), *transfer] if arguments else transfer
    return _run_curl(sink, files, arguments, certificate)


def _curl_options(certificate: Certificate | None) -> list[str]:
    options = ["--silent", "--show-error", "--fail", "--write-out", "%{time_total}\\n"]
    return [*options, "--cacert", str(certificate.certificate)] if certificate else options


def _run_curl(
    sink: Sink, files: Files, arguments: list[str], certificate: Certificate | None
) -> Sent:
    before = os.times()
    output = subprocess.run(
        ["curl", *_curl_options(certificate), *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    after = os.times()
    _check_count(sink, files.plan.video_size)
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return Sent(sum(map(float, output.split())), cpu)


# ── checks ───────────────────────────────────────────────────────────────────────────────────


def _check_count(sink: Sink, expected: int) -> None:
    if (count := sink.received().count) != expected:
        raise RuntimeError(f"The server received {count} bytes instead of {expected}.")


def _check_exact(sink: Sink, files: Files) -> None:
    """Send the file once to the path where it is hashed."""
    ticket = UploadTicket("bench", sink.url + HASHED)
    TikTokPublisher(api_url=sink.url).send(ticket, files.whole, files.plan)
    with files.whole.open("rb") as file:
        expected = hashlib.file_digest(file, "sha256").hexdigest()
    if sink.received().sha256 != expected:
        raise RuntimeError("The server did not receive the file's bytes.")
