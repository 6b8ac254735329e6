"""The sandbox's own API: switches, log, settings, clock; and the front page."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, jsonify, render_template, request

from sandbox.calls import Wire
from sandbox.faults import TRANSPORT, Fault
from sandbox.mail.post_office import MailWire
from sandbox.ollama.api import Ollama
from sandbox.reddit.api import Reddit
from sandbox.stories import FLAGS, Story
from sandbox.tiktok.studio_wire import Studio
from sandbox.tiktok.wire import TikTok

if TYPE_CHECKING:
    from sandbox.world import World


def control(world: World) -> Blueprint:  # noqa: C901 - a list of small views
    pages = Blueprint("control", __name__)
    wires: dict[str, Wire] = {w.name: w for w in _wires(world)}

    @pages.get("/")
    def front() -> str:
        return render_template("page.html", wires=wires.values(), transport=TRANSPORT)

    @pages.get("/sandbox/ready")
    def ready() -> Response:
        return jsonify(ready=True)

    @pages.post("/sandbox/faults")
    def add_fault() -> tuple[Response, int]:
        fault = _fault(wires)
        return jsonify(dataclasses.asdict(world.faults.add(fault))), 201

    @pages.get("/sandbox/faults")
    def faults() -> Response:
        return jsonify(faults=[dataclasses.asdict(fault) for fault in world.faults.all()])

    @pages.delete("/sandbox/faults", defaults={"fault_id": None})
    @pages.delete("/sandbox/faults/<fault_id>")
    def clear_faults(fault_id: str | None) -> tuple[str, int]:
        world.faults.clear(fault_id)
        return "", 204

    @pages.get("/sandbox/log")
    def log() -> Response:
        return jsonify(log=world.log.all())

    @pages.route("/sandbox/settings", methods=["GET", "POST"])
    def settings() -> Response:
        if request.method == "POST":
            try:
                world.change_settings(_object())
            except ValueError as wrong:
                abort(400, str(wrong))
        secret = {f.name for f in dataclasses.fields(world.settings) if not f.repr}
        known = dataclasses.asdict(world.settings)
        return jsonify({name: value for name, value in known.items() if name not in secret})

    @pages.post("/sandbox/clock")
    def advance() -> Response:
        seconds = _object().get("advance")
        if not isinstance(seconds, int | float) or seconds < 0:
            abort(400, "advance must be a number of seconds, from 0.")
        world.advance(float(seconds))
        return jsonify(ahead=world.clock.ahead)

    @pages.post("/sandbox/stories")
    def add_story() -> tuple[Response, int]:
        try:
            story = Story(**{"hours_old": 0.0, **_object()})
        except TypeError as wrong:
            abort(400, str(wrong))
        if any(flag not in FLAGS for flag in story.flags):
            abort(400, f"flags must be from {', '.join(FLAGS)}.")
        world.own_stories.put(story.id, story)
        return jsonify(dataclasses.asdict(story)), 201

    @pages.post("/sandbox/reset")
    def reset() -> tuple[str, int]:
        world.reset()
        return "", 204

    @pages.after_app_request
    def guard(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers["Content-Security-Policy"] = "default-src 'self'; img-src 'self' data:"
        return response

    return pages


def _wires(world: World) -> tuple[Wire, ...]:
    return Reddit(world), TikTok(world), Studio(world), Ollama(), MailWire()


def _object() -> dict[str, Any]:
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        abort(400, "The body must be a JSON object.")
    return body


def _fault(wires: dict[str, Wire]) -> Fault:
    try:
        fault = Fault(**_object())
    except TypeError as wrong:
        abort(400, str(wrong))
    if fault.wire not in wires:
        abort(400, f"wire must be one of {', '.join(wires)}.")
    wire = wires[fault.wire]
    if fault.call not in (*wire.calls, "*"):
        abort(400, f"call must be one of {', '.join(wire.calls)} or *.")
    possible = wire.faults_by_call.get(fault.call, (*TRANSPORT, *wire.own_faults))
    if fault.fault not in possible:
        abort(400, f"fault must be one of {', '.join(possible)}.")
    return fault
