"""Search over everything, from the box on every page."""

from __future__ import annotations

from flask import request

from admin.lists import search, story_list
from admin.views.page import Page, expose

LONGEST = 300


class Search(Page):
    @expose("/")
    def index(self) -> str:
        text = request.args.get("q", "").strip()[:LONGEST]
        results = search.find(text) if text else None
        return self.render(
            "search/index.html", text=text, results=results, sample=story_list.SAMPLE
        )
