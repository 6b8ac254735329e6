"""``/health`` (the process responds) and ``/ready`` (it can work), open to everyone.

The same are on the metrics port of every process (``core/telemetry``).
"""

from __future__ import annotations

from flask import Blueprint, Flask, current_app, jsonify
from flask.typing import ResponseReturnValue

from core import supervision
from core.settings import Settings
from core.telemetry.endpoint import readiness_answer
from core.telemetry.readiness import Readiness

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
def alive() -> ResponseReturnValue:
    return jsonify(status="ok")


@blueprint.get("/ready")
def ready() -> ResponseReturnValue:
    """200 when database, broker and disk are available, else 503; each has its own sentence.

    ``processes`` has a sentence, by name, for each process that the supervisor can't keep running.
    These are warnings and don't change the status. This process can serve; a 503 would make a
    proxy hide the page that says what is wrong.
    """
    readiness: Readiness = current_app.extensions["readiness"]
    status, body = readiness_answer(readiness.look())
    return jsonify(**body, processes=_processes()), status


def _processes() -> dict[str, str]:
    settings: Settings = current_app.extensions["settings"]
    troubles = supervision.troubles(settings.run_dir)
    return {trouble.name: trouble.sentence() for trouble in troubles}


def install(app: Flask) -> None:
    """The application's settings must be there."""
    settings: Settings = app.extensions["settings"]
    app.extensions["readiness"] = Readiness(settings.media_dir)
    app.register_blueprint(blueprint)
