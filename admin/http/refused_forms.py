"""A refused save comes back as the page with its form, holding what was typed and the fault.

Every refusal of every page goes this way (``admin/http/error_pages.py``), so no page handles it
itself. The page is shown again as it is now, in a request of its own within the refused one.
"""

from __future__ import annotations

import io
import re
from urllib.parse import urlsplit

from flask import Response, current_app, flash, render_template, request, session
from flask.ctx import RequestContext

from admin.auth import back
from admin.http.form_markup import TOKEN, Refusal, filled
from admin.http.inputs import FORMS, UNSEEN
from core.text.addresses import shown

REFUSED = 422
OK = 200
SECRET = frozenset({"proof", "password", "old", "new", "code", "cookies"})
"""Fields that never come back."""
UNSHOWN = frozenset(
    {
        "back",
        "decision",
        "id",
        "key",
        "next",
        "next_part",
        "next_story",
        "on_page",
        "seen",
        "to",
        "weekday",
    }
)
"""Fields that a plain page of what was typed only passes on."""
ADDRESS = re.compile(r"\s*https?://\S+\s*")


def is_form() -> bool:
    """Whether the request is a form of a page; other bodies belong to who reads them."""
    return request.method == "POST" and request.mimetype in FORMS


def answer(
    sentence: str, *, field: str = "", status: int = REFUSED, saved_meanwhile: bool = False
) -> Response | None:
    """The page with the form that was sent, filled in as it was sent; None if nothing was typed.

    Args:
        sentence: why it was refused.
        field: name of the input at fault, if known.
        status: of the answer.
        saved_meanwhile: somebody else saved the same form first: both values are shown.
    """
    refusal = Refusal(
        path=request.path,
        fields=_sent(),
        sentence=sentence,
        field=field,
        saved_meanwhile=saved_meanwhile,
    )
    target = _page_with_form()
    again = _show(target, sentence)
    if again is not None:
        page = filled(again.get_data(as_text=True), refusal, urlsplit(target).path)
        if page is not None:
            if "_flashes" in session:
                del session["_flashes"]  # they are on the page
            again.set_data(page)
            again.status_code = status
            return again
    return None


def typed_again(sentence: str, *, status: int = REFUSED) -> Response | None:
    """A plain page with all that was typed, where the page of the form can't be shown.

    None if nothing was typed.
    """
    fields = [(name, value) for name, value in _sent() if name != TOKEN]
    if all(name in UNSHOWN or not value for name, value in fields):
        return None
    page = render_template("typed_again.html", sentence=sentence, fields=fields, unshown=UNSHOWN)
    return Response(page, status, mimetype="text/html")


def _sent() -> list[tuple[str, str]]:
    """The fields as they were sent, without secrets and without what may be one in an address."""
    return [
        (name, shown(value) if ADDRESS.fullmatch(value) else UNSEEN.sub("", value))
        for name, value in request.form.items(multi=True)
        if name not in SECRET
    ]


def comes_from_us() -> bool:
    """Whether the form was on a page of ours, for requests whose token was not checked."""
    return urlsplit(request.headers.get("Origin") or request.referrer or "").netloc == request.host


def _page_with_form() -> str:
    """Where the form was; a form that is a page of its own is sent to that page."""
    if request.endpoint is None:
        return back()
    rules = current_app.url_map.iter_rules(request.endpoint)
    shows_itself = any("GET" in (rule.methods or ()) for rule in rules)
    return request.full_path.rstrip("?") if shows_itself else back()


def _show(target: str, sentence: str) -> Response | None:
    """The page at ``target`` as the same person sees it, with the sentence on top."""
    parts = urlsplit(target)
    asked = {key: value for key, value in request.environ.items() if not key.startswith("werkzeug")}
    asked |= {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "CONTENT_LENGTH": "0",
        "CONTENT_TYPE": "",
        "wsgi.input": io.BytesIO(),
    }
    context: RequestContext = current_app.request_context(asked)
    with context:
        flash(f"Not saved. {sentence}", "danger")
        page = current_app.full_dispatch_request()
    is_page = page.status_code == OK and page.mimetype == "text/html"
    return page if is_page else None
