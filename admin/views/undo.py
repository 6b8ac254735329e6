"""Undoes a person's last decisions."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from admin.auth import back, person
from admin.views.page import Page, done, expose, say_refused
from models import Video
from pipelines import undo
from pipelines.undo_words import WORDS, named, sentence

MOST = 20
"""Decisions on the page, newest first."""


class Undo(Page):
    @expose("/")
    def index(self) -> str:
        own = undo.of_person(person().name, MOST)
        return self.render("undo/index.html", decisions=[(row, sentence(row)) for row in own])

    @expose("/<int:undo_id>", methods=["POST"])
    def undo(self, undo_id: int) -> ResponseReturnValue:
        undone = undo.undo(undo_id, person().name)
        words = WORDS[undone.action]
        say_refused([f"Not undone: {words.name(row_id)}. {why}" for row_id, why in undone.refused])
        if not undone.ids:
            return redirect(back(), 303)
        sentence = f"Undone. {words.undone}: {named(undone.action, undone.ids)}."
        return done(sentence, _own_page(undone))


def _own_page(undone: undo.Undone) -> str | None:
    """The page of the only row, if the decision was made there."""
    if "on_page" not in request.args:
        return None
    row_id = undone.ids[0]
    if undone.action.startswith("story."):
        return url_for("stories.show", story_id=row_id)
    part_id = Video.select(Video.part).where(Video.id == row_id).scalar()
    return url_for("videos.show", part_id=part_id)
