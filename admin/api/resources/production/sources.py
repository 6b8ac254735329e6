"""Where stories come from."""

from __future__ import annotations

from io import BytesIO
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from admin.api.caller import caller
from admin.api.listing import rows
from admin.api.models import Answer, Body, Done, Id, Line, ListQuery, Moment, Page
from admin.api.operation import operation
from admin.configured import settings
from admin.lists.each_of import EachOf
from core.files.intake_folder import IntakeFolder
from models import Intake, Source, SourceKind
from pipelines.people.api_tokens import Scope
from pipelines.stories.intake import source_archive, sources, uploads
from pipelines.stories.intake.fetch import IntakeOutcome
from pipelines.stories.intake.source_settings import ALL, Choice, Figure, Setting, Share, Switch
from pipelines.stories.intake.uploads import Uploaded


class SourceItem(Answer):
    """A source."""

    id: Id
    name: str
    kind: SourceKind
    place: Annotated[str, Field(description="A part of an address that may be secret is hidden.")]
    channel_id: Id | None
    enabled: bool
    interval_minutes: int
    listing: str
    time_filter: str
    count: int
    answers: int
    min_score: int
    min_words: int
    max_words: int
    nsfw: str
    language: str
    warn_from: float
    flag_from: float
    last_fetched_at: Moment | None
    next_fetch_at: Moment | None
    last_error: str
    archived_at: Annotated[Moment | None, Field(description="Not fetched since then.")]
    created_at: Moment


class SourceDetail(SourceItem):
    """A source with the accounts that get its videos."""

    accounts: Annotated[list[Id], Field(description="Empty: every account.")]


class SourcePage(Page[SourceItem]):
    """One page of sources, newest first."""


class OutcomeItem(Answer):
    """What became of one row that a source gave."""

    id: Id
    external_id: str
    title: str
    outcome: str
    reason: str
    story_id: Id | None
    created_at: Moment


class OutcomePage(Page[OutcomeItem]):
    """One page of outcomes, newest first."""


def _typed(setting: Setting) -> Any:
    """The type of a setting's value; the rules of the pages check the rest."""
    match setting:
        case Switch():
            kind: Any = bool
        case Figure(least=least, most=most):
            kind = Annotated[int, Field(ge=least, le=most)]
        case Share():
            kind = Annotated[float, Field(ge=0, le=1)]
        case Choice(choices=choices):
            kind = Literal[tuple(map(str, choices))]
        case _:
            kind = Line
    return Annotated[kind | None, Field(description=setting.help or setting.label)]


FIELDS: dict[str, Any] = {setting.name: (_typed(setting), None) for setting in ALL} | {
    "channel": (Annotated[Id | None, Field(description="null: none.")], None),
    "accounts": (Annotated[list[Id] | None, Field(description="[]: every account.")], None),
}
SourceEdit: Any = create_model("SourceEdit", __base__=Body, **FIELDS)
"""What is left out stays, or has its default."""


class UploadedFile(Body):
    """A file of stories."""

    name: Annotated[Line, Field(min_length=1, description="Its ending says what it is.")]
    content: Annotated[str, Field(min_length=1, max_length=2_000_000)]


class Upload(Body):
    """Files that become a source."""

    files: Annotated[list[UploadedFile], Field(min_length=1, max_length=uploads.MOST_FILES)]
    name: Annotated[Line, Field(description="Of the source; empty: the file's.")] = ""
    kind: Annotated[
        Literal["", "csv", "saved_listing", "folder"], Field(description="Empty: by the names.")
    ] = ""
    language: Annotated[str, Field(pattern=r"^([a-z]{2,3})?$")] = "en"
    channel: Id | None = None


@operation("GET", "/sources", Scope.READ)
def listed(query: ListQuery) -> SourcePage:
    """List sources, archived ones too."""
    there = Source.select().where(Source.removed_at.is_null())
    page, following = rows(there, Source.id, query)
    return SourcePage(items=[SourceItem(**_facts(row)) for row in page], next=following)


@operation("GET", "/sources/<int:source_id>", Scope.READ)
def show(source_id: int) -> SourceDetail:
    """Read a source."""
    return _detail(source_id)


@operation("GET", "/sources/<int:source_id>/outcomes", Scope.READ)
def outcomes(source_id: int, query: ListQuery) -> OutcomePage:
    """List what became of each row that a source gave."""
    _there(source_id)
    each = EachOf(Intake, {"source_id": [source_id], "outcome": list(IntakeOutcome)})
    page, following = rows(Intake.select(), Intake.id, query, each=each)
    return OutcomePage(items=[OutcomeItem.model_validate(row) for row in page], next=following)


@operation(
    "POST",
    "/sources",
    Scope.SOURCES,
    status=201,
    examples={
        "a subreddit": {"name": "Small wrongs", "kind": "subreddit", "place": "tifu"},
        "a feed": {"name": "Tales", "kind": "feed", "place": "https://example.com/tales.rss"},
    },
)
def add(body: SourceEdit) -> SourceDetail:
    """Add a source. It is fetched on schedule from now on."""
    return _saved(None, body)


@operation(
    "PATCH",
    "/sources/<int:source_id>",
    Scope.SOURCES,
    examples={"off": {"enabled": False}, "longer stories": {"min_words": 100, "max_words": 900}},
)
def edit(source_id: int, body: SourceEdit) -> SourceDetail:
    """Change a source. What is left out stays."""
    _there(source_id)
    return _saved(source_id, body)


@operation("POST", "/sources/<int:source_id>/fetch", Scope.SOURCES)
def fetch(source_id: int) -> SourceDetail:
    """Fetch a source now."""
    _there(source_id)
    sources.ask(source_id, caller().name)
    return _detail(source_id)


@operation("POST", "/sources/<int:source_id>/archive", Scope.SOURCES)
def archive(source_id: int) -> SourceDetail:
    """Archive a source: it is no longer fetched. Its stories stay."""
    _there(source_id)
    source_archive.archive(source_id, caller().name)
    return _detail(source_id)


@operation("POST", "/sources/<int:source_id>/unarchive", Scope.SOURCES)
def unarchive(source_id: int) -> SourceDetail:
    """Bring a source back. It is fetched again once it is enabled."""
    _there(source_id)
    source_archive.unarchive(source_id, caller().name)
    return _detail(source_id)


@operation("DELETE", "/sources/<int:source_id>", Scope.SOURCES)
def remove(source_id: int) -> Done:
    """Remove a source with its history and its uploaded files. Its stories stay."""
    _there(source_id)
    name = source_archive.remove(source_id, caller().name, _intake())
    return Done(done=f"{name} removed. Its stories stay.")


@operation(
    "POST",
    "/sources/upload",
    Scope.SOURCES,
    status=201,
    examples={
        "a table": {
            "files": [{"name": "tales.csv", "content": "title,text\nThe ladder,It came back."}]
        }
    },
)
def upload(body: Upload) -> SourceDetail:
    """Add stories from a file: a table (CSV), a saved listing (JSON), or texts.

    The request may have 2 MB. Larger files are uploaded on the page Sources.
    """
    files = [Uploaded(each.name, BytesIO(each.content.encode())) for each in body.files]
    chosen = body.model_dump(exclude={"files"})
    return _detail(uploads.add(files, chosen, caller().name, _intake()).id)


def _intake() -> IntakeFolder:
    return IntakeFolder(settings().intake_dir)


def _saved(source_id: int | None, body: Body) -> SourceDetail:
    chosen = {name: getattr(body, name) for name in body.model_fields_set}
    given = {
        name: value for name, value in chosen.items() if value is not None or name == "channel"
    }
    saved = sources.save(source_id, given, caller().name, _intake())
    return _detail(saved.id)


def _facts(source: Any) -> dict[str, Any]:
    names = SourceItem.model_fields.keys() - {"channel_id"}
    return {name: getattr(source, name) for name in names} | {"channel_id": source.channel_id}


def _there(source_id: int) -> Source:
    """Raises DoesNotExist, also for a source of which only the name is left."""
    return Source.get(Source.id == source_id, Source.removed_at.is_null())


def _detail(source_id: int) -> SourceDetail:
    source = _there(source_id)
    return SourceDetail(**_facts(source), accounts=sources.accounts_of(source))
