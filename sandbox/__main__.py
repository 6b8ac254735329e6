"""``python -m sandbox``: run the sandbox until it is stopped."""

from __future__ import annotations

import dataclasses
import logging
import signal
import tempfile
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import click
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.app import create_app
from sandbox.background import Background
from sandbox.mail.post_office import PostOffice
from sandbox.settings import Settings
from sandbox.world import World


class Handler(WSGIRequestHandler):
    timeout = 120  # seconds that a silent client may hold a thread

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Print nothing: the log is at /sandbox/log, without query strings."""

    def connection_dropped(
        self,
        error: BaseException,  # noqa: ARG002 - required by the base class
        environ: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> None:
        self.close_connection = True


def _with_settings(command: Any) -> Any:
    """Add an option for each setting to the command."""
    for field in reversed(dataclasses.fields(Settings)):
        flag = "--" + field.name.replace("_", "-")
        if isinstance(field.default, bool):
            flag += f"/--not-{field.name.replace('_', '-')}"
        many = isinstance(field.default, tuple)
        variable = f"SANDBOX_{field.name.upper()}"
        option = click.option(
            flag,
            multiple=many,
            default=field.default,
            type=str if many else None,
            envvar=variable,
            show_default=True,
        )
        command = option(command)
    return command


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8799, show_default=True, help="0 chooses a free port.")
@click.option("--smtp-port", default=0, help="Mail server; 0 chooses a free port.")
@click.option("--smtps-port", default=0, help="Mail server with TLS from the first byte.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for videos and state; default: a new temporary folder.",
)
@_with_settings
def main(
    host: str,
    port: int,
    smtp_port: int,
    smtps_port: int,
    data_dir: Path | None,
    **settings: Any,
) -> None:
    """Run stand-ins for Reddit, TikTok, Ollama and a mail server on this machine."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    data_dir = data_dir or Path(tempfile.mkdtemp(prefix="storymill-sandbox-"))
    world = World(data_dir, Settings(**settings))
    server = make_server(host, port, create_app(world), threaded=True, request_handler=Handler)
    background = Background(world)
    background.start()
    post_office = PostOffice(world, host, data_dir, (smtp_port, smtps_port))
    post_office.start()

    def end(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    click.echo(f"Sandbox ready at http://{host}:{server.server_port} (data in {data_dir})")
    server.serve_forever(poll_interval=0.1)
    background.end()
    post_office.end()
    world.store.close()


if __name__ == "__main__":
    main()
