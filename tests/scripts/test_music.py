"""``scripts/manage music`` from the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scripts.terminal import manage

pytestmark = pytest.mark.slow


def test_moods_are_listed_and_sampled(settings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "music" / "Jazz").mkdir(parents=True)
    (tmp_path / "music" / "Jazz" / "one.mp3").write_bytes(b"sound")
    environment = {
        **settings, "MUSIC_DIR": str(tmp_path / "music"), "MEDIA_DIR": str(tmp_path / "media"),
    }  # fmt: skip

    # When the moods are listed, then your own and the composed ones are shown
    listed = manage("music", "list", **environment).stdout
    assert f"Jazz: 1 tune in {tmp_path / 'music'}" in listed
    assert "tense: composed" in listed
    assert "none: no music" in listed

    # And a sample of either is written to the requested file
    for mood, file in (("jazz", "a.mp3"), ("tense", "b.flac")):
        heard = manage("music", "sample", mood, "--output", str(tmp_path / file), **environment)
        assert (heard.returncode, file in heard.stdout) == (0, True), heard.stderr
        assert (tmp_path / file).stat().st_size

    # And a missing mood has an error message
    wild = manage("music", "sample", "wild", "--output", str(tmp_path / "c.flac"), **environment)
    assert (wild.returncode, "There is no music called" in wild.stderr) == (2, True)
    silent = manage("music", "sample", "none", "--output", str(tmp_path / "c.flac"), **environment)
    assert (silent.returncode, "means no music" in silent.stderr) == (2, True)
