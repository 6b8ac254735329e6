"""The form of a source, each field with what it means."""

from __future__ import annotations

from pathlib import Path
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
from wtforms.validators import (
    InputRequired,
    Length,
    NumberRange,
    Optional,
    Regexp,
    ValidationError,
)
from wtforms.widgets import (
    CheckboxInput,
    ListWidget,
)

from models import Channel, NsfwPolicy, SourceKind

SUBREDDIT = r"[A-Za-z0-9][A-Za-z0-9_]{1,20}"


def _channel_id(value: Any) -> int | None:
    """Of what the row or the form holds; nothing is no channel."""
    if isinstance(value, Channel):
        return int(value.id)
    return int(value) if value else None


class SourceForm(FlaskForm):  # type: ignore[misc]  # untyped base
    name = StringField(
        "Name",
        [InputRequired(), Length(max=120)],
        description="How you will recognise it in lists.",
    )
    kind = SelectField(
        "Kind",
        choices=[
            SelectChoice(SourceKind.SUBREDDIT, "Subreddit"),
            SelectChoice(SourceKind.FEED, "RSS or Atom feed"),
            SelectChoice(SourceKind.SAVED_LISTING, "Saved Reddit listing (a JSON file)"),
            SelectChoice(SourceKind.CSV, "Table of stories (a CSV file)"),
            SelectChoice(SourceKind.FOLDER, "Folder of texts (.txt, .md)"),
            SelectChoice(SourceKind.PASTE, "Pasted texts"),
        ],
    )
    place = StringField(
        "Place",
        [Length(max=500)],
        description="The subreddit's name without r/, the feed's address, or the path of the "
        "file or folder on this machine. Empty for pasted texts.",
    )
    enabled = BooleanField("Fetch on schedule")
    interval_minutes = IntegerField(
        "Minutes between fetches",
        [InputRequired(), NumberRange(5, 10_080)],
        description="5 minutes to a week.",
    )
    listing = SelectField("Listing", choices=["top", "hot", "new", "rising"])
    time_filter = SelectField(
        "Of the last",
        choices=["hour", "day", "week", "month", "year", "all"],
        description="Only the top listing has one.",
    )
    count = IntegerField(
        "Stories a fetch",
        [InputRequired(), NumberRange(1, 100)],
        description="Those seen before are not taken again.",
    )
    answers = IntegerField(
        "Answers told with each",
        [InputRequired(), NumberRange(0, 20)],
        default=0,
        description="So many of the best comments follow the post, each under its card; 0 tells "
        "none. Only a subreddit and a saved page of a post have them.",
    )
    min_score = IntegerField(
        "Least score",
        [InputRequired(), NumberRange(0, 1_000_000)],
        description="Upvotes below which a story is skipped.",
    )
    min_words = IntegerField("Least words", [InputRequired(), NumberRange(1, 20_000)])
    max_words = IntegerField(
        "Most words",
        [InputRequired(), NumberRange(1, 20_000)],
        description="About 170 words are a minute; long stories become several videos.",
    )
    nsfw = SelectField(
        "Stories marked NSFW",
        choices=[
            SelectChoice(NsfwPolicy.SKIP, "Skip"),
            SelectChoice(NsfwPolicy.FLAG, "Take, but flag for a person"),
            SelectChoice(NsfwPolicy.ALLOW, "Take like any other"),
        ],
    )
    language = StringField(
        "Language",
        [InputRequired(), Regexp(r"[a-z]{2,3}$", message="A code like en or de.")],
        description="Stories in another one are skipped.",
    )
    warn_from = FloatField(
        "Warn from",
        [InputRequired(), NumberRange(0, 1)],
        description="Safety score (0 to 1) from which the approver is warned.",
    )
    flag_from = FloatField(
        "Flag from",
        [InputRequired(), NumberRange(0, 1)],
        description="Safety score from which a story waits flagged, for a person with a reason.",
    )
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

    def validate_place(self, field: Any) -> None:
        field.data = (field.data or "").strip()
        match self.kind.data:
            case SourceKind.SUBREDDIT:
                field.data = field.data.removeprefix("/").removeprefix("r/").rstrip("/")
                Regexp(f"{SUBREDDIT}$", message="A subreddit's name, such as tifu.")(self, field)
            case SourceKind.FEED:
                Regexp("https?://.+", message="An address that begins with https://.")(self, field)
            case SourceKind.FOLDER if not Path(field.data).is_dir():
                raise ValidationError("There is no such folder on this machine.")
            case SourceKind.SAVED_LISTING | SourceKind.CSV if not Path(field.data).is_file():
                raise ValidationError("There is no such file on this machine.")
            case SourceKind.PASTE if field.data:
                raise ValidationError("Pasted texts have no place: leave it empty.")

    def validate_max_words(self, field: Any) -> None:
        if None not in {field.data, self.min_words.data} and field.data < self.min_words.data:
            raise ValidationError("Must not be below the least words.")

    def validate_flag_from(self, field: Any) -> None:
        if None not in {field.data, self.warn_from.data} and field.data < self.warn_from.data:
            raise ValidationError("Must not be below the score that warns.")
