"""The Flask application: each service under its address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from sandbox.control import control
from sandbox.gallery import gallery
from sandbox.mail.post_office import mails
from sandbox.ollama.api import ollama
from sandbox.reddit.api import reddit
from sandbox.tiktok.oauth import oauth_pages
from sandbox.tiktok.posting import posting
from sandbox.tiktok.studio import studio
from sandbox.tiktok.uploads import uploads
from sandbox.tiktok.videos import videos

if TYPE_CHECKING:
    from sandbox.world import World


def create_app(world: World) -> Flask:
    app = Flask(__name__)
    app.register_blueprint(control(world))
    app.register_blueprint(gallery(world))
    app.register_blueprint(mails(world))
    app.register_blueprint(reddit(world, "reddit"), url_prefix="/reddit")
    app.register_blueprint(reddit(world, "reddit_at_root"))
    for part in (oauth_pages, posting, videos, uploads, studio):
        app.register_blueprint(part(world), url_prefix="/tiktok")
    app.register_blueprint(ollama(world), url_prefix="/ollama")
    return app
