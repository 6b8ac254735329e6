"""``/health`` (the process responds) and ``/ready`` (it can work), open to everyone."""

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
from core.files.storage import LEAST_FREE_BYTES
from core.settings import Settings

log = structlog.get_logger(__name__)

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
def alive() -> ResponseReturnValue:
    return jsonify(status="ok")


@blueprint.get("/ready")
def ready() -> ResponseReturnValue:
    """200 when database, broker and disk are available, else 503; each has its own status.

    ``processes`` has a sentence, by name, for each process that the supervisor can't keep running.
    These are warnings and don't change the status. This process can serve; a 503 would make a
    proxy hide the page that says what is wrong.
    """
    found = {"database": _database(), "broker": _broker(), "disk": _disk()}
    status = 200 if all(each == "ok" for each in found.values()) else 503
    word = "ok" if status == 200 else "not ready"  # noqa: PLR2004
    return jsonify(status=word, **found, processes=_processes()), status


def _processes() -> dict[str, str]:
    settings: Settings = current_app.extensions["settings"]
    troubles = supervision.troubles(settings.run_dir)
    return {trouble.name: trouble.sentence() for trouble in troubles}


def _database() -> str:
    def check() -> None:
        with db.session():
            db.database.execute_sql("SELECT 1")

    return _status("database", check, db.Unavailable)


def _broker() -> str:
    broker = dramatiq.get_broker()
    if not isinstance(broker, RedisBroker):
        return "ok"  # other brokers manage and repair their own connection
    return _status("broker", broker.client.ping, queue.Unavailable)


def _disk() -> str:
    settings: Settings = current_app.extensions["settings"]
    folder = settings.media_dir
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return "the media folder is missing or read-only"
    if shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
        return "the disk is nearly full"
    return "ok"


def _status(
    what: str, check: Callable[[], object], unavailable: tuple[type[Exception], ...]
) -> str:
    try:
        check()
    except unavailable as error:
        log.warning("not_ready", what=what, error=str(error).strip())
        return "away"
    return "ok"


def install(app: Flask) -> None:
    app.register_blueprint(blueprint)
