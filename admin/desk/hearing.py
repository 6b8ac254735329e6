"""The first ten seconds of a story in its channel's voice, said in a process of its own.

No page waits for it: ``begin`` starts it, and the browser asks ``sound`` until it is there.
"""

from __future__ import annotations

from flask import Response, current_app, jsonify, send_file, url_for
from flask.typing import ResponseReturnValue

from adapters.ports import Voices
from admin.configured import settings
from core.errors import InputError, StorymillError
from models import Story
from pipelines.production import forecast
from pipelines.production.production_settings import ProductionSettings


def begin(story: Story) -> ResponseReturnValue:
    """Where to ask for the sound, with 202; or why no voice can say it, with 400."""
    try:
        begins = forecast.beginning(story, ProductionSettings.defaults(settings()))
        key = _voices().begin_saying(begins.voice, begins.said, begins.words_per_minute)
    except StorymillError as error:
        return _refused(error)
    return jsonify(sound=url_for(".heard", key=key)), 202


def sound(key: str) -> ResponseReturnValue:
    """The sound; how much of it is said, with 202; or why no voice can say it, with 400."""
    try:
        saying = _voices().saying(key)
    except StorymillError as error:
        return _refused(error)
    if saying.sound is None:
        return jsonify(share=saying.share), 202
    return send_file(saying.sound, mimetype="audio/wav", conditional=True, max_age=0)


def _refused(error: StorymillError) -> ResponseReturnValue:
    return Response(str(error), 400, mimetype="text/plain")


def _voices() -> Voices:
    voices: Voices | None = current_app.extensions["voices"]
    if voices is None:
        raise InputError("This back office was started without voices.")
    return voices
