"""Every request is timed, by its area and not by its address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import REGISTRY

if TYPE_CHECKING:
    from tests.admin.conftest import Browser


def count(area: str, status: str) -> float:
    labels = {"area": area, "status": status}
    return REGISTRY.get_sample_value("storymill_request_seconds_count", labels) or 0.0


def test_requests_are_counted_by_area_and_result(owner: Browser) -> None:
    kinds = [("page", "2xx"), ("page", "4xx"), ("api", "4xx"), ("health", "2xx"), ("file", "2xx")]
    before = [count(*kind) for kind in kinds]

    owner.client.get("/stories/")
    owner.client.get("/stories/canary-address")
    owner.client.get("/api/v1/stories")
    owner.client.get("/health")
    owner.client.get("/static/style.css")

    assert [count(*kind) for kind in kinds] == [number + 1 for number in before]
    values = {
        value
        for family in REGISTRY.collect()
        if family.name == "storymill_request_seconds"
        for sample in family.samples
        for value in sample.labels.values()
    }
    assert not any("canary" in value for value in values)
