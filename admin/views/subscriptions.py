"""Outgoing webhooks: who is told about what, and each delivery."""

from __future__ import annotations

from typing import ClassVar

from flask import request, url_for
from flask.typing import ResponseReturnValue

from admin.auth import person
from admin.lists.paging import cut
from admin.views.page import Page, done, expose, get, settings
from models import Role, WebhookDelivery, WebhookSubscription
from pipelines.stages import STAGES
from pipelines.subscriptions import subscriptions
from pipelines.subscriptions.deliveries import FAILED_IN_A_ROW, KEPT
from pipelines.subscriptions.events import WORDS


class Subscriptions(Page):
    writes: ClassVar[Role] = Role.OWNER

    def __init__(self) -> None:
        super().__init__(name="Outgoing webhooks", endpoint="subscriptions", url="subscriptions")

    @expose("/")
    def index(self) -> str:
        rows = WebhookSubscription.select().order_by(WebhookSubscription.id)
        return self.render("subscriptions/index.html", subscriptions=list(rows), events=WORDS)

    @expose("/new", methods=["POST"])
    def new(self) -> ResponseReturnValue:
        """Add a webhook, and show its secret once."""
        row, secret = subscriptions.add(
            request.form.get("address", ""),
            request.form.getlist("event"),
            person().name,
            allowed=settings().allowed_hosts,
        )
        return self.render("subscriptions/secret.html", subscription=row, secret=secret)

    @expose("/<int:subscription_id>")
    def show(self, subscription_id: int) -> str:
        found = get(WebhookSubscription, subscription_id)
        deliveries = WebhookDelivery.select().where(WebhookDelivery.subscription == found.id)
        return self.render(
            "subscriptions/show.html",
            subscription=found,
            page=cut(deliveries, WebhookDelivery.id),
            events=WORDS,
            kept_days=KEPT.days,
            tries=STAGES["webhook"].attempts,
            in_a_row=FAILED_IN_A_ROW,
        )

    @expose("/<int:subscription_id>/events", methods=["POST"])
    def events(self, subscription_id: int) -> ResponseReturnValue:
        wanted = request.form.getlist("event")
        subscriptions.change(subscription_id, person().name, wanted=wanted)
        return done("Events saved.", url_for(".show", subscription_id=subscription_id))

    @expose("/<int:subscription_id>/switch", methods=["POST"])
    def switch(self, subscription_id: int) -> ResponseReturnValue:
        on = not get(WebhookSubscription, subscription_id).enabled
        subscriptions.change(subscription_id, person().name, enabled=on)
        return done("Webhook switched on." if on else "Webhook switched off.")

    @expose("/<int:subscription_id>/ping", methods=["POST"])
    def ping(self, subscription_id: int) -> ResponseReturnValue:
        get(WebhookSubscription, subscription_id)
        subscriptions.ping(subscription_id, person().name)
        here = url_for(".show", subscription_id=subscription_id)
        return done("A test is being sent. Reload this page in a few seconds.", here)

    @expose("/<int:subscription_id>/remove", methods=["POST"])
    def remove(self, subscription_id: int) -> ResponseReturnValue:
        get(WebhookSubscription, subscription_id)
        subscriptions.remove(subscription_id, person().name)
        return done("Webhook removed, with its deliveries.", url_for(".index"))

    @expose("/deliveries/<int:delivery_id>/redeliver", methods=["POST"])
    def redeliver(self, delivery_id: int) -> ResponseReturnValue:
        get(WebhookDelivery, delivery_id)
        subscriptions.redeliver(delivery_id, person().name)
        return done("Sending it again. Reload this page in a few seconds.")
