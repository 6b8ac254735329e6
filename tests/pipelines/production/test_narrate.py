"""A part is spoken once; whoever needs the same sound again takes it."""

from __future__ import annotations

import wave
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from adapters.espeak import EspeakSynthesizer
from adapters.ports import Progress, Speech, Synthesizer
from core import queue
from core.errors import Permanent
from core.storage import MediaStore
from models import Job, Narration
from pipelines import ledger
from pipelines.ledger import LeaseLostError
from pipelines.production.narrate import narrate, timings
from tests.pipelines.production.making import STUDIO, a_part, claimed

pytestmark = pytest.mark.usefixtures("record")

ESPEAK = EspeakSynthesizer()


@dataclass
class Counted:
    """A voice that remembers what it was asked to say."""

    voice: Synthesizer = ESPEAK
    said: list[str] = field(default_factory=list)

    @property
    def identity(self) -> str:
        return self.voice.identity

    def speak(self, text: str, into: Path, progress: Progress | None = None) -> Speech:
        self.said.append(text)
        return self.voice.speak(text, into, progress)


@dataclass
class Mumbling(Counted):
    """Loses the last word."""

    def speak(self, text: str, into: Path, progress: Progress | None = None) -> Speech:
        made = super().speak(text, into, progress)
        return replace(made, words=made.words[:-1])


def files(media: MediaStore) -> list[str]:
    return sorted(path.suffix for path in media.folder.rglob("*") if path.is_file())


def test_a_part_is_spoken_and_each_word_timed(media: MediaStore, redis_url: str) -> None:
    # Given a part
    part = a_part()
    claim = claimed("narrate", part.id)
    broker = queue.connect(redis_url)
    before = queue.depths(broker, ["cpu"])

    # When it is narrated
    narrate(part.id, claim, lambda _studio: ESPEAK, media, STUDIO)

    # Then the sound is as long as it says, and holds every word in order
    narration = Narration.get()
    with wave.open(narration.path) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        assert sound.getnframes() / sound.getframerate() == pytest.approx(narration.seconds)
    assert narration.seconds > 2
    words = timings(narration)
    assert [timing.word for timing in words] == part.spoken.split()
    assert [timing.start for timing in words] == sorted(timing.start for timing in words)
    assert words[-1].end <= narration.seconds
    assert (narration.timed_by, narration.voice) == ("synthesizer", ESPEAK.identity)
    assert claim.share == 1.0

    # And its captions follow, by the hint that is on its way already
    job = Job.of("caption", part.id)
    assert job is not None
    assert (job.request_id, job.sent_at is not None) == ("request", True)
    assert queue.depths(broker, ["cpu"]) == before


def test_the_same_words_in_the_same_voice_are_spoken_once(media: MediaStore) -> None:
    # Given two parts that say the same, and one that does not
    voice = Counted()
    first, same, other = a_part(), a_part(), a_part("The lamp stayed on.")

    # When all are narrated, the first one twice
    for part in (first, same, other, first):
        narrate(part.id, claimed("narrate", part.id), lambda _studio: voice, media, STUDIO)

    # Then the voice was asked for two texts, and all parts have their sound
    assert voice.said == [first.spoken, other.spoken]
    a, b, c = Narration.select().order_by(Narration.part)
    assert (a.path, a.words) == (b.path, b.words)
    assert c.path != a.path

    # And another voice is another sound
    slow = Counted(EspeakSynthesizer(words_per_minute=120))
    narrate(first.id, claimed("narrate", first.id), lambda _studio: slow, media, STUDIO)
    assert slow.said == [first.spoken]
    again = Narration.get(Narration.part == first)
    assert again.path != a.path
    assert again.seconds > a.seconds * 1.2


def test_a_sound_that_a_crash_left_half_made_is_made_again(media: MediaStore) -> None:
    part, voice = a_part(), Counted()
    narrate(part.id, claimed("narrate", part.id), lambda _studio: voice, media, STUDIO)
    for lost in (".json", ".wav"):
        # Given a worker that died between putting the sound and its timings in place
        next((media.folder / "narration").rglob(f"*{lost}")).unlink()
        voice.said.clear()

        # When the part is narrated again
        narrate(part.id, claimed("narrate", part.id), lambda _studio: voice, media, STUDIO)

        # Then it is made anew, whole
        assert voice.said == [part.spoken]
        assert files(media) == [".json", ".wav"]


def test_a_word_that_was_not_spoken_stops_the_part_for_good(media: MediaStore) -> None:
    part = a_part()
    with pytest.raises(Permanent, match="does not hold every word") as failure:
        narrate(part.id, claimed("narrate", part.id), lambda _studio: Mumbling(), media, STUDIO)
    assert failure.value.code == "coverage"
    assert Narration.select().count() == 0


def test_a_cancelled_narration_leaves_nothing_behind(media: MediaStore) -> None:
    # Given a part whose job a person cancels
    part = a_part()
    claim = claimed("narrate", part.id)
    ledger.cancel(claim.job_id)
    ledger.renew([claim])

    # When the voice gets to its next sentence
    with pytest.raises(LeaseLostError):
        narrate(part.id, claim, lambda _studio: ESPEAK, media, STUDIO)

    # Then there is neither a file nor a row
    assert files(media) == []
    assert list((media.folder / "tmp").iterdir()) == []
    assert Narration.select().count() == 0
