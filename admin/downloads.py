"""``/download/…``: the video of a manual post, for anyone who has its signed link.

No sign-in: the link is opened on the phone that posts the video. Range requests work, so a phone
that loses its network can resume the download. Nothing here changes any data: programs that
follow links in emails do no harm.
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

from core.files.storage import MediaStore
from core.settings import Settings
from models import Post, PostState, shown
from pipelines.publishing.delivery.manual.links import LinkExpiredError, Links, LinkUnknownError
from pipelines.publishing.delivery.manual.manual_mail import video_title

blueprint = Blueprint("downloads", __name__)

UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
"""Characters that some file systems don't allow."""
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
        return _refused(404, str(error), "Copy the whole link from the email again.")
    except LinkExpiredError as error:
        return _refused(
            410, str(error), "Ask for a new link, or sign in and download the video there."
        )
    post = Post.get_or_none(Post.id == post_id)
    if post is None or post.state != PostState.MANUAL:
        status = shown(post.state) if post is not None else "deleted"
        return _refused(410, f"Post status: {status}", "It no longer needs manual posting.")
    if post.video_key != post.video.key:
        return _refused(
            410,
            "The video was rendered again.",
            'Sign in and choose "Post automatically": the new video is checked first.',
        )
    path = MediaStore(settings.media_dir).held(post.video.path)
    if path is None:
        return _refused(410, "The video file is missing.", "Sign in to see what you can do.")
    return _file(path, f"{file_name(video_title(post.video))}{path.suffix}")


@blueprint.after_request
def for_one_person_only(response: Response) -> Response:
    """The address is the key: don't send it on, cache it or index it."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def file_name(title: str) -> str:
    """``title`` as a file name that every phone accepts."""
    name = " ".join(UNSAFE.sub(" ", title).split())[:LONGEST_NAME].strip(" .")
    return name or "video"


def _file(path: Path, name: str) -> ResponseReturnValue:
    """The file, or the requested range of it."""
    asked = _range(path.stat().st_size)
    request.environ.pop("HTTP_RANGE", None)
    if asked:
        request.environ["HTTP_RANGE"] = asked
    try:
        return send_file(path, as_attachment=True, download_name=name, conditional=True)
    except RequestedRangeNotSatisfiable as error:
        return Response(status=416, headers=error.get_headers())


def _range(size: int) -> str:
    """The range to send (RFC 9110, 14); empty for the whole file.

    Ranges apply only to GET. An invalid range, several ranges at once, or a suffix longer than the
    file get the whole file. Werkzeug would refuse all of these.
    """
    asked = RANGE.fullmatch(request.headers.get("Range", "").strip())
    if asked is None or request.method != "GET":
        return ""
    if asked["end"] and int(asked["end"]) > size:
        return "bytes=0-"
    if asked["last"] and int(asked["last"]) < int(asked["first"]):
        return ""
    return asked[0].lower()


def _refused(status: int, title: str, sentence: str) -> Response:
    return make_response(
        render_template("manual/link.html", title=title, sentence=sentence), status
    )


def install(app: Flask) -> None:
    app.register_blueprint(blueprint)
