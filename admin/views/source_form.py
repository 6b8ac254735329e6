"""The source form: a field for each setting."""

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

from core.files.intake_folder import IntakeFolder
from core.text.addresses import shown, shown_in
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
    """The channel's id from a row or a form value; None if empty."""
    if isinstance(value, Channel):
        return int(value.id)
    return int(value) if value else None


def _field(setting: Setting) -> Any:
    """The form field for the setting's type. ``problems`` checks the value."""
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
            options = [SelectChoice(value, label) for value, label in choices.items()]
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
        description="Defines how its stories look and sound.",
    )
    accounts = SelectMultipleField(
        "Accounts",
        [Optional()],
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description="Accounts that post this source's videos. Select none to use every account.",
    )

    def offer_kinds(self, source: Source) -> None:
        """Pasted texts have one source of their own, whose kind can't change."""
        by_hand = source.kind == SourceKind.PASTE
        kinds = {SourceKind.PASTE: "Pasted texts"} if by_hand else KINDS
        self.kind.choices = [SelectChoice(kind, label) for kind, label in kinds.items()]

    def fits(self, source: Source, intake: IntakeFolder) -> bool:
        """Whether everything can be saved; errors appear beside their fields."""
        valid = bool(self.validate())
        values = {name: value for name, value in self.chosen.items() if not self[name].errors}
        for name, error in problems(source, values, intake).items():
            self.refuse(name, error)
            valid = False
        return valid

    def refuse(self, name: str, error: str) -> None:
        self[name].errors = (*self[name].errors, error)

    def hide_secrets(self, source: Source) -> None:
        """What was typed comes back to the page, but not what may be secret in an address."""
        typed, self.name.data = self.place.data or "", shown_in(self.name.data or "")
        if "://" in typed and shown(typed) != typed:
            self.place.data = source.place
            if not self.place.errors:
                self.refuse("place", "Enter the address again: it was not saved, and is not shown.")

    @property
    def chosen(self) -> dict[str, Any]:
        """The values for ``sources.save``."""
        return {name: value for name, value in self.data.items() if name != "csrf_token"}
