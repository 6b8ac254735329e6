"""The pages, one file each, and the menu."""

from __future__ import annotations

from typing import Any

from flask_admin import Admin

from admin.views.accounts import Accounts
from admin.views.api_docs import ApiDocs
from admin.views.api_tokens import ApiTokens
from admin.views.audit import Audit
from admin.views.backups import Backups
from admin.views.calendar import Calendar
from admin.views.channels import Channels
from admin.views.failures import Failures
from admin.views.getting_started import GettingStarted
from admin.views.home import Home
from admin.views.insights import Insights
from admin.views.jobs import Jobs
from admin.views.limits import Limits
from admin.views.manual import Manual
from admin.views.me import Me
from admin.views.page import Page
from admin.views.posts import Posts
from admin.views.schedules import Schedules
from admin.views.search import Search
from admin.views.selected_accounts import SelectedAccounts
from admin.views.sources import Sources
from admin.views.stories import Stories
from admin.views.subscriptions import Subscriptions
from admin.views.undo import Undo
from admin.views.users import Users
from admin.views.videos import Videos
from admin.views.webhooks import Webhooks

MENU: tuple[tuple[str, tuple[type[Page], ...]], ...] = (
    ("Work", (Stories, Videos, Posts, Calendar, Manual)),
    ("Insight", (Insights,)),
    ("Set-up", (Accounts, Sources, Channels, GettingStarted)),
    ("Operations", (Failures, Jobs, Schedules, Limits, Webhooks, Subscriptions, Backups)),
    ("People", (Users, ApiTokens, Audit)),
)
"""The pages in the menu, by group; the home page comes first in the first one."""

VIEWS = (
    *(page for _, pages in MENU for page in pages),
    Me,
    Undo,
    Search,
    ApiDocs,
    SelectedAccounts,
)


def menu(admin: Admin) -> list[tuple[str, list[Any]]]:
    """The menu's groups, each with the items that the signed-in person may open."""
    items = [item for item in admin.menu() if item.is_accessible() and item.is_visible()]
    groups = []
    for name, pages in MENU:
        kinds: tuple[type[Page], ...] = (Home, *pages) if name == MENU[0][0] else pages
        shown = [item for item in items if isinstance(item._view, kinds)]  # noqa: SLF001  # the item's page
        if shown:
            groups.append((name, shown))
    return groups


__all__ = ["VIEWS", "Home", "menu"]
