"""The settings of this installation."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from admin import configured
from admin.api.models import Answer
from admin.api.operation import operation
from core.log import scrub
from pipelines.people.api_tokens import Scope


class SettingItem(Answer):
    """A setting, as the environment or a file gave it."""

    name: str
    value: Annotated[str | None, Field(description='A secret is only "set" or null.')]
    description: str


class SettingList(Answer):
    """All settings."""

    items: list[SettingItem]


@operation("GET", "/settings", Scope.ADMIN)
def listed() -> SettingList:
    """List the settings. They are changed in the environment, not here."""
    config = configured.settings()
    items = []
    for name, about in type(config).model_fields.items():
        value = getattr(config, name)
        if isinstance(value, SecretStr):
            shown = "set" if value.get_secret_value() else None
        else:
            shown = None if value is None else scrub(str(value))
        items.append(SettingItem(name=name, value=shown, description=about.description or ""))
    return SettingList(items=items)
