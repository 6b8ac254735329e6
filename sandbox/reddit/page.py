"""A web page for a post, so that links to the original work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, render_template
from markupsafe import Markup

from sandbox.reddit.listing import body_html

if TYPE_CHECKING:
    from sandbox.stories import Story


def page(story: Story) -> Response:
    body = Markup(body_html(story.body))  # noqa: S704 - rendered by us, raw HTML switched off
    return Response(render_template("story.html", story=story, body=body))
