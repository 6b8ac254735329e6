"""``/health`` (the process answers) and ``/ready`` (it can do its work), for anyone who asks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import dramatiq
import structlog
from dramatiq.brokers.redis import RedisBroker
from flask import Blueprint, Flask, current_app, jsonify
from flask.typing import ResponseReturnValue

from core import db, queue, supervision
from core.settings import Settings
from core.storage import LEAST_FREE_BYTES

log = structlog.get_logger(__name__)

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
def alive() -> ResponseReturnValue:
    return jsonify(status="ok")


@blueprint.get("/ready")
def ready() -> ResponseReturnValue:
    """200 when database, broker and disk are all there, else 503; each with its own word.

    ``processes`` has a sentence for each process that the supervisor can't keep up, by its name.
    They are a warning and leave the status as it is. This process can serve, and 503 would have a
    proxy take away the page that says what is wrong.
    """
    found = {"database": _database(), "broker": _broker(), "disk": _disk()}
    status = 200 if all(word == "ok" for word in found.values()) else 503
    word = "ok" if status == 200 else "not ready"  # noqa: PLR2004
    return jsonify(status=word, **found, processes=_processes()), status


def _processes() -> dict[str, str]:
    settings: Settings = current_app.extensions["settings"]
    troubles = supervision.troubles(settings.run_dir)
    return {trouble.name: trouble.sentence() for trouble in troubles}


def _database() -> str:
    def ask() -> None:
        with db.session():
            db.database.execute_sql("SELECT 1")

    return _word("database", ask, db.Unavailable)


def _broker() -> str:
    broker = dramatiq.get_broker()
    if not isinstance(broker, RedisBroker):
        return "ok"  # other brokers keep a connection of their own and mend it by themselves
    return _word("broker", broker.client.ping, queue.Unavailable)


def _disk() -> str:
    settings: Settings = current_app.extensions["settings"]
    folder = settings.media_dir
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return "the media folder is missing or read-only"
    if shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
        return "the disk is nearly full"
    return "ok"


def _word(what: str, ask: Callable[[], object], away: tuple[type[Exception], ...]) -> str:
    try:
        ask()
    except away as error:
        log.warning("not_ready", what=what, error=str(error).strip())
        return "away"
    return "ok"


def install(app: Flask) -> None:
    app.register_blueprint(blueprint)
