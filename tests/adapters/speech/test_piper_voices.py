"""Voices come whole from the catalogue, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.speech import piper_voices
from adapters.speech.piper import PiperSynthesizer
from adapters.speech.piper_voices import VoiceCatalogue
from core.errors import InputError, Retryable
from tests.adapters.speech.catalogue import NAME, Catalogue, serve
from tests.adapters.speech.voices import make_voice


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    (tmp_path / "origin").mkdir()
    with serve(make_voice(tmp_path / "origin")) as served:
        yield served


def in_folder(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def test_a_downloaded_voice_speaks(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = tmp_path / "voices"
    counts: list[int] = []

    path = VoiceCatalogue(catalogue.url).download(NAME, folder, counts.append)

    assert in_folder(folder) == [f"{NAME}.onnx", f"{NAME}.onnx.json"]
    assert piper_voices.found(folder) == [path]
    assert sum(counts) == sum(file.stat().st_size for file in folder.iterdir())
    speech = PiperSynthesizer(voice=path).speak("Hello there.", tmp_path / "hello.wav")
    assert [word.word for word in speech.words] == ["Hello", "there."]
    # And what is here is not fetched again
    catalogue.asked.clear()
    VoiceCatalogue(catalogue.url).download(NAME, folder)
    assert catalogue.asked == [("voices.json", "")]


@pytest.mark.parametrize("resumes", [True, False])
def test_an_interrupted_download_resumes(
    catalogue: Catalogue, tmp_path: Path, resumes: bool
) -> None:
    catalogue.break_off_at, catalogue.resumes = [1000, 500], resumes

    path = VoiceCatalogue(catalogue.url).download(NAME, tmp_path / "voices")

    assert path.read_bytes() == catalogue.files[f"en/en_GB/tone/low/{NAME}.onnx"]
    ranges = [wanted for name, wanted in catalogue.asked if name == f"{NAME}.onnx"]
    assert ranges == ["", "bytes=1000-", "bytes=1500-" if resumes else "bytes=500-"]


def test_a_partial_download_is_kept_for_the_next_time(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = tmp_path / "voices"
    catalogue.break_off_at = [100, 100, 100, 100]
    with pytest.raises(Retryable, match="check the network") as caught:
        VoiceCatalogue(catalogue.url).download(NAME, folder)
    assert caught.value.code == "catalogue_unreachable"
    assert piper_voices.found(folder) == []
    catalogue.asked.clear()

    VoiceCatalogue(catalogue.url).download(NAME, folder)

    assert (f"{NAME}.onnx", "bytes=400-") in catalogue.asked
    assert [path.stem for path in piper_voices.found(folder)] == [NAME]


def test_a_file_that_does_not_match_the_catalogue_is_deleted(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    where = f"en/en_GB/tone/low/{NAME}.onnx"
    for other in (b"x" * len(catalogue.files[where]), catalogue.files[where] + b"more"):
        catalogue.files[where] = other
        with pytest.raises(InputError, match="size or MD5"):
            VoiceCatalogue(catalogue.url).download(NAME, tmp_path / "voices")
        assert in_folder(tmp_path / "voices") == [f"{NAME}.onnx.json"]


def test_a_wrong_name_suggests_similar_ones(catalogue: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"did you mean {NAME}"):
        VoiceCatalogue(catalogue.url).download("en_GB-tune-low", tmp_path)


def test_no_network_and_no_catalogue_are_reported(catalogue: Catalogue) -> None:
    with pytest.raises(Retryable, match="can't be reached"):
        VoiceCatalogue("http://127.0.0.1:9").voices()
    catalogue.files["voices.json"] = b'["a page of something else"]'
    with pytest.raises(InputError, match="not a catalogue"):
        VoiceCatalogue(catalogue.url).voices()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_is_reported(catalogue: Catalogue, tmp_path: Path) -> None:
    (tmp_path / f".{NAME}.onnx.json.part").symlink_to("/dev/full")

    with pytest.raises(Retryable, match="no room") as caught:
        VoiceCatalogue(catalogue.url).download(NAME, tmp_path)

    assert caught.value.code == "disk_full"
    assert piper_voices.found(tmp_path) == []
