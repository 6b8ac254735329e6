"""Where stories come from."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from peewee import IntegrityError
from wtforms.fields.choices import SelectChoice

from admin.lists import cut
from admin.views.page import Page, audit, done, expose, get
from admin.views.source_form import SourceForm
from core.db import transaction
from core.errors import InputError
from models import Account, Channel, Intake, Source, SourceAccount, SourceKind
from pipelines import ledger
from pipelines.production.fetch import Fate


class Sources(Page):
    @expose("/")
    def index(self) -> str:
        return self.render(
            "sources/index.html",
            sources=list(Source.select().order_by(Source.enabled.desc(), Source.name).limit(500)),
            fetchable=SourceKind.PASTE,
        )

    @expose("/new", methods=["GET", "POST"])
    def new(self) -> ResponseReturnValue:
        return self._form(Source(kind=SourceKind.SUBREDDIT))

    @expose("/<int:source_id>/edit", methods=["GET", "POST"])
    def edit(self, source_id: int) -> ResponseReturnValue:
        return self._form(get(Source, source_id))

    def _form(self, source: Source) -> ResponseReturnValue:
        linked = Account.select(Account.id).join(SourceAccount)
        ticked = [account.id for account in linked.where(SourceAccount.source == source.id)]
        form = SourceForm(obj=source, accounts=ticked)
        accounts = Account.select(Account.id, Account.name, Account.open_id).order_by(Account.name)
        form.accounts.choices = [SelectChoice(row.id, row.name or row.open_id) for row in accounts]
        channels = Channel.select(Channel.id, Channel.name).order_by(Channel.name)
        form.channel.choices = [
            SelectChoice("", "None: as the settings say"),
            *(SelectChoice(row.id, row.name) for row in channels),
        ]
        if request.method == "GET" or not form.validate():
            status = 200 if request.method == "GET" else 422
            return self.render("sources/form.html", form=form, source=source), status
        _save(source, form.data)
        return done(f"{source.name} is saved.", url_for(".index"))

    @expose("/<int:source_id>/fates")
    def fates(self, source_id: int) -> str:
        """What became of each row that the source gave."""
        fate = request.args.get("fate", "")
        rows = Intake.select().where(Intake.source == source_id)
        if fate:
            rows = rows.where(Intake.fate == fate)
        return self.render(
            "sources/fates.html",
            source=get(Source, source_id),
            page=cut(rows, Intake.id),
            fate=fate,
            fates=list(Fate),
        )

    @expose("/<int:source_id>/fetch", methods=["POST"])
    def fetch(self, source_id: int) -> ResponseReturnValue:
        source = get(Source, source_id)
        with transaction():
            ledger.enqueue("fetch", source_id)
            audit("source.fetch", f"source {source_id}")
        return done(f"{source.name} is being fetched; new stories appear in the queue.")

    @expose("/<int:source_id>/switch", methods=["POST"])
    def switch(self, source_id: int) -> ResponseReturnValue:
        """On becomes off, off becomes on."""
        source = get(Source, source_id)
        with transaction():
            Source.update(enabled=~Source.enabled).where(Source.id == source_id).execute()
            audit("source.disable" if source.enabled else "source.enable", f"source {source_id}")
        return redirect(url_for(".index"), 303)


def _save(source: Source, values: dict[str, Any]) -> None:
    accounts = values.pop("accounts")
    values.pop("csrf_token", None)
    for name, value in values.items():
        setattr(source, name, value)
    verb = "source.edit" if source.id else "source.add"
    try:
        with transaction():
            source.save()
            links = SourceAccount.source == source.id
            SourceAccount.delete().where(links).execute()  # type: ignore[misc, unused-ignore]  # stubs differ
            for account_id in accounts:
                SourceAccount.create(source=source.id, account=account_id)
            audit(verb, f"source {source.id}")
    except IntegrityError:
        raise InputError(f"There is a source {source.name} already; choose another name.") from None
