"""The form of a channel, each field with what it means."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import ColorInput

from adapters.ports import NO_MUSIC
from core.settings import WORDS_PER_MINUTE
from models import Channel, SplitBy, Tone
from pipelines.production.captions import fonts
from pipelines.production.captions.caption_style import (
    HEIGHTS,
    OUTLINES,
    POSITIONS,
    SIZES,
    STYLES,
    WORDS,
    CaptionStyle,
)
from pipelines.production.channels import PART_SECONDS, Offer

AT_HEIGHT = "height"
LOOK = (
    "style",
    "font",
    "size",
    "words_at_once",
    "colour",
    "spoken_colour",
    "outline_colour",
    "outline",
    "position",
    "height",
    "upper_case",
    "emoji",
)
"""The fields of the form that are the look of the captions, in their order on the page."""
GROUPS = (
    ("Story", ("name", "tone", "split_by", "part_seconds_min", "part_seconds_max")),
    (
        "Voice",
        ("voice", "voice_timbre", "words_per_minute", "quote_voice", "quote_voice_timbre"),
    ),
    ("Background and music", ("background", "music")),
)
"""The other fields, under the headings of the page."""
VOICES = ("voice", "quote_voice")
ESPEAK = "espeak-ng: small and plain"

_FONTS = {
    "Montserrat": "Montserrat ExtraBold: wide and round",
    "Noto Sans": "Noto Sans Bold: plain",
    "Anton": "Anton: tall and narrow",
}


def _figure(label: str, bounds: tuple[int, int], unit: str, also: str = "") -> IntegerField:
    least, most = bounds
    return IntegerField(
        label,
        [Optional(), NumberRange(least, most)],
        description=f"{least} to {most} {unit}{also}",
        render_kw={"min": least, "max": most},
    )


def _colour(label: str, description: str = "") -> StringField:
    return StringField(label, [Length(max=7)], widget=ColorInput(), description=description)


def _engine(voice: str) -> str:
    return ESPEAK if voice.startswith("espeak:") else "Piper: close to a person's"


def _pick(label: str, description: str = "") -> SelectField:
    """A choice among what this machine has, which ``offer`` fills in and ``save`` checks."""
    return SelectField(label, validate_choice=False, choices=[], description=description)


class ChannelForm(FlaskForm):  # type: ignore[misc]  # untyped base
    name = StringField("Name", [InputRequired(), Length(max=80)])
    tone = SelectField(
        "Tone",
        choices=[SelectChoice(tone, tone.capitalize()) for tone in Tone],
        description="Of the hook and the call to action, which are written around a story.",
    )
    voice = _pick("Voice")
    voice_timbre = _pick("Its timbre", "For espeak voices.")
    quote_voice = _pick("Voice for quotes", "Speaks what stands in quotation marks.")
    quote_voice_timbre = _pick("Its timbre", "For espeak voices.")
    words_per_minute = _figure(
        "Words a minute", WORDS_PER_MINUTE, "for espeak voices", "; empty is as in the settings."
    )
    split_by = SelectField(
        "Split long stories",
        choices=[
            SelectChoice(SplitBy.CLIFFHANGER, "Where the tension is highest"),
            SelectChoice(SplitBy.PARAGRAPH, "At paragraphs"),
            SelectChoice(SplitBy.SENTENCE, "At any sentence"),
        ],
        description="Into parts, each a video of its own.",
    )
    part_seconds_min = _figure(
        "Shortest part", PART_SECONDS, "seconds; both empty is as in the settings."
    )
    part_seconds_max = _figure("Longest part", PART_SECONDS, "seconds.")
    background = _pick("Background")
    music = _pick("Music")

    style = SelectField("Style", choices=[SelectChoice(*pair) for pair in STYLES.items()])
    font = SelectField(
        "Font", choices=[SelectChoice(name, _FONTS.get(name, name)) for name in fonts.CHOICES]
    )
    size = _figure("Size", SIZES, "pixels; what does not fit is drawn smaller.")
    words_at_once = SelectField(
        "Words at once",
        choices=[
            SelectChoice("", "By style"),
            *(SelectChoice(str(count), str(count)) for count in range(WORDS[0], WORDS[1] + 1)),
        ],
    )
    colour = _colour("Colour of words")
    spoken_colour = _colour("Colour of the spoken word", "In karaoke.")
    outline_colour = _colour("Colour of the outline")
    outline = _figure("Width of the outline", OUTLINES, "pixels; 0 is none.")
    position = SelectField(
        "Place",
        choices=[
            *(SelectChoice(name, name.capitalize()) for name in POSITIONS),
            SelectChoice(AT_HEIGHT, "At a height"),
        ],
    )
    height = _figure("Height", HEIGHTS, "pixels from the top of 1920, for “At a height”.")
    upper_case = BooleanField("Capitals only")
    emoji = BooleanField("Show emoji")

    def offer(self, offer: Offer, default_voice: str) -> None:
        """List what this machine has; what was saved and is gone stays listed, and says so."""
        known = offer.voices.here()
        voices = [
            SelectChoice(voice.voice, voice.label, optgroup=_engine(voice.voice)) for voice in known
        ]
        self._list("voice", f"As in the settings: {default_voice}", voices)
        self._list("quote_voice", "The narrator's own", voices)
        timbres = [SelectChoice(timbre) for timbre in offer.voices.timbres()]
        self._list("voice_timbre", "Its own", timbres)
        self._list("quote_voice_timbre", "Its own", timbres)
        clips = [SelectChoice(mood, optgroup="Folders of clips") for mood in offer.clips]
        drawn = [SelectChoice(kind, kind.capitalize(), optgroup="Drawn") for kind in offer.drawn]
        any_background = "Any of your clips" if offer.background_dir else "Any of the drawn ones"
        self._list("background", any_background, [*clips, *drawn])
        tunes = [SelectChoice(mood, optgroup="Folders of tunes") for mood in offer.tunes]
        composed = [
            SelectChoice(mood, mood.capitalize(), optgroup="Composed") for mood in offer.composed
        ]
        any_tune = "Any of your tunes" if offer.music_dir else "Any of the calm composed ones"
        silence = SelectChoice(NO_MUSIC, "No music", optgroup="Without")
        self._list("music", any_tune, [*tunes, *composed, silence])

    def _list(self, name: str, empty: str, choices: list[SelectChoice]) -> None:
        field = self[name]
        chosen = field.data or ""
        listed = [SelectChoice("", empty), *choices]
        same = [choice.value for choice in listed if choice.value.casefold() == chosen.casefold()]
        if not same:
            listed.append(SelectChoice(chosen, f"{chosen} (not in the list)"))
        field.data = same[0] if same else chosen
        field.choices = listed

    def tell_defaults(self, **values: Any) -> None:
        """Show in empty fields what the settings say."""
        for name, value in values.items():
            self[name].render_kw = {**(self[name].render_kw or {}), "placeholder": value}

    @property
    def chosen(self) -> dict[str, Any]:
        """As ``channels.save`` reads it."""
        values = {name: value for name, value in self.data.items() if name not in LOOK}
        values.pop("csrf_token", None)
        for name in VOICES:
            timbre = values.pop(f"{name}_timbre")
            values[name] = f"{values[name]}+{timbre}" if timbre else values[name]
        return {**values, "caption_style": self.caption_style}

    @property
    def caption_style(self) -> dict[str, Any]:
        """The choices for captions; what is left empty is as in the default look."""
        values = {name: self.data[name] for name in LOOK if self.data[name] not in {None, ""}}
        height = values.pop("height", None)
        if values.get("position") == AT_HEIGHT:
            values["position"] = height if height is not None else ""
        if "words_at_once" in values:
            values["words_at_once"] = int(values["words_at_once"])
        return values


def filled(channel: Channel, caption_style: CaptionStyle) -> dict[str, Any]:
    """The form's first values."""
    at_height = isinstance(caption_style.position, int)
    voices: dict[str, str] = {}
    for name in VOICES:
        voice, timbre = getattr(channel, name), ""
        if _engine(voice) == ESPEAK:
            voice, _, timbre = voice.partition("+")
        voices |= {name: voice, f"{name}_timbre": timbre}
    return {
        **channel.__data__,
        **voices,
        **{name: getattr(caption_style, name) for name in LOOK if name != "height"},
        "colour": f"#{caption_style.colour}",
        "spoken_colour": f"#{caption_style.spoken_colour}",
        "outline_colour": f"#{caption_style.outline_colour}",
        "words_at_once": str(caption_style.words_at_once or ""),
        "position": AT_HEIGHT if at_height else caption_style.position,
        "height": caption_style.area.centre[1],
    }
