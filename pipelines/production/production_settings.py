"""Production settings of a story: its channel's choices, else the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.settings import Settings
from models import Channel, SplitBy, Story, Tone
from pipelines.production.narration import voices


@dataclass(frozen=True, slots=True)
class ProductionSettings:
    """Everything that a person may choose about how stories look and sound.

    Attributes:
        voice: ``espeak:<voice>``, ``piper:<name>`` or ``piper:<path>``.
        quote_voice: speaks quoted text; empty means the narrator does.
        voice_fallback: tells a story whose voices can't; empty means that it fails.
        espeak_other_languages: whether espeak-ng tells stories in languages that the default
            voice doesn't speak.
        voice_note: a sentence for people, if another voice tells the story; else empty.
        pronunciations: how words are said, as pairs of written and said.
        target_seconds: shortest and longest length of a part, in seconds.
        caption_style: settings for ``CaptionStyle.parse``.
        background: a mood (a folder of clips) or a drawn background; empty means any.
        music: a mood (a folder of tunes), a mood of composed music, or ``none``; empty means any.
    """

    voice: str
    words_per_minute: int
    target_seconds: tuple[int, int]
    tone: str = Tone.PLAIN
    quote_voice: str = ""
    voice_fallback: str = ""
    espeak_other_languages: bool = False
    voice_note: str = ""
    pronunciations: tuple[tuple[str, str], ...] = ()
    split_by: str = SplitBy.CLIFFHANGER
    caption_style: Mapping[str, Any] = field(default_factory=dict)
    background: str = ""
    music: str = ""

    @classmethod
    def defaults(cls, config: Settings) -> ProductionSettings:
        """Those of the process's settings; a story's channel may override them."""
        return cls(
            voice=config.voice,
            voice_fallback=config.voice_fallback,
            espeak_other_languages=config.espeak_other_languages,
            words_per_minute=config.words_per_minute,
            target_seconds=(config.part_seconds_min, config.part_seconds_max),
            caption_style={"style": config.caption_style},
        )

    def of(self, story: Story) -> ProductionSettings:
        """These settings, overridden by those of the story's channel, and by its own voice."""
        channel = story.source.channel
        if channel is None:
            chosen = self if story.voice else self._in(story.language)
        else:
            own = story.voice or channel.voice
            chosen = (self if own else self._in(story.language)).with_channel(channel)
        return replace(chosen, voice=story.voice) if story.voice else chosen

    def _in(self, language: str) -> ProductionSettings:
        """These settings for a story in ``language``, if its channel names no voice."""
        voice = voices.default_for(self.voice, language, espeak=self.espeak_other_languages)
        if voice == self.voice:
            return self
        note = f"Told by {voice}: the default voice {self.voice} doesn't speak {language}."
        return replace(self, voice=voice, voice_note=note)

    def with_channel(self, channel: Channel) -> ProductionSettings:
        least, most = self.target_seconds
        return replace(
            self,
            tone=channel.tone,
            split_by=channel.split_by,
            voice=channel.voice or self.voice,
            quote_voice=channel.quote_voice or self.quote_voice,
            words_per_minute=channel.words_per_minute or self.words_per_minute,
            target_seconds=(channel.part_seconds_min or least, channel.part_seconds_max or most),
            caption_style={**self.caption_style, **channel.caption_style},
            pronunciations=tuple((written, said) for written, said in channel.pronunciations),
            background=channel.background or self.background,
            music=channel.music or self.music,
        )
