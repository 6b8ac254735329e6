"""Hundreds of odd requests to the API: no 500, and no answer that the document doesn't promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from admin.api import caller
from admin.api.openapi import document
from core.limiter import Limit
from tests.admin import records

if TYPE_CHECKING:
    from core.settings import Settings
    from tests.admin.api.conftest import Program

pytestmark = pytest.mark.slow

EXAMPLES = 6
"""Requests for each operation."""


def test_no_request_is_answered_otherwise_than_documented(
    operator: Program, office: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a row of many kinds with id 1, so that not all is 404
    hypothesis = pytest.importorskip("hypothesis")
    schemathesis = pytest.importorskip("schemathesis")
    checks = pytest.importorskip("schemathesis.specs.openapi.checks")
    monkeypatch.setattr(caller, "REQUESTS", Limit("api_requests_of_all_kinds", 100_000, 60.0))
    post = records.post(records.video(settings.media_dir), records.account())
    records.failure("publish", post.id)
    few = hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    asked = set[str]()

    # When each operation gets requests that its document allows
    for found in schemathesis.openapi.from_dict(document()).get_all_operations():
        operation = found.ok()

        def ask(case: Any) -> None:
            asked.add(f"{case.method} {case.path}")
            headers = {"Authorization": f"Bearer {operator.token}"}
            answer = case.call(base_url=f"{office}/api/v1", headers=headers)
            # Then the answer is one that the document names, in the form that it promises
            case.validate_response(
                answer,
                checks=[
                    schemathesis.checks.not_a_server_error,
                    checks.status_code_conformance,
                    checks.content_type_conformance,
                    checks.response_schema_conformance,
                ],
            )

        hypothesis.given(case=operation.as_strategy())(few(ask))()
    assert len(asked) > 50
