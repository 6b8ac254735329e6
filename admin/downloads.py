"""``/download/…``: the video of a post that is made by hand, for whoever has its signed link.

No sign-in: the link is opened on the phone that the video is posted from. It comes in ranges, so
that a phone which loses its network goes on where it was. Nothing here changes anything: programs
that look at the links in mails do no harm.
"""

from __future__ import annotations

import re
from pathlib import Path

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    make_response,
    render_template,
    request,
    send_file,
)
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from core.settings import Settings
from core.storage import MediaStore
from models import Post, PostState
from pipelines.publishing.delivery.manual.links import LinkExpiredError, Links, LinkUnknownError
from pipelines.publishing.delivery.manual.manual_mail import video_title

blueprint = Blueprint("downloads", __name__)

UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
"""What some file system doesn't take."""
LONGEST_NAME = 100
RANGE = re.compile(
    r"bytes=(?:(?P<first>\d{1,18})-(?P<last>\d{0,18})|-(?P<end>\d{1,18}))", re.IGNORECASE
)


@blueprint.get("/download/<token>")
def video(token: str) -> ResponseReturnValue:
    settings: Settings = current_app.extensions["settings"]
    try:
        post_id = Links.of(settings).post_id(token)
    except LinkUnknownError as error:
        return _no(404, str(error), "Copy it once more from the mail, whole.")
    except LinkExpiredError as error:
        return _no(410, str(error), "Ask for a new one, or sign in and download the video there.")
    post = Post.get_or_none(Post.id == post_id)
    if post is None or post.state != PostState.MANUAL:
        state = post.state if post is not None else "gone"
        return _no(410, f"This post is {state}.", "Nobody has to make it by hand any more.")
    path = MediaStore(settings.media_dir).held(post.video.path)
    if path is None:
        return _no(410, "The video is no longer here.", "Sign in to see what can be done.")
    return _file(path, f"{file_name(video_title(post.video))}{path.suffix}")


@blueprint.after_request
def for_one_person_only(response: Response) -> Response:
    """The address is the key: it shall not travel on, be kept between, or be found."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def file_name(title: str) -> str:
    """``title`` as the name of a file on any phone."""
    name = " ".join(UNSAFE.sub(" ", title).split())[:LONGEST_NAME].strip(" .")
    return name or "video"


def _file(path: Path, name: str) -> ResponseReturnValue:
    """The file, or the range of it that is asked for."""
    asked = _range(path.stat().st_size)
    request.environ.pop("HTTP_RANGE", None)
    if asked:
        request.environ["HTTP_RANGE"] = asked
    try:
        return send_file(path, as_attachment=True, download_name=name, conditional=True)
    except RequestedRangeNotSatisfiable as beyond:
        return Response(status=416, headers=beyond.get_headers())


def _range(size: int) -> str:
    """The range that counts (RFC 9110, 14); empty for the whole file.

    Ranges are for GET alone. One that makes no sense, or several at once, are answered with the
    whole, and so is the end of a file that is longer than the file. Werkzeug refuses all of these.
    """
    asked = RANGE.fullmatch(request.headers.get("Range", "").strip())
    if asked is None or request.method != "GET":
        return ""
    if asked["end"] and int(asked["end"]) > size:
        return "bytes=0-"
    if asked["last"] and int(asked["last"]) < int(asked["first"]):
        return ""
    return asked[0].lower()


def _no(status: int, title: str, sentence: str) -> Response:
    return make_response(
        render_template("manual/link.html", title=title, sentence=sentence), status
    )


def install(app: Flask) -> None:
    app.register_blueprint(blueprint)
