"""The channel form, with a description of each field."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ColorInput, ListWidget

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
from pipelines.production.narration import channel_pronunciations
from pipelines.production.narration.channel_pronunciations import (
    MOST_ENTRIES,
    MOST_SAID,
    MOST_WRITTEN,
)

AT_HEIGHT = "height"
CAPTION_FIELDS = (
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
"""The form's caption style fields, in page order."""
GROUPS = (
    ("Story", ("name", "tone", "split_by", "part_seconds_min", "part_seconds_max")),
    (
        "Voice",
        (
            *("voice", "voice_timbre", "words_per_minute", "quote_voice", "quote_voice_timbre"),
            "pronunciations",
        ),
    ),
    ("Background and music", ("background", "music")),
)
"""The other fields, grouped under the page's headings."""
VOICES = ("voice", "quote_voice")
ESPEAK = "espeak-ng: small, robotic"

_FONTS = {
    "Montserrat": "Montserrat ExtraBold: wide and round",
    "Noto Sans": "Noto Sans Bold: plain",
    "Anton": "Anton: tall and narrow",
}


def _number(label: str, bounds: tuple[int, int], unit: str, also: str = "") -> IntegerField:
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
    return ESPEAK if voice.startswith("espeak:") else "Piper: natural"


def _pick(label: str, description: str = "") -> SelectField:
    """A choice of what this machine has. ``offer`` fills it in and ``save`` checks it."""
    return SelectField(label, validate_choice=False, choices=[], description=description)


class ChannelForm(FlaskForm):  # type: ignore[misc]  # untyped base
    name = StringField("Name", [InputRequired(), Length(max=80)])
    tone = SelectField(
        "Tone",
        choices=[SelectChoice(tone, tone.capitalize()) for tone in Tone],
        description="Tone of the hook and the call to action.",
    )
    voice = _pick("Voice")
    voice_timbre = _pick("Voice timbre", "For espeak voices.")
    quote_voice = _pick("Quote voice", "Speaks text in quotation marks.")
    quote_voice_timbre = _pick("Quote voice timbre", "For espeak voices.")
    words_per_minute = _number(
        "Words per minute", WORDS_PER_MINUTE, "for espeak voices", "; leave empty for the default."
    )
    pronunciations = TextAreaField(
        "Pronunciations",
        [Length(max=MOST_ENTRIES * (MOST_WRITTEN + MOST_SAID))],
        description="One per line: Nguyen = win. Captions show the written form. A word with a "
        "capital after its first letter, like AITA, matches only so; others match in any case. "
        "Common abbreviations are already written out when a story is fetched.",
        render_kw={"rows": 6, "spellcheck": "false"},
    )
    split_by = SelectField(
        "Split long stories",
        choices=[
            SelectChoice(SplitBy.CLIFFHANGER, "At cliffhangers"),
            SelectChoice(SplitBy.PARAGRAPH, "At paragraphs"),
            SelectChoice(SplitBy.SENTENCE, "At any sentence"),
        ],
        description="Each part becomes its own video.",
    )
    part_seconds_min = _number(
        "Shortest part", PART_SECONDS, "seconds; leave both empty for the default."
    )
    part_seconds_max = _number("Longest part", PART_SECONDS, "seconds.")
    background = _pick("Background")
    music = _pick("Music")

    sources = SelectMultipleField(
        "Use it for",
        [Optional()],
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description="Sources that have no channel yet.",
    )

    style = SelectField("Style", choices=[SelectChoice(*pair) for pair in STYLES.items()])
    font = SelectField(
        "Font", choices=[SelectChoice(name, _FONTS.get(name, name)) for name in fonts.CHOICES]
    )
    size = _number("Size", SIZES, "pixels; text that doesn't fit is drawn smaller.")
    words_at_once = SelectField(
        "Words at once",
        choices=[
            SelectChoice("", "Depends on style"),
            *(SelectChoice(str(count), str(count)) for count in range(WORDS[0], WORDS[1] + 1)),
        ],
    )
    colour = _colour("Text colour")
    spoken_colour = _colour("Spoken word colour", "For the karaoke style.")
    outline_colour = _colour("Outline colour")
    outline = _number("Outline width", OUTLINES, "pixels; 0 for none.")
    position = SelectField(
        "Position",
        choices=[
            *(SelectChoice(name, name.capitalize()) for name in POSITIONS),
            SelectChoice(AT_HEIGHT, "Custom"),
        ],
    )
    height = _number("Height", HEIGHTS, "pixels from the top (of 1920).")
    upper_case = BooleanField("All caps")
    emoji = BooleanField("Show emoji")

    def offer(self, offer: Offer, default_voice: str) -> None:
        """List what this machine has. A saved choice that is missing here stays, marked as such."""
        known = offer.voices.here()
        voices = [
            SelectChoice(voice.voice, voice.label, optgroup=_engine(voice.voice)) for voice in known
        ]
        self._list("voice", f"Default: {default_voice}", voices)
        self._list("quote_voice", "Same as voice", voices)
        timbres = [SelectChoice(timbre) for timbre in offer.voices.timbres()]
        self._list("voice_timbre", "Default", timbres)
        self._list("quote_voice_timbre", "Default", timbres)
        clips = [SelectChoice(mood, optgroup="Clip folders") for mood in offer.clips]
        drawn = [
            SelectChoice(kind, kind.capitalize(), optgroup="Generated") for kind in offer.drawn
        ]
        any_background = "Any of your clips" if offer.background_dir else "Any generated background"
        self._list("background", any_background, [*clips, *drawn])
        tunes = [SelectChoice(mood, optgroup="Music folders") for mood in offer.tunes]
        composed = [
            SelectChoice(mood, mood.capitalize(), optgroup="Composed") for mood in offer.composed
        ]
        any_tune = "Any of your tunes" if offer.music_dir else "Any calm composed tune"
        silence = SelectChoice(NO_MUSIC, "No music", optgroup="None")
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

    def show_defaults(self, **values: Any) -> None:
        """Show the defaults in empty fields."""
        for name, value in values.items():
            self[name].render_kw = {**(self[name].render_kw or {}), "placeholder": value}

    @property
    def chosen(self) -> dict[str, Any]:
        """The values for ``channels.save``.

        Raises:
            InputError: a line of the pronunciations can't be used.
        """
        values = {name: value for name, value in self.data.items() if name not in CAPTION_FIELDS}
        values.pop("csrf_token", None)
        values.pop("sources")
        for name in VOICES:
            timbre = values.pop(f"{name}_timbre")
            values[name] = f"{values[name]}+{timbre}" if timbre else values[name]
        table = channel_pronunciations.parse_lines(self.pronunciations.data or "")
        return {**values, "pronunciations": table, "caption_style": self.caption_style}

    @property
    def caption_style(self) -> dict[str, Any]:
        """The caption style choices; empty ones use the default style."""
        values = {
            name: self.data[name] for name in CAPTION_FIELDS if self.data[name] not in {None, ""}
        }
        height = values.pop("height", None)
        if values.get("position") == AT_HEIGHT:
            values["position"] = height if height is not None else ""
        if "words_at_once" in values:
            values["words_at_once"] = int(values["words_at_once"])
        return values


def preview_query(caption_style: CaptionStyle) -> dict[str, Any]:
    """The caption fields as the address of a preview has them."""
    values = filled(Channel(), caption_style)
    asked = {name: values[name] for name in CAPTION_FIELDS if values[name] not in (None, False)}
    return {name: "y" if value is True else value for name, value in asked.items()}


def filled(channel: Channel, caption_style: CaptionStyle) -> dict[str, Any]:
    """The form's initial values."""
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
        "pronunciations": channel_pronunciations.lines(channel.pronunciations),
        **{name: getattr(caption_style, name) for name in CAPTION_FIELDS if name != "height"},
        "colour": f"#{caption_style.colour}",
        "spoken_colour": f"#{caption_style.spoken_colour}",
        "outline_colour": f"#{caption_style.outline_colour}",
        "words_at_once": str(caption_style.words_at_once or ""),
        "position": AT_HEIGHT if at_height else caption_style.position,
        "height": caption_style.area.centre[1],
    }
