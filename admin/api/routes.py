"""The routes of the API, in the process of the pages."""

from __future__ import annotations

from itertools import chain

from flask import Blueprint, Flask, Response

from admin.api import caller, problems
from admin.api.operation import Operation
from admin.api.resources.operations import (
    audit,
    failures,
    jobs,
    limits,
    schedules,
    search,
    settings,
    setup,
    undo,
    users,
    webhooks,
)
from admin.api.resources.production import channels, scripts, sources, stories, videos
from admin.api.resources.publishing import accounts, groups, insights, posts

RESOURCES = (
    stories,
    scripts,
    videos,
    posts,
    accounts,
    groups,
    sources,
    channels,
    insights,
    jobs,
    failures,
    undo,
    search,
    limits,
    schedules,
    settings,
    setup,
    users,
    audit,
    webhooks,
)
"""The modules with operations, in the order of the document."""
OPERATIONS: tuple[Operation, ...] = tuple(
    chain.from_iterable(
        (value for value in vars(module).values() if isinstance(value, Operation))
        for module in RESOURCES
    )
)
PREFIX = "/api/v1"


def install(app: Flask) -> None:
    blueprint = Blueprint("api_v1", __name__, url_prefix=PREFIX)
    for each in OPERATIONS:
        blueprint.add_url_rule(
            each.path,
            endpoint=each.name,
            view_func=each,
            methods=[each.method],
            provide_automatic_options=False,
        )
    blueprint.before_request(caller.identify)
    blueprint.after_request(_not_for_browsers)
    problems.install(blueprint)
    app.register_blueprint(blueprint)
    app.extensions["csrf"].exempt(blueprint)  # no cookie counts here, so no form of others works


def _not_for_browsers(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return caller.say_limit(response)
