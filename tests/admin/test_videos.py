from __future__ import annotations

import re
from typing import TYPE_CHECKING

from models import JobState, Part, Post, PostState, Video, VideoState, now
from tests.admin import records

if TYPE_CHECKING:
    from core.settings import Settings
    from tests.admin.conftest import Browser


def test_a_video_is_sent_in_the_requested_ranges(settings: Settings, viewer: Browser) -> None:
    part = records.part()
    records.video(settings.media_dir, part, content=b"0123456789")

    piece = viewer.get(f"/videos/{part.id}/video.mp4", headers={"Range": "bytes=2-5"})

    assert (piece.status_code, piece.data) == (206, b"2345")
    assert piece.headers["Content-Range"] == "bytes 2-5/10"
    assert piece.headers["Content-Type"] == "video/mp4"
    assert viewer.get(f"/videos/{part.id}/narration.wav").data == b"0123456789"


def test_no_file_outside_the_media_folder_is_ever_sent(settings: Settings, viewer: Browser) -> None:
    part = records.part()
    records.video(settings.media_dir, part)
    outside = settings.media_dir.parent / "secret.mp4"
    outside.write_text("secret")
    link = settings.media_dir / "link.mp4"
    link.symlink_to(outside)

    for path in (str(outside), "../secret.mp4", str(link), "/etc/passwd", "missing.mp4", ""):
        Video.update(path=path).execute()
        assert viewer.get(f"/videos/{part.id}/video.mp4").status_code == 404, path


def test_approving_a_video_schedules_its_posts(settings: Settings, editor: Browser) -> None:
    account = records.account()
    good, bad = records.video(settings.media_dir), records.video(settings.media_dir)

    editor.post(f"/videos/{good.part.id}/approve", key=good.key)
    editor.post(f"/videos/{bad.part.id}/reject", reason="Bad sound")

    assert Video.get_by_id(good.id).state == VideoState.READY
    assert Video.get_by_id(bad.id).state == VideoState.REJECTED
    assert [(post.video.id, post.account.id) for post in Post.select()] == [(good.id, account.id)]


def test_the_page_shows_the_captioned_words_and_the_failure(
    settings: Settings, viewer: Browser
) -> None:
    shown = records.video(settings.media_dir)
    part = records.part()
    records.failure("render", part.id, "The clip rain.mp4 has no picture.")

    assert "All 42 words are captioned" in viewer.get(f"/videos/{shown.part.id}").text
    assert "The clip rain.mp4 has no picture." in viewer.get(f"/videos/{part.id}").text
    tabs = {name: viewer.get(f"/videos/?state={name}").text for name in ("review", "failed")}
    assert f'href="/videos/{shown.part.id}"' in tabs["review"]
    assert f'href="/videos/{part.id}"' in tabs["failed"]
    assert f'href="/videos/{part.id}"' not in tabs["review"]


def test_videos_are_reviewed_in_a_row_and_a_rejection_is_undone(
    settings: Settings, editor: Browser
) -> None:
    # Given two videos in review
    first, second = records.video(settings.media_dir), records.video(settings.media_dir)

    # When one is rejected on its page, the next one opens
    page = editor.get(f"/videos/{first.part.id}").text
    assert f'name="next_part" value="{second.part.id}"' in page
    form = {"reason": "Bad sound", "next_part": str(second.part.id)}
    answer = editor.post(f"/videos/{first.part.id}/reject", **form)
    assert answer.location == f"/videos/{second.part.id}"
    undo = re.search(r'action="(/undo/\d+[^"]*)"', editor.get(answer.location).text)
    assert undo
    assert editor.post(undo[1]).location == f"/videos/{first.part.id}"
    assert Video.get_by_id(first.id).state == VideoState.REVIEW
    editor.post(f"/videos/{first.part.id}/reject", **form)

    # And after the last one the list
    assert (
        editor.post(f"/videos/{second.part.id}/approve", key="v").location
        == "/videos/?state=review"
    )

    # Then the rejected one can be reconsidered
    editor.post(f"/videos/{first.part.id}/reconsider")
    assert Video.get_by_id(first.id).state == VideoState.REVIEW


def test_a_video_in_production_is_shown_live(settings: Settings, viewer: Browser) -> None:
    part = records.part()
    render = records.job("render", part.id, JobState.RUNNING, progress=0.7, started_at=now())

    page = viewer.get(f"/videos/{part.id}").text
    assert "live.js" in page
    assert "70 %" in viewer.json(f"/videos/{part.id}/live.json")["work"]

    render.move(JobState.DONE, finished_at=now())
    records.video(settings.media_dir, part)
    pieces = viewer.json(f"/videos/{part.id}/live.json")
    assert f'src="/videos/{part.id}/video.mp4"' in pieces["player"]
    assert f'src="/videos/{part.id}/narration.wav"' in pieces["narration"]
    assert "no video yet" not in pieces["facts"]
    assert "live.js" not in viewer.get(f"/videos/{part.id}").text

    # And so are its posts, as long as one of them moves
    assert "Posts are scheduled once the video is ready." in page
    post = records.post(Video.get(), records.account())
    assert "live.js" in viewer.get(f"/videos/{part.id}").text
    Post.update(state=PostState.PUBLISHED, published_at=now()).execute()
    posts = viewer.json(f"/videos/{part.id}/live.json")["posts"]
    assert f'href="/posts/{post.id}"' in posts
    assert "published" in posts
    assert "live.js" not in viewer.get(f"/videos/{part.id}").text


def test_the_page_says_how_the_picture_was_encoded_and_why(
    settings: Settings, viewer: Browser
) -> None:
    video = records.video(settings.media_dir)

    def shown(**encoding: object) -> str:
        Video.update(encoding=encoding).execute()
        piece: str = viewer.json(f"/videos/{video.part.id}/live.json")["encoding"]
        return piece

    chosen = shown(
        setting="x264 ultrafast crf 28",
        reason="It is the fastest.",
        failed=False,
        vmaf=93.84,
        usual_vmaf=91.24,
        cambi=8.94,
        usual_cambi=9.09,
        predicted_bytes=13_800_000,
        usual_bytes=6_000_000,
    )
    for words in ("x264 ultrafast crf 28", "It is the fastest.", "93.8", "91.2", "8.9", "9.1"):
        assert words in chosen
    assert "about 13.8 MB (2.3 times)" in chosen
    assert "about 6.0 MB" in chosen
    assert "not measured" not in chosen

    failed = shown(setting="x264 veryfast crf 23", reason="ffmpeg died.", failed=True, vmaf=None)
    assert "not measured" in failed
    assert "ffmpeg died." in failed
    assert "VMAF" not in failed

    assert "made by an earlier version" in shown()


def test_the_script_runs_along_with_the_video(settings: Settings, viewer: Browser) -> None:
    # Given a video whose words are said one a second
    part = records.part()
    records.video(settings.media_dir, part)

    # Then each sentence knows when it is said, and the cover where captions are drawn
    page = viewer.get(f"/videos/{part.id}").text
    sentences = re.findall(r'data-start="([\d.]+)" tabindex="-1">([^<]*)</a>', page)
    assert [text for _, text in sentences] == [
        "A ladder came home in the wrong colour.",
        *records.TEXT.replace("\n\n", "\n").split("\n"),
        "Would you have asked?",
    ]
    assert [float(start) for start, _ in sentences[:3]] == [0.0, 8.0, 15.0]
    assert re.search(r'class="cover" data-top="\d+\.\d\d" data-bottom="\d+\.\d\d" hidden', page)

    # Unless the words were changed since
    Part.update(text="Other words.").where(Part.id == part.id).execute()
    page = viewer.get(f"/videos/{part.id}").text
    assert "data-start" not in page
    assert "These words were changed after the narration" in page
