"""The form of a source: a field for each of its settings."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    FloatField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget, NumberInput

from models import Channel, Source, SourceKind
from pipelines.stories.intake.source_rules import problems
from pipelines.stories.intake.source_settings import (
    ALL,
    KINDS,
    Choice,
    Figure,
    Setting,
    Share,
    Switch,
    Text,
)


def _channel_id(value: Any) -> int | None:
    """Of what the row or the form holds; nothing is no channel."""
    if isinstance(value, Channel):
        return int(value.id)
    return int(value) if value else None


def _field(setting: Setting) -> Any:
    """Takes the setting's type; what the value may be is for ``problems`` to say."""
    about = {"label": setting.label, "description": setting.help}
    keys = {"data-kinds": " ".join(sorted(setting.kinds))}
    match setting:
        case Switch():
            return BooleanField(**about, render_kw=keys)
        case Figure(least=least, most=most):
            keys |= {"min": str(least), "max": str(most)}
            return IntegerField(**about, validators=[InputRequired()], render_kw=keys)
        case Share():
            keys |= {"min": "0", "max": "1"}
            widget = NumberInput(step="0.05")
            return FloatField(**about, validators=[InputRequired()], render_kw=keys, widget=widget)
        case Choice(choices=choices):
            options = [SelectChoice(value, told) for value, told in choices.items()]
            return SelectField(**about, choices=options, render_kw=keys)
        case Text(longest=longest):
            keys |= {"maxlength": str(longest)}
            return StringField(**about, validators=[Optional()], render_kw=keys)
        case _:
            raise TypeError(setting)


_Settings: Any = type(
    "_Settings",
    (FlaskForm,),
    {setting.name: _field(setting) for setting in ALL},
)


class SourceForm(_Settings):  # type: ignore[misc]  # untyped base
    channel = SelectField(
        "Channel",
        coerce=_channel_id,
        description="How its stories look and sound.",
    )
    accounts = SelectMultipleField(
        "Accounts",
        [Optional()],
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description="Videos of this source go to these; to every account if none is ticked.",
    )

    def offer_kinds(self, source: Source) -> None:
        """Pasted texts keep their one source, and it stays theirs."""
        by_hand = source.kind == SourceKind.PASTE
        kinds = {SourceKind.PASTE: "Pasted texts"} if by_hand else KINDS
        self.kind.choices = [SelectChoice(kind, told) for kind, told in kinds.items()]

    def fits(self, source: Source) -> bool:
        """Whether all can be saved; what can't says so beside its field."""
        well = bool(self.validate())
        values = {name: value for name, value in self.chosen.items() if not self[name].errors}
        for name, told in problems(source, values).items():
            self.refuse(name, told)
            well = False
        return well

    def refuse(self, name: str, told: str) -> None:
        self[name].errors = (*self[name].errors, told)

    @property
    def chosen(self) -> dict[str, Any]:
        """As ``sources.save`` reads it."""
        return {name: value for name, value in self.data.items() if name != "csrf_token"}
