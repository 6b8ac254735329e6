"""A local catalogue of Piper voices; it can cut off, send wrong files, and resume."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAME = "en_GB-tone-low"


@dataclass
class Catalogue:
    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range of each request."""
    break_off_at: list[int] = field(default_factory=list)
    """The next responses end after this many bytes."""
    resumes: bool = True


@contextmanager
def serve(voice: Path) -> Iterator[Catalogue]:
    """Serve ``voice`` (made by ``voices.make_voice``) as ``NAME``."""
    catalogue = Catalogue()
    where = f"en/en_GB/tone/low/{NAME}.onnx"
    catalogue.files = {
        where: voice.read_bytes(),
        f"{where}.json": voice.with_name(f"{voice.name}.json").read_bytes(),
    }
    listed = {
        path: {"size_bytes": len(data), "md5_digest": hashlib.md5(data).hexdigest()}  # noqa: S324
        for path, data in catalogue.files.items()
    }
    entry = {
        "key": NAME,
        "name": "tone",
        "language": {"code": "en_GB"},
        "quality": "low",
        "num_speakers": 1,
        "files": listed,
    }
    catalogue.files["voices.json"] = json.dumps({NAME: entry}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, wanted = self.path.lstrip("/"), self.headers.get("Range", "")
            catalogue.asked.append((path.rpartition("/")[2], wanted))
            data = catalogue.files[path]
            first = int(wanted[6:-1]) if wanted and catalogue.resumes else 0
            self.send_response(206 if first else 200)
            self.send_header("Content-Length", str(len(data) - first))
            self.end_headers()
            cut = None
            if catalogue.break_off_at and path.endswith(".onnx"):
                cut = catalogue.break_off_at.pop(0)
            self.wfile.write(data[first:][:cut])

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    catalogue.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield catalogue
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
