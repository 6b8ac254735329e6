"""Stages that use services on other machines."""

from __future__ import annotations

from pipelines.backups.runs import back_up
from pipelines.production.script.script import BATCH, write_scripts
from pipelines.publishing.accounts.connection import revoke as revoke_grant
from pipelines.publishing.delivery.browser_upload import check_browser
from pipelines.publishing.delivery.manual.manual_post import mail as mail_post
from pipelines.publishing.delivery.publish import confirm as confirm_post
from pipelines.publishing.delivery.publish import publish as publish_post
from pipelines.stories.intake.fetch import fetch as fetch_stories
from pipelines.stories.intake.link import read_link
from pipelines.stories.intake.whole_text import read_page
from pipelines.stories.safety.judge import judge as judge_story
from pipelines.subscriptions.deliveries import deliver
from workers import wiring
from workers.stage_actor import claim, lease, stage_actor


@stage_actor
def fetch(source_id: int) -> None:
    fetch_stories(source_id, claim(), wiring.story_source)


@stage_actor
def link(story_id: int) -> None:
    read_link(story_id, claim(), wiring.story_source)


@stage_actor
def page(story_id: int) -> None:
    read_page(story_id, claim(), wiring.pages())


@stage_actor
def judge(story_id: int) -> None:
    judge_story(story_id, claim(), wiring.safety_judge())


@stage_actor
def script(_story_id: int) -> None:
    fresh = claim().attempt == 1
    write_scripts(
        lease().claim_more(BATCH - 1) if fresh else lease().claims(),
        wiring.writer(),
        wiring.synthesizer,
        wiring.production_settings(),
    )


@stage_actor
def publish(post_id: int) -> None:
    publish_post(post_id, claim(), wiring.platform())


@stage_actor
def confirm(post_id: int) -> None:
    confirm_post(post_id, claim(), wiring.platform())


@stage_actor
def browser(account_id: int) -> None:
    check_browser(account_id, claim(), wiring.platform())


@stage_actor
def revoke(account_id: int) -> None:
    revoke_grant(account_id, claim(), wiring.authorizer())


@stage_actor
def mail(post_id: int) -> None:
    mail_post(post_id, claim(), wiring.mailer(), wiring.links())


@stage_actor
def webhook(delivery_id: int) -> None:
    deliver(delivery_id, claim(), wiring.webhooks())


@stage_actor
def backup(backup_id: int) -> None:
    back_up(backup_id, claim(), wiring.backups())
