"""Start the processes."""

from __future__ import annotations

import os
import time

import click

from core.settings import ROOT
from scripts.management.record import record


def add_to(manage: click.Group) -> None:
    manage.add_command(run)


@click.command("run")
def run() -> None:
    """Start every process of the Procfile and keep them running until Ctrl-C.

    A process that does not stay up is reported here and on the back office's first page.
    """
    from supervisor import Supervisor

    with record() as config:
        click.echo(f"Back office: {config.public_url} (logs are in var/log)")
    with Supervisor(
        ROOT / "Procfile",
        root=ROOT,
        environment=dict(os.environ),
        say=lambda sentence: click.echo(f"{time.strftime('%H:%M:%S')}  {sentence}"),
    ) as processes:
        processes.wait()
