from __future__ import annotations

from typing import TYPE_CHECKING

from models import JobState, Post, Video, VideoState, now
from tests.admin import records

if TYPE_CHECKING:
    from core.settings import Settings
    from tests.admin.conftest import Browser


def test_a_video_is_sent_in_the_ranges_that_a_player_asks_for(
    settings: Settings, viewer: Browser
) -> None:
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


def test_the_second_gate_plans_the_posts(settings: Settings, editor: Browser) -> None:
    account = records.account()
    good, bad = records.video(settings.media_dir), records.video(settings.media_dir)

    editor.post(f"/videos/{good.part.id}/approve")
    editor.post(f"/videos/{bad.part.id}/reject", reason="The sound is off")

    assert Video.get_by_id(good.id).state == VideoState.READY
    assert Video.get_by_id(bad.id).state == VideoState.REJECTED
    assert [(post.video.id, post.account.id) for post in Post.select()] == [(good.id, account.id)]


def test_the_page_says_how_the_words_were_kept_and_why_it_failed(
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


def test_videos_are_reviewed_one_after_the_other_and_a_rejection_is_taken_back(
    settings: Settings, editor: Browser
) -> None:
    # Given two videos that wait for review
    first, second = records.video(settings.media_dir), records.video(settings.media_dir)

    # When one is rejected on its page, the next one follows
    page = editor.get(f"/videos/{first.part.id}").text
    assert f'name="next_part" value="{second.part.id}"' in page
    form = {"reason": "The sound is off", "next_part": str(second.part.id)}
    answer = editor.post(f"/videos/{first.part.id}/reject", **form)
    assert answer.location == f"/videos/{second.part.id}"
    assert f'action="/videos/{first.part.id}/reconsider"' in editor.get(answer.location).text

    # And after the last one the list
    assert editor.post(f"/videos/{second.part.id}/approve").location == "/videos/?state=review"

    # Then the rejected one can be looked at again
    editor.post(f"/videos/{first.part.id}/reconsider")
    assert Video.get_by_id(first.id).state == VideoState.REVIEW


def test_a_video_in_the_making_is_followed_live(settings: Settings, viewer: Browser) -> None:
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
    assert "live.js" not in viewer.get(f"/videos/{part.id}").text
