"""Events received from TikTok, and the webhook URL to register there. Read-only."""

from __future__ import annotations

from admin.lists.paging import cut
from admin.views.page import Page, expose, settings
from admin.webhooks import PATH
from models import WebhookEvent
from pipelines.publishing.webhooks.events import KEPT_DAYS


class Webhooks(Page):
    @expose("/")
    def index(self) -> str:
        config = settings()
        return self.render(
            "webhooks.html",
            page=cut(WebhookEvent.select(), WebhookEvent.id),
            address=config.public_url.rstrip("/") + PATH,
            reachable=config.public_url.startswith("https://"),
            has_secret=bool(config.tiktok_client_secret.get_secret_value()),
            kept_days=KEPT_DAYS,
        )
