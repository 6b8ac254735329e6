"""The application: each wire under its address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from scripts.sandbox.control import control
from scripts.sandbox.gallery import gallery
from scripts.sandbox.ollama import ollama
from scripts.sandbox.post_office import mails
from scripts.sandbox.reddit import reddit
from scripts.sandbox.tiktok_oauth import oauth_pages
from scripts.sandbox.tiktok_posting import posting
from scripts.sandbox.tiktok_studio import studio
from scripts.sandbox.tiktok_videos import videos
from scripts.sandbox.uploads import uploads

if TYPE_CHECKING:
    from scripts.sandbox.world import World


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
