"""Decisions on rows of a list or page, with an offer to undo them.

What somebody else has decided already stays; who did what is said, and the page moves on.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from admin.auth import back, person
from admin.views.page import Offer, done, first_of, say_refused
from core.errors import InputError
from pipelines import overtaken, undo
from pipelines.undo_words import WORDS, named


def undoable(
    action: str,
    ids: list[int],
    act: Callable[[int], object],
    *,
    onwards: Callable[[], str | None] = back,
    sentence: str | Callable[[], str] = "",
    on_page: int | None = None,
    seconds: int = 0,
) -> ResponseReturnValue:
    """Apply ``act`` to each row, say what was done to what, and offer to undo it.

    Args:
        action: of ``undo_actions.ACTIONS``.
        ids: the rows; one that is refused stops no other.
        act: the decision.
        onwards: where to go when it is done; else, or if None, the previous page.
        sentence: said instead of the usual one, or what makes it when all is done.
        on_page: 1 if undoing it leads back to the row's own page.
        seconds: until the work begins that was asked for.
    """
    decided = undo.decide(person().name, action, ids, act)
    for told in overtaken.sentences(decided.overtaken):
        flash(told, "warning")
    words = WORDS[action]
    several = len(ids) > 1
    refused = [
        f"{words.name(row_id)}: {why}" if several else str(why) for row_id, why in decided.refused
    ]
    if decided.overtaken and not decided.ids and not refused:
        flash(request.path, "saved")  # the browser drops what it kept of the form
        return redirect(onwards() or back(), 303)
    if not decided.ids:  # the form comes back as it was, with the fault beside its field
        if not several and refused:
            raise decided.refused[0][1]
        fields = {getattr(error, "field", "") for _, error in decided.refused}
        raise InputError(first_of(refused), field=fields.pop() if len(fields) == 1 else "")
    say_refused(refused)
    address = url_for("undo.undo", undo_id=decided.undo_id, on_page=on_page)
    return done(
        (sentence() if callable(sentence) else sentence)
        or f"{words.verb} {named(action, decided.ids)}.",
        onwards(),
        undo=Offer(address, seconds),
    )
