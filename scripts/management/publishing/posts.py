"""Posts: one video on one account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from getpass import getuser
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from core.errors import InputError
from models import Account, Method, Post, PostState, shown
from pipelines.publishing.posts import decisions, post_settings
from pipelines.publishing.scheduling import pins
from scripts.management.changes import DRY_RUN, IDS, changes, to_each
from scripts.management.record import record
from scripts.management.showing import show
from scripts.terminal import AS_JSON, print_table


def add_to(manage: click.Group) -> None:
    manage.add_command(posts)


@click.group("posts")
def posts() -> None:
    """Posts: one video on one account."""


@posts.command("list")
@click.option("--state", type=click.Choice([state.value for state in PostState]))
@click.option("--account", type=int, help="Only posts on the account with this id.")
@click.option("--method", "--way", "method", type=click.Choice([method.value for method in Method]))
@click.option("--count", default=50, show_default=True)
@AS_JSON
def list_posts(state: str | None, account: int | None, method: str | None, count: int) -> None:
    """Show the newest posts, and why a post stopped."""
    table = Table("id", "account", "state", "method", "scheduled for", "title", "reason")
    wanted = {Post.state: state, Post.account: account, Post.method: method}
    with record():
        columns = (Post.id, Post.state, Post.method, Post.scheduled_at, Post.title, Post.reason)
        rows: Any = Post.select(*columns, Account.name).join(Account).order_by(Post.id.desc())
        for column, value in wanted.items():
            if value is not None:
                rows = rows.where(column == value)
        for post in rows.limit(count).objects():
            planned = f"{post.scheduled_at:%Y-%m-%d %H:%M %Z}" if post.scheduled_at else ""
            title = post.title.partition("\n")[0]
            table.add_row(
                str(post.id), post.name, shown(post.state), post.method, planned, title, post.reason
            )
    print_table(table)


@posts.command("show")
@click.argument("post_id", type=int)
@AS_JSON
def show_post(post_id: int) -> None:
    """Show a post: its settings, jobs and attempts."""
    from admin.api.resources.publishing.posts import detail

    with record():
        show("post", post_id, detail)


@posts.command("cancel")
@IDS
@click.option("--reason", default="", help="Kept in the audit log.")
@DRY_RUN
def cancel(ids: tuple[int, ...], reason: str, *, dry_run: bool) -> None:
    """Cancel these posts; later parts no longer wait for them."""
    with record():
        act = partial(decisions.cancel, by=getuser(), reason=reason)
        to_each(ids, _existing(act), "Cancelled", dry_run=dry_run, action="post.cancel")


@posts.command("requeue")
@IDS
@DRY_RUN
def requeue(ids: tuple[int, ...], *, dry_run: bool) -> None:
    """Restart posts that failed or need attention; asks TikTok first about announced ones."""
    with record():
        act = partial(post_settings.requeue, by=getuser())
        to_each(ids, act, "Requeued", dry_run=dry_run, action="post.requeue")


@posts.command("again")
@IDS
@click.option("--reason", default="", help="Kept in the audit log.")
@click.option("--checked", is_flag=True, help="You looked on TikTok: none of them is there.")
@DRY_RUN
def again(ids: tuple[int, ...], reason: str, *, checked: bool, dry_run: bool) -> None:
    """Post again from the start; posts that may be on TikTok only with --checked."""
    with record():
        act = partial(decisions.post_again, by=getuser(), reason=reason, checked=checked)
        to_each(ids, _existing(act), "Restarted", dry_run=dry_run, action="post.again")


@posts.command("mark")
@click.argument("post_id", type=int)
@click.option("--platform-id", default="", help="Its number on TikTok.")
@click.option("--reason", default="", help="Kept in the audit log.")
@DRY_RUN
def mark(post_id: int, platform_id: str, reason: str, *, dry_run: bool) -> None:
    """Mark POST_ID as published: you have seen it on TikTok."""
    with record(), changes(dry_run=dry_run):
        act = partial(
            decisions.mark_published, by=getuser(), platform_id=platform_id, reason=reason
        )
        _existing(act)(post_id)
        click.echo(f"Post {post_id} is marked as published.")


@posts.command("time")
@click.argument("post_id", type=int)
@click.argument("moment")
@click.option("--account", type=int, help="Move it to this account (its number) as well.")
@DRY_RUN
def time(post_id: int, moment: str, account: int | None, *, dry_run: bool) -> None:
    """Schedule POST_ID for MOMENT, such as "2027-01-31 18:30", in its account's time zone."""
    with record(), changes(dry_run=dry_run):
        at = _moment(post_id, moment)
        warnings = pins.pin(post_id, at, getuser(), account_id=account)
        click.echo(f"Post {post_id} goes out at {at:%A %d %B %Y, %H:%M %Z}.")
        for warning in warnings:
            click.echo(warning)


def _moment(post_id: int, text: str) -> datetime:
    accounts = Account.select(Account.timezone).join(Post).where(Post.id == post_id)
    account = accounts.first()
    if account is None:
        raise InputError(f"There is no post {post_id}.")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text} is not a time: write it like 2027-01-31 18:30.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(account.timezone))


def _existing(act: Callable[[int], None]) -> Callable[[int], None]:
    """``act``, after checking that the post exists; the decisions don't check that."""

    def checked(post_id: int) -> None:
        post_settings.read(post_id)
        act(post_id)

    return checked
