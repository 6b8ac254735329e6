"""Lists the voices of this machine: espeak-ng's, and Piper's in a folder or in packages."""

from __future__ import annotations

from pathlib import Path

from adapters.ports import KnownVoice, Saying
from adapters.speech import piper_voices, say_once
from adapters.speech.espeak_library import espeak_library
from adapters.speech.say_later import SayLater
from core.errors import ConfigurationError, InputError, Permanent
from core.voices import check_voice


class InstalledVoices:
    """Lists voices; loads only espeak-ng's small library.

    Args:
        folder: Piper's voices, each with its configuration file.
        default: the voice of the settings, which may be a file elsewhere.
        heard: folder for the sounds of ``begin_saying``; without it nothing is said so.
    """

    def __init__(self, folder: Path, *, default: str = "", heard: Path | None = None) -> None:
        self._folder = folder
        self._default = default
        self._later = SayLater(heard, folder) if heard else None

    def here(self) -> list[KnownVoice]:
        piper = [
            KnownVoice(f"piper:{path.stem}", path.stem)
            for path in piper_voices.installed(self._folder)
        ]
        with espeak_library() as library:
            labels = library.labels()
        espeak = [
            KnownVoice(f"espeak:{name}", f"{label} ({name})") for name, label in labels.items()
        ]
        return [*piper, *sorted(espeak, key=lambda known: known.label)]

    def timbres(self) -> list[str]:
        with espeak_library() as library:
            return library.variants()

    def say(self, voice: str, text: str, words_per_minute: int) -> bytes:
        """See ``Voices.say``."""
        self.check(voice)
        return say_once.say(voice, text, self._folder, words_per_minute)

    def begin_saying(self, voice: str, text: str, words_per_minute: int) -> str:
        """See ``Voices.begin_saying``."""
        self.check(voice)
        return self._in_background().begin(voice, text, words_per_minute)

    def saying(self, key: str) -> Saying:
        """See ``Voices.saying``."""
        return self._in_background().progress(key)

    def _in_background(self) -> SayLater:
        if self._later is None:
            raise ConfigurationError("This process keeps no sounds.")
        return self._later

    def check(self, voice: str) -> None:
        """See ``Voices.check``. Only installed voices are named: a path could be any file's."""
        if voice == self._default:
            return
        engine, _, name = voice.partition(":")
        known = {path.stem for path in piper_voices.installed(self._folder)}
        if engine == "piper" and name not in known:
            raise InputError(
                f"“{voice[:60]}” is not an installed voice: choose a Piper voice by its name. "
                "scripts/manage voices list shows them all."
            )
        try:
            check_voice(voice, self._folder)
        except ConfigurationError as error:
            raise InputError(f"“{voice[:60]}” is not an installed voice: {error}.") from error
        if engine == "espeak":
            try:
                with espeak_library() as library:
                    library.select(name)
            except Permanent as error:
                raise InputError(
                    f"espeak-ng has no voice “{name[:60]}”: scripts/manage voices list shows all "
                    "voices."
                ) from error
