"""The form of a channel, each field with what it means."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import ColorInput

from models import Channel, SplitBy, Tone
from pipelines.production import fonts
from pipelines.production.channels import PART_SECONDS, WORDS_PER_MINUTE
from pipelines.production.look import HEIGHTS, OUTLINES, POSITIONS, SIZES, STYLES, WORDS, Look

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


class ChannelForm(FlaskForm):  # type: ignore[misc]  # untyped base
    name = StringField("Name", [InputRequired(), Length(max=80)])
    tone = SelectField(
        "Tone",
        choices=[SelectChoice(tone, tone.capitalize()) for tone in Tone],
        description="Of what is written around a story: its opening and its last line.",
    )
    voice = StringField(
        "Voice",
        [Length(max=300)],
        description="espeak:<voice> or piper:<path of a voice file>; empty is as in the settings.",
        render_kw={"list": "voices"},
    )
    quote_voice = StringField(
        "Voice of what is quoted",
        [Length(max=300)],
        description="Speaks what stands in quotation marks; empty leaves it to the narrator.",
        render_kw={"list": "voices"},
    )
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
    )
    part_seconds_min = _figure("Least seconds of a part", PART_SECONDS, "seconds; give both.")
    part_seconds_max = _figure("Most seconds of a part", PART_SECONDS, "seconds.")
    background = StringField(
        "Background",
        [Length(max=120)],
        description="A mood: a folder among the background clips; empty takes any.",
        render_kw={"list": "backgrounds"},
    )
    music = StringField(
        "Music",
        [Length(max=120)],
        description="A mood: a folder among the tunes; empty takes any.",
        render_kw={"list": "tunes"},
    )

    style = SelectField("Style", choices=[SelectChoice(*pair) for pair in STYLES.items()])
    font = SelectField(
        "Font", choices=[SelectChoice(name, _FONTS.get(name, name)) for name in fonts.CHOICES]
    )
    size = _figure("Size", SIZES, "pixels; what does not fit is drawn smaller.")
    words_at_once = SelectField(
        "Words at once",
        choices=[
            SelectChoice("", "As the style has it"),
            *(SelectChoice(str(count), str(count)) for count in range(WORDS[0], WORDS[1] + 1)),
        ],
    )
    colour = _colour("Words")
    spoken_colour = _colour("Spoken word", "In karaoke.")
    outline_colour = _colour("Outline")
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

    def tell_defaults(self, **values: Any) -> None:
        """Show in empty fields what the settings say."""
        for name, value in values.items():
            self[name].render_kw = {**(self[name].render_kw or {}), "placeholder": value}

    @property
    def chosen(self) -> dict[str, Any]:
        """As ``channels.save`` reads it."""
        values = {name: value for name, value in self.data.items() if name not in LOOK}
        values.pop("csrf_token", None)
        return {**values, "look": self.look}

    @property
    def look(self) -> dict[str, Any]:
        """The choices for captions; what is left empty is as in the default look."""
        values = {name: self.data[name] for name in LOOK if self.data[name] not in {None, ""}}
        height = values.pop("height", None)
        if values.get("position") == AT_HEIGHT:
            values["position"] = height if height is not None else ""
        if "words_at_once" in values:
            values["words_at_once"] = int(values["words_at_once"])
        return values


def filled(channel: Channel, look: Look) -> dict[str, Any]:
    """The form's first values."""
    at_height = isinstance(look.position, int)
    return {
        **channel.__data__,
        **{name: getattr(look, name) for name in LOOK if name != "height"},
        "colour": f"#{look.colour}",
        "spoken_colour": f"#{look.spoken_colour}",
        "outline_colour": f"#{look.outline_colour}",
        "words_at_once": str(look.words_at_once or ""),
        "position": AT_HEIGHT if at_height else look.position,
        "height": look.area.centre[1],
    }
