"""The audit log: who did what, and up to where it is sealed. Read-only."""

from __future__ import annotations

from flask import request

from admin.lists import audit_list
from admin.lists.paging import cut
from admin.views.page import Page, expose
from models import AuditEntry, AuditSeal


class Audit(Page):
    @expose("/")
    def index(self) -> str:
        filters = {name: request.args.get(name, "") for name in ("actor", "action", "subject")}
        found = audit_list.listed(**filters)
        page = cut(found.query, AuditEntry.id, few=found.few, each=found.each)
        return self.render("audit.html", page=page, filters=filters, sealed=_sealed())


def _sealed() -> AuditSeal | None:
    """The newest seal of the chain."""
    newest: AuditSeal | None = (
        AuditSeal.select(AuditSeal.id, AuditSeal.entry_id, AuditSeal.hash, AuditSeal.created_at)
        .order_by(AuditSeal.id.desc())
        .first()
    )
    return newest
