"""How long the back office takes to answer, and how it answers."""

from __future__ import annotations

import time

from flask import Flask, Response, g, request
from prometheus_client import Histogram

AREAS = {"api_v1": "api", "webhook_receiver": "webhook", "static": "file", "health": "health"}
"""By the first part of the endpoint's name; everything else is a page."""
REQUEST_SECONDS = Histogram(
    "storymill_request_seconds",
    "Wall time of a request to the back office",
    ["area", "status"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
for _area in ("page", *AREAS.values()):
    for _status in ("2xx", "5xx"):
        REQUEST_SECONDS.labels(_area, _status)


def install(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        g.request_began = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        if (began := g.get("request_began")) is not None:
            area = AREAS.get((request.endpoint or "").partition(".")[0], "page")
            status = f"{response.status_code // 100}xx"
            REQUEST_SECONDS.labels(area, status).observe(time.perf_counter() - began)
        return response
