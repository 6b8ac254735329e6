"""Set up, run the main job, show the result."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click
from rich.console import Console

from core import crypto, db, log, queue, settings
from core.db import migrate
from core.files.storage import MediaStore
from core.log import scrub
from core.settings import ROOT
from scripts import terminal
from scripts.demonstration import environment, person, report
from scripts.demonstration.clock import Clock
from scripts.demonstration.environment import DemoEnvironment
from scripts.demonstration.line_printer import Lines
from scripts.demonstration.watch import Watch
from supervisor import Supervisor

LONGEST_SECONDS = 1800.0


@click.command()
@click.option("--once", is_flag=True, help="Exit when the work is done.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write the result to this file."
)
@click.option(
    "--subreddit", default=person.SUBREDDIT, show_default=True, help="Source of the stories."
)
@click.option(
    "--approve", default=3, show_default=True, help="How many stories the demo approves for you."
)
def demo(*, once: bool, json_file: Path | None, subreddit: str, approve: int) -> None:
    """Turn stories into published videos, on this machine, using only this folder.

    The sandbox stands in for services without credentials in the environment. If the output is not
    a terminal, each step is a line with the time since the start.
    """
    console, clock = Console(), Clock()
    lines = Lines(console, clock)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    lines.say("packages: ready")
    lines.announce("Starting PostgreSQL and Redis …")
    world = environment.prepare(ROOT)
    _open_record(world)
    lines.say("services: ready")
    watch = Watch(console, lines, clock)
    lines.say("processes: starting")
    with Supervisor(
        _procfile(world), root=ROOT, environment=world.variables, say=lines.announce
    ) as processes:
        person.wait_for(world.public_url, 60)
        lines.say("processes: ready")
        console.print(f"Ready after {clock.seconds():.1f} s.")
        console.print(
            f"Back office: {world.public_url}  (sign in as {person.NAME}, password "
            f"{world.admin_password})",
            soft_wrap=True,
        )
        if world.sandbox_url:
            replaced = ", ".join(world.stands_in)
            console.print(
                f"The sandbox stands in for {replaced}: {world.sandbox_url}", soft_wrap=True
            )
        if "TikTok" in world.stands_in:
            person.connects_accounts(world.public_url, world.admin_password)
            lines.say("accounts: connected")
        source = person.chooses_source(subreddit)
        outcome = watch.until_done(source, processes, approve=approve, seconds=LONGEST_SECONDS)
        media = MediaStore(settings.read(world.variables).media_dir)
        result = report.collect(media, clock.seconds(), outcome.first_published)
        report.show(result, console)
        if json_file:
            report.write(result, json_file)
        for problem in outcome.problems:
            console.print(scrub(problem), style="red", markup=False, soft_wrap=True)
        console.print(f"Done after {result['seconds']:.0f} s.")
        if not once:
            console.print("The back office stays open. Press Ctrl-C to stop everything.")
            processes.wait()
    if outcome.problems:
        sys.exit(1)


def _open_record(world: DemoEnvironment) -> None:
    """This process acts as a person: it needs the database, and the queue for its clicks."""
    config = settings.read(world.variables)
    log.configure("demo", "ERROR")
    crypto.configure(config.cryptography_key.get_secret_value())
    url = config.database_url.get_secret_value()
    db.configure(url, max_connections=4)
    db.check(url)
    migrate.forward()
    queue.connect(config.redis_url.get_secret_value())
    db.database.connect()
    person.may_sign_in(world.admin_password)


def _procfile(world: DemoEnvironment) -> Path:
    """The Procfile, with the sandbox if it is needed."""
    if not world.stands_in:
        return ROOT / "Procfile"
    extended = ROOT / "var" / "run" / "Procfile.demo"
    extended.parent.mkdir(parents=True, exist_ok=True)
    extended.write_text(
        (ROOT / "Procfile").read_text() + f"sandbox: python -m sandbox --port {world.sandbox_port} "
        f"--smtp-port {world.smtp_port} --webhook-url {world.public_url}/webhooks/tiktok "
        f"--data-dir {ROOT / 'var' / 'sandbox'}\n"
    )
    return extended


if __name__ == "__main__":
    terminal.run(demo, "scripts/demo")
