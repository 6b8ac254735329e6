"""What chromedriver answers, as the code that reads the page sees it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ChromeOptions
from selenium.webdriver.common.by import By

from adapters.tiktok.browser.chromium import Driver

# Chromium 156, when a page is rebuilt between finding an element and asking whether it is shown.
GONE_MEANWHILE = (
    'unknown error: unhandled inspector error: {"code":-32000,"message":"Node with given id does '
    'not belong to the document"}'
)


class Answers(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/session":
            self.answer(200, {"sessionId": "1", "capabilities": {}})
        else:
            self.answer(500, {"error": "unknown error", "message": GONE_MEANWHILE})

    def answer(self, status: int, value: dict[str, object]) -> None:
        content = json.dumps({"value": value}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_element_that_goes_while_it_is_looked_at_is_stale(address: str) -> None:
    driver = Driver(address, ChromeOptions(), seconds=5)

    with pytest.raises(StaleElementReferenceException):
        driver.find_element(By.CSS_SELECTOR, "[role=alert]")
