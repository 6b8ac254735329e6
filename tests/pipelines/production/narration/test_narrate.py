"""A part is spoken once; the same sound is then reused."""

from __future__ import annotations

import wave
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import REGISTRY

from adapters.ports import Progress, Speech, Synthesizer, WordTiming
from adapters.speech.espeak import EspeakSynthesizer
from core import crypto, queue, settings
from core.errors import Permanent
from core.files.storage import MediaStore
from models import Job, Narration
from pipelines import ledger
from pipelines.ledger import LeaseLostError
from pipelines.production.narration.narrate import narrate
from pipelines.production.narration.narration_cache import timings
from tests.adapters.speech.voices import make_voice
from tests.pipelines.production.making import STUDIO, a_part, claimed
from workers import wiring

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
    narrate(part.id, claim, lambda _production: ESPEAK, media, STUDIO)

    # Then the sound is as long as it says, and has every word in order
    narration = Narration.get()
    with wave.open(str(media.at(narration.path))) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        assert sound.getnframes() / sound.getframerate() == pytest.approx(narration.seconds)
    assert narration.seconds > 2
    words = timings(narration)
    assert [timing.word for timing in words] == part.spoken.split()
    assert [timing.start for timing in words] == sorted(timing.start for timing in words)
    assert words[-1].end <= narration.seconds
    assert (narration.timed_by, narration.voice) == ("synthesizer", ESPEAK.identity)
    assert claim.share == 1.0

    # And the caption stage follows, by the message that is already sent
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
        narrate(part.id, claimed("narrate", part.id), lambda _production: voice, media, STUDIO)

    # Then the voice was asked for two texts, and all parts have their sound
    assert voice.said == [first.spoken, other.spoken]
    a, b, c = Narration.select().order_by(Narration.part)
    assert (a.path, a.words) == (b.path, b.words)
    assert c.path != a.path

    # And another voice is another sound
    slow = Counted(EspeakSynthesizer(words_per_minute=120))
    narrate(first.id, claimed("narrate", first.id), lambda _production: slow, media, STUDIO)
    assert slow.said == [first.spoken]
    again = Narration.get(Narration.part == first)
    assert again.path != a.path
    assert again.seconds > a.seconds * 1.2


def test_times_inside_a_word_are_stored_if_it_is_shown_phrase_by_phrase(
    media: MediaStore,
) -> None:
    # Given parts that say the same, in English and in Chinese, by a voice that marks both
    voice = Counted(EspeakSynthesizer(voice="cmn"))
    first, same = (a_part("At 3:30pm 我的邻居给植物浇了水。") for _ in range(2))

    # When one is spoken, and the other takes its sound
    for part in (first, same):
        narrate(part.id, claimed("narrate", part.id), lambda _production: voice, media, STUDIO)

    # Then both know when the letters of the Chinese word begin, and no row of English has grown
    assert len(voice.said) == 1
    spoken, taken = Narration.select().order_by(Narration.part)
    assert timings(spoken) == timings(taken)
    *_, chinese = (word for word in timings(spoken) if word.word.startswith("我"))
    assert len(chinese.inside) >= 7
    assert [at for at, _ in chinese.inside] == sorted({at for at, _ in chinese.inside})
    moments = [chinese.start, *(second for _, second in chinese.inside), chinese.end]
    assert moments == sorted(moments)
    assert {len(row) for row in spoken.words if row[0].isascii()} == {3}


def test_an_old_narration_can_still_be_read(media: MediaStore) -> None:
    # Given a narration whose rows have no moments inside
    part = a_part("我的邻居给植物浇了水。")
    voice = EspeakSynthesizer(voice="cmn")
    narrate(part.id, claimed("narrate", part.id), lambda _production: voice, media, STUDIO)
    Narration.update(words=[row[:3] for row in Narration.get().words]).execute()

    assert [word.inside for word in timings(Narration.get())] == [()] * len(part.spoken.split())


def test_a_sound_that_a_crash_left_half_made_is_made_again(media: MediaStore) -> None:
    part, voice = a_part(), Counted()
    narrate(part.id, claimed("narrate", part.id), lambda _production: voice, media, STUDIO)
    for lost in (".json", ".wav"):
        # Given a worker that died between putting the sound and its timings in place
        next((media.folder / "narration").rglob(f"*{lost}")).unlink()
        voice.said.clear()

        # When the part is narrated again
        narrate(part.id, claimed("narrate", part.id), lambda _production: voice, media, STUDIO)

        # Then it is made again, complete
        assert voice.said == [part.spoken]
        assert files(media) == [".json", ".wav"]


def _truncated(sound: Path, _sheet: Path) -> None:
    with sound.open("r+b") as file:
        file.truncate(sound.stat().st_size // 2)


def _overwritten(sound: Path, _sheet: Path) -> None:
    with sound.open("r+b") as file:
        file.seek(1_000)
        file.write(bytes(500))


def _torn_sheet(_sound: Path, sheet: Path) -> None:
    sheet.write_text(sheet.read_text()[:100])


def _foreign_sheet(_sound: Path, sheet: Path) -> None:
    sheet.write_text('{"seconds": 3.0}')


@pytest.mark.parametrize("damage", [_truncated, _overwritten, _torn_sheet, _foreign_sheet])
def test_a_sound_that_was_damaged_later_is_spoken_again(
    media: MediaStore, damage: Callable[[Path, Path], None]
) -> None:
    # Given two parts that share a sound, whose file was damaged
    first, same, voice = a_part(), a_part(), Counted()
    for part in (first, same):
        narrate(part.id, claimed("narrate", part.id), lambda _production: voice, media, STUDIO)
    sound = next((media.folder / "narration").rglob("*.wav"))
    whole = sound.stat().st_size
    damage(sound, next((media.folder / "narration").rglob("*.json")))
    before = REGISTRY.get_sample_value("storymill_narrations_damaged_total") or 0

    # When one of them is narrated again
    narrate(first.id, claimed("narrate", first.id), lambda _production: voice, media, STUDIO)

    # Then it is spoken again, the file is whole, and the damage is counted
    assert voice.said == [first.spoken, first.spoken]
    assert sound.stat().st_size == pytest.approx(whole, rel=0.02)
    assert REGISTRY.get_sample_value("storymill_narrations_damaged_total") == before + 1
    # And both parts have the times of the new sound
    a, b = Narration.select().order_by(Narration.part)
    assert (a.seconds, a.words) == (b.seconds, b.words)
    with wave.open(str(media.at(a.path))) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(a.seconds)
    # And the next one takes it as it is
    narrate(same.id, claimed("narrate", same.id), lambda _production: voice, media, STUDIO)
    assert len(voice.said) == 2


def test_a_word_that_was_not_spoken_fails_the_part(media: MediaStore) -> None:
    part = a_part()
    with pytest.raises(Permanent, match="does not contain every word") as failure:
        narrate(part.id, claimed("narrate", part.id), lambda _production: Mumbling(), media, STUDIO)
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
        narrate(part.id, claim, lambda _production: ESPEAK, media, STUDIO)

    # Then there is neither a file nor a row
    assert files(media) == []
    assert list((media.folder / "tmp").iterdir()) == []
    assert Narration.select().count() == 0


def test_quotations_are_spoken_by_the_second_voice(
    media: MediaStore,
    tmp_path: Path,
    database_url: str,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given a channel that gives quotations to a Piper voice of VOICES_DIR, known by its name
    make_voice(tmp_path)
    config = settings.read(
        {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "CRYPTOGRAPHY_KEY": crypto.new_key(),
            "SECRET_KEY": "a-long-enough-session-key",
            "VOICES_DIR": str(tmp_path),
        }
    )
    monkeypatch.setattr(settings, "current", lambda: config)
    text = 'He shook his head. "Nobody rings that bell," she said. He rang it.'
    part = a_part(text)
    production = replace(STUDIO, quote_voice="piper:tone")

    # When the part is narrated with the voices that a worker builds
    narrate(part.id, claimed("narrate", part.id), wiring.synthesizer, media, production)

    # Then every word is timed, in order, and the quotation has the other voice's sound
    narration = Narration.get()
    words = timings(narration)
    assert [word.word for word in words] == part.spoken.split()
    assert "espeak-ng/" in narration.voice
    assert " quoting piper/" in narration.voice
    assert narration.timed_by == "synthesizer"
    sound = str(media.at(narration.path))
    said = [word for word in words if word.word in {'"Nobody', "rings", "that", 'bell,"'}]
    narrated = [word for word in words if word.word in {"shook", "his", "head.", "rang"}]
    assert all(is_a_tone(sound, word) for word in said)
    assert not any(is_a_tone(sound, word) for word in narrated)


def test_the_recogniser_uses_the_language_of_the_voice(
    tmp_path: Path, database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a Spanish Piper voice in VOICES_DIR, and a recogniser
    make_voice(tmp_path, language="es")
    config = settings.read(
        {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "CRYPTOGRAPHY_KEY": crypto.new_key(),
            "SECRET_KEY": "a-long-enough-session-key",
            "VOICES_DIR": str(tmp_path),
            "WHISPER_MODEL": str(tmp_path),
        }
    )
    monkeypatch.setattr(settings, "current", lambda: config)

    voice = wiring.voice("piper:tone", 171)  # a pace of its own: voices are kept

    assert f"+whisper/{tmp_path.name}/es," in voice.identity


def is_a_tone(path: str, word: WordTiming) -> bool:
    """The made voice speaks in pure tones, whose peak is 1.41 times their level; people's isn't."""
    with wave.open(path) as sound:
        rate = sound.getframerate()
        sound.setpos(round(word.start * rate))
        count = round((word.end - word.start) * rate)
        samples = np.frombuffer(sound.readframes(count), "<i2").astype(float)
    return bool(abs(samples).max() / np.sqrt((samples**2).mean()) < 1.6)


def test_the_time_of_a_spoken_minute_is_counted_once_per_sound(media: MediaStore) -> None:
    name = "storymill_narration_seconds_per_spoken_minute_count"
    before = REGISTRY.get_sample_value(name, {"engine": "espeak-ng"}) or 0
    part = a_part("The kettle sang, and nobody came.")

    for _ in range(2):  # the second time the sound is there
        narrate(part.id, claimed("narrate", part.id), lambda _production: ESPEAK, media, STUDIO)

    assert REGISTRY.get_sample_value(name, {"engine": "espeak-ng"}) == before + 1


def test_a_voice_chosen_later_does_not_narrate_another_language(media: MediaStore) -> None:
    # Given a part of an English story, whose channel has got a German voice meanwhile
    part, voice = a_part(), Counted()

    with pytest.raises(Permanent, match=r"espeak:de speaks de, but the story is in en"):
        narrate(
            part.id,
            claimed("narrate", part.id),
            lambda _: voice,
            media,
            replace(STUDIO, voice="espeak:de"),
        )

    assert voice.said == []
