"""The pages, one file each, in menu order."""

from admin.views.accounts import Accounts
from admin.views.audit import Audit
from admin.views.calendar import Calendar
from admin.views.channels import Channels
from admin.views.failures import Failures
from admin.views.home import Home
from admin.views.insights import Insights
from admin.views.jobs import Jobs
from admin.views.limits import Limits
from admin.views.manual import Manual
from admin.views.me import Me
from admin.views.page import Page
from admin.views.posts import Posts
from admin.views.sources import Sources
from admin.views.stories import Stories
from admin.views.users import Users
from admin.views.videos import Videos
from admin.views.webhooks import Webhooks

VIEWS: tuple[type[Page], ...] = (
    Stories,
    Videos,
    Posts,
    Calendar,
    Manual,
    Insights,
    Accounts,
    Sources,
    Channels,
    Jobs,
    Failures,
    Limits,
    Webhooks,
    Users,
    Audit,
    Me,
)

__all__ = ["VIEWS", "Home"]
