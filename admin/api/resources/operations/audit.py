"""The audit log: who did what to which row."""

from __future__ import annotations

from admin.api.listing import rows
from admin.api.models import Answer, Id, Line, ListQuery, Moment, Page
from admin.api.operation import operation
from admin.lists import audit_list
from models import AuditEntry
from pipelines.people.api_tokens import Scope


class AuditItem(Answer):
    """One entry."""

    id: Id
    actor: str
    action: str
    subject: str
    reason: str
    created_at: Moment


class AuditPage(Page[AuditItem]):
    """One page of the audit log, newest first."""


class AuditQuery(ListQuery):
    actor: Line = ""
    action: Line = ""
    subject: Line = ""


@operation("GET", "/audit", Scope.ADMIN)
def listed(query: AuditQuery) -> AuditPage:
    """List the audit log."""
    found = audit_list.listed(actor=query.actor, action=query.action, subject=query.subject)
    page, following = rows(found.query, AuditEntry.id, query, few=found.few, each=found.each)
    return AuditPage(items=[AuditItem.model_validate(row) for row in page], next=following)
