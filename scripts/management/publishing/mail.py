"""Test the mail server."""

from __future__ import annotations

from urllib.parse import urlsplit

import click

from adapters.ports import Mail
from core import settings
from core.errors import InputError
from core.smtp import SmtpServer, addresses, is_mail_address
from models import now
from scripts.management.record import settle


def add_to(manage: click.Group) -> None:
    manage.add_command(mail_test)


@click.command("mail-test")
@click.option("--to", help="The address to use instead of MAIL_TO.")
def mail_test(to: str | None) -> None:
    """Send a test mail through SMTP_URL; if it fails, say what is wrong."""
    from adapters.mail.smtp import SmtpMailer

    settle()
    config = settings.current()
    if not config.smtp_url.get_secret_value():
        raise InputError("SMTP_URL is not set, so no mails are sent: set it, then try again.")
    recipients = addresses(config.mail_to if to is None else to)
    if not recipients or not all(map(is_mail_address, recipients)):
        raise InputError("--to must be a plain address like name@example.com.")
    server = SmtpServer.parse(config.smtp_url.get_secret_value())
    mailer = SmtpMailer(server=server, sender=config.mail_from, recipients=recipients)
    mailer.send(_mail(config.public_url))
    click.echo(f"{server.host}:{server.port} has accepted a mail to {', '.join(recipients)}.")
    if urlsplit(config.public_url).hostname in {"127.0.0.1", "localhost"}:
        click.echo(
            f"Links in mails will start with {config.public_url}, which no phone can open: set "
            "PUBLIC_URL to the back office's public address."
        )


def _mail(public_url: str) -> Mail:
    moment = now()
    return Mail(
        key=f"test.{moment:%Y%m%d%H%M%S%f}",
        thread="test",
        subject="Storymill test mail",
        text=f"Mails about videos to post by hand will look like this, from {public_url}.\n",
        html="<p>Mails about videos to post by hand will look like this.</p>",
    )
