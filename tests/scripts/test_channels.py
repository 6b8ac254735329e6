"""``scripts/manage channels`` from the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from models import AuditEntry, Channel
from tests.admin import records
from tests.scripts.terminal import manage

pytestmark = pytest.mark.slow


def test_a_channel_is_added_changed_shown_and_removed(
    settings: dict[str, str], tmp_path: Path
) -> None:
    # Given a channel made in the terminal, after a dry run
    wanted = ("--music", "dark", "--style", "pop", "--size", "96", "--tone", "dramatic")
    rehearsed = manage("channels", "add", "Night", *wanted, "--dry-run", **settings)
    assert (rehearsed.returncode, Channel.select().count()) == (0, 0), rehearsed.stderr
    assert manage("channels", "add", "Night", *wanted, **settings).returncode == 0
    channel = Channel.get()
    assert (channel.music, channel.tone) == ("dark", "dramatic")
    assert (channel.caption_style["style"], channel.caption_style["size"]) == ("pop", 96)

    # When some of it is changed, then the rest stays, and '' restores the default
    changed = manage(
        "channels", "set", "Night", "--rename", "Late", "--music", "", "--words-per-minute", "180",
        "--upper-case", **settings,
    )  # fmt: skip
    assert changed.returncode == 0, changed.stderr
    channel = Channel.get()
    assert (channel.name, channel.music, channel.words_per_minute) == ("Late", "", 180)
    assert (channel.caption_style["upper_case"], channel.caption_style["size"]) == (True, 96)
    shown = manage("channels", "show", "Late", **settings).stdout
    assert "180" in shown
    assert "dramatic" in shown

    # And a word is said as it is told, and heard
    sound = tmp_path / "heard.wav"
    assert manage("channels", "say", "Late", "Nguyen", "win", **settings).returncode == 0
    listened = manage(
        "channels", "hear", "Late", "Hi, Nguyen!", "--output", str(sound), VOICE="espeak:en-us",
        **settings,
    )  # fmt: skip
    assert (listened.returncode, "Hi, win!" in listened.stdout) == (0, True), listened.stderr
    assert sound.stat().st_size > 5_000
    assert "Nguyen = win" in manage("channels", "show", "Late", **settings).stdout
    assert manage("channels", "say", "Late", "nguyen", "", **settings).returncode == 0
    assert Channel.get().pronunciations == []
    refused = manage("channels", "say", "Late", "Nguyen", "", **settings)
    assert (refused.returncode, "no pronunciation of “Nguyen”" in refused.stderr) == (2, True)

    # And it can be removed only while no source uses it
    source = records.source(channel=channel)
    listed = manage("channels", "list", **settings).stdout
    assert source.name in listed
    refused = manage("channels", "remove", "Late", **settings)
    assert (refused.returncode, f"Late is used by {source.name}" in refused.stderr) == (2, True)
    source.delete_instance()
    assert manage("channels", "remove", "Late", **settings).returncode == 0
    assert Channel.select().count() == 0
    actions = [entry.action for entry in AuditEntry.select().order_by(AuditEntry.id)]
    assert actions == ["channel.add", *["channel.edit"] * 3, "channel.remove"]


def test_invalid_changes_are_refused(settings: dict[str, str]) -> None:
    Channel.create(name="Night")
    for arguments, sentence in (
        (("set", "Night"), "Nothing to change"),
        (("set", "Day", "--music", "dark"), "There is no channel Day; existing channels: Night."),
        (("set", "Night", "--music", "jazz"), "There is no music “jazz”: choose"),
        (("set", "Night", "--size", "900"), "must be 48 to 120"),
        (("add", "Night"), "A channel named Night already exists"),
        (
            ("add", "Noon", "--part-seconds-min", "30"),
            "Set both the shortest and the longest part length",
        ),
    ):
        refused = manage("channels", *arguments, **settings)
        assert (refused.returncode, sentence in refused.stderr) == (2, True), refused.stderr
    assert Channel.select().count() == 1
