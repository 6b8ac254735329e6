"""Says a few words in a separate process: the back office itself loads no voice."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from core.errors import InputError, StorymillError, VoiceBusyError

log = structlog.get_logger(__name__)

MOST_CHARACTERS = 300
SECONDS = 30.0
"""Time limit; a Piper voice takes three seconds to load, and speaks 300 characters in two."""
FAILED = "The voice failed to speak: see the log of the back office, or choose another voice."

_ROOT = str(Path(__file__).resolve().parents[2])
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1])\nfrom adapters.speech.say_once import main\nmain()"
)
_REFUSED = 3
_one_at_a_time = threading.Lock()


def say(voice: str, text: str, folder: Path, words_per_minute: int) -> bytes:
    """Say ``text``; returns a WAV file.

    Raises:
        InputError: the text is too long, the voice can't say it, or another text is being said.
    """
    with TemporaryDirectory() as sounds:
        sound = Path(sounds) / "said.wav"
        say_into(sound, voice, text, folder, words_per_minute, wait=0)
        return sound.read_bytes()


def say_into(
    sound: Path, voice: str, text: str, folder: Path, words_per_minute: int, *, wait: float = 90.0
) -> None:
    """Say ``text`` into the WAV file ``sound``; the file ``.share`` beside it tells how far it is.

    Args:
        sound: where; its folder exists.
        voice: ``espeak:<voice>``, ``piper:<name>`` or ``piper:<path>``.
        text: at most ``MOST_CHARACTERS``.
        folder: Piper's voices.
        words_per_minute: the pace of an espeak-ng voice.
        wait: seconds to wait for texts that are being said; one is said at a time.

    Raises:
        InputError: the text is too long, the voice can't say it, or others took too long.
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"At most {MOST_CHARACTERS} characters can be heard at once.")
    if not _one_at_a_time.acquire(timeout=wait):
        raise VoiceBusyError("Another text is being spoken: try again in a few seconds.")
    try:
        _run([voice, text, str(folder), str(words_per_minute), str(sound)])
    finally:
        _one_at_a_time.release()


def _run(order: list[str]) -> None:
    try:
        ended = subprocess.run(  # noqa: S603 - no shell; the order comes as standard input
            [sys.executable, "-I", "-c", _PROGRAM, _ROOT],
            input=json.dumps(order).encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"The voice took longer than {SECONDS:.0f} s: try again.") from error
    if ended.returncode == _REFUSED:
        raise InputError(ended.stderr.decode(errors="replace").strip())
    if ended.returncode:
        log.warning("say_once.failed", status=ended.returncode, tail=ended.stderr[-2000:])
        raise InputError(FAILED)


def main() -> None:
    """The separate process: read the order, write the sound; a refusal goes to standard error."""
    from adapters.speech.voice import build  # noqa: PLC0415 - only here is a voice loaded

    voice, text, folder, words_per_minute, sound = json.load(sys.stdin)
    told = Path(sound).with_suffix(".share")

    def report(share: float) -> None:
        told.write_text(f"{share:.2f}")

    try:
        build(voice, Path(folder), int(words_per_minute)).speak(text, Path(sound), report)
    except StorymillError as error:
        sys.stderr.write(str(error))
        sys.exit(_REFUSED)
