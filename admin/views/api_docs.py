"""The API's description: a page to read and try it, and the OpenAPI document behind it."""

from __future__ import annotations

from typing import Any

from flask import abort, jsonify, url_for
from flask.typing import ResponseReturnValue

from admin.api.caller import bearer
from admin.api.openapi import document
from admin.views.page import Page, expose
from pipelines.people import api_tokens


class ApiDocs(Page):
    def __init__(self) -> None:
        super().__init__(name="API description", endpoint="apidocs", url="/api")

    def is_visible(self) -> bool:
        return False  # linked from the page of the tokens

    def _handle_view(self, name: str, **values: Any) -> ResponseReturnValue | None:
        """Programs read the document with a token, people with their session."""
        token = bearer()
        if name == "document" and token:
            return None if api_tokens.find(token) else abort(401)
        return super()._handle_view(name, **values)

    @expose("/")
    def index(self) -> str:
        return self.docs()

    @expose("/docs")
    def docs(self) -> str:
        return self.render("api/docs.html", address=url_for(".document"))

    @expose("/openapi.json")
    def document(self) -> ResponseReturnValue:
        return jsonify(document())
