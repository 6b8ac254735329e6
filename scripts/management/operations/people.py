"""Users: listed, added, given roles and passwords, deactivated."""

from __future__ import annotations

import sys
from getpass import getuser

import click
from rich.table import Table

from core import db
from core.errors import InputError
from models import Role, SignInSession, User
from scripts.management.changes import DRY_RUN, changes
from scripts.management.record import record
from scripts.terminal import AS_JSON, print_table

NAME = click.argument("name")
ROLE = click.Choice([role.value for role in Role])


def add_to(manage: click.Group) -> None:
    manage.add_command(users)


@click.group("users")
def users() -> None:
    """People who can sign in.

    Passwords are prompted for, or read as one line from the input. They are never given on the
    command line, where other users of the machine can see them.
    """


@users.command("list")
@AS_JSON
def list_users() -> None:
    """List all users: role, codes, sessions, last sign-in."""
    from admin.auth.sessions import alive

    table = Table("name", "role", "may sign in", "codes", "sessions", "last signed in", "e-mail")
    with record():
        for user in User.select().order_by(User.name):
            sessions = SignInSession.select().where(SignInSession.user == user.id, *alive())
            last = user.last_sign_in_at
            table.add_row(
                user.name,
                user.role,
                "yes" if user.active else "no",
                "on" if user.totp_since else "off",
                str(sessions.count()),
                f"{last:%Y-%m-%d %H:%M} UTC" if last else "never",
                user.email or "",
            )
    print_table(table)


@users.command("add")
@NAME
@click.option("--role", type=ROLE, default="owner", show_default=True)
@click.option("--email", default="", help="Where links to choose a new password are sent.")
@DRY_RUN
def add_user(name: str, role: str, email: str, *, dry_run: bool) -> None:
    """Let NAME sign in to the back office."""
    from admin.auth.users import create_user

    password = _new_password()
    with record(), changes(dry_run=dry_run):
        create_user(name, password, role, email=email, by=getuser())
        click.echo(f"{name} can sign in as {role}.")


@users.command("reset")
@NAME
@click.option("--link", is_flag=True, help="Print a link to choose a password, valid for 24 hours.")
@DRY_RUN
def reset(name: str, *, link: bool, dry_run: bool) -> None:
    """Give NAME a new password, end all sessions, and lift any block of sign-ins."""
    from admin.auth.users import find, set_password
    from pipelines.people.reset_links import GIVEN_LASTS, ResetLinks

    password = "" if link else _new_password()
    with record() as config, changes(dry_run=dry_run):
        user = find(name)
        _lift_blocks(user)
        if link:
            _audit("user.give_link", user)
            click.echo(ResetLinks.of(config).address(user, GIVEN_LASTS))
        else:
            set_password(user, password, getuser(), "user.reset_password")
            click.echo(f"{user.name} has a new password; all sessions ended.")


@users.command("unlock")
@NAME
@DRY_RUN
def unlock(name: str, *, dry_run: bool) -> None:
    """Lift the block that wrong passwords or codes put on NAME."""
    from admin.auth.users import find

    with record(), changes(dry_run=dry_run):
        user = find(name)
        _lift_blocks(user)
        _audit("user.unlock", user)
        click.echo(f"{user.name} can try again now.")


@users.command("role")
@NAME
@click.argument("role", type=ROLE)
@DRY_RUN
def set_role(name: str, role: str, *, dry_run: bool) -> None:
    """Give NAME another ROLE; it applies at once."""
    from admin.auth import users as people

    with record(), changes(dry_run=dry_run):
        user = people.set_role(people.find(name).id, role, getuser())
        click.echo(f"{user.name} is now {role}.")


@users.command("email")
@NAME
@click.argument("address")
@DRY_RUN
def set_email(name: str, address: str, *, dry_run: bool) -> None:
    """Set the e-mail ADDRESS of NAME; "" removes it."""
    from admin.auth import users as people

    with record(), changes(dry_run=dry_run):
        user = people.find(name)
        people.set_email(user.id, address, getuser())
        click.echo(f"The e-mail address of {user.name} is saved.")


@users.command("deactivate")
@NAME
@DRY_RUN
def deactivate(name: str, *, dry_run: bool) -> None:
    """Stop NAME from signing in; all sessions end at once."""
    _switch(name, active=False, dry_run=dry_run)


@users.command("reactivate")
@NAME
@DRY_RUN
def reactivate(name: str, *, dry_run: bool) -> None:
    """Let NAME sign in again."""
    _switch(name, active=True, dry_run=dry_run)


@users.command("end-sessions")
@NAME
@DRY_RUN
def end_sessions(name: str, *, dry_run: bool) -> None:
    """Sign NAME out everywhere."""
    from admin.auth import sessions
    from admin.auth.users import find

    with record(), changes(dry_run=dry_run):
        user = find(name)
        click.echo(f"Sessions of {user.name} ended: {sessions.end(user.id, getuser())}.")


@users.command("turn-off-codes")
@NAME
@DRY_RUN
def turn_off_codes(name: str, *, dry_run: bool) -> None:
    """Let NAME sign in without a code, after a phone and the recovery codes were lost."""
    from admin.auth import two_factor
    from admin.auth.users import find

    with record(), changes(dry_run=dry_run):
        user = find(name)
        two_factor.turn_off(user.id, getuser())
        click.echo(f"{user.name} signs in without a code now.")


def _switch(name: str, *, active: bool, dry_run: bool) -> None:
    from admin.auth import users as people

    with record(), changes(dry_run=dry_run):
        user = people.set_active(people.find(name).id, getuser(), active=active)
        click.echo(f"{user.name} can {'' if active else 'no longer '}sign in.")


def _lift_blocks(user: User) -> None:
    """Those of strangers; a known browser's own block ends within 15 minutes."""
    from admin.auth import throttle

    for kind in ("password", "code"):
        throttle.forget(kind, user.name)


def _audit(action: str, user: User) -> None:
    from models import AuditEntry

    with db.transaction():
        AuditEntry.create(actor=getuser(), action=action, subject=f"user {user.id}")


def _new_password() -> str:
    """Typed twice at a terminal; else the first line of the input.

    Raises:
        InputError: the input is empty.
    """
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return password
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise InputError("There is no password in the input: type it, or pipe one line.")
    return password
