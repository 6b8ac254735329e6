"""A separate headless Chromium: started with time limits, and removed afterwards with its files.

Observed with Chromium 156: driver and browser share one session and process group, so one signal
ends both. With the DevTools protocol on a pipe, the browser ends when its driver dies, and there is
no open port through which another user of the machine could read the cookies. A private window
keeps cookies in memory: none are in the profile's folder.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import structlog
from selenium.common.exceptions import (
    InvalidArgumentException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver import ChromeOptions, ChromeService
from selenium.webdriver.chromium.remote_connection import ChromiumRemoteConnection
from selenium.webdriver.common.proxy import Proxy, ProxyType
from selenium.webdriver.common.webdriver import LocalWebDriver
from selenium.webdriver.remote.client_config import ClientConfig
from urllib3.exceptions import HTTPError

from core.errors import BrowserStopped, Retryable

log = structlog.get_logger(__name__)

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DRIVERS = ("chromedriver", "chromium-driver")
PROFILE = "storymill-browser-"
LOCK = "storymill.lock"
END_SECONDS = 5.0
BROKEN = (WebDriverException, HTTPError)
"""What a call raises if its browser or driver is gone, hangs or fails."""
PASSED_ON = ("PATH", "http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY")
"""The only environment variables that a browser needs; others contain keys and passwords."""

ARGUMENTS = (
    "--headless=new",
    "--incognito",
    "--remote-debugging-pipe",
    "--lang=en-US",
    "--window-size=1440,1000",
    "--mute-audio",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-features=MediaRouter,OptimizationHints,Translate",
    "--disable-search-engine-choice-screen",
    "--disable-sync",
    "--metrics-recording-only",
    "--password-store=basic",
)
"""With these, the browser only connects to the sites of the page it shows."""

# If the worker is killed (so that no handler runs), Linux kills the driver too. prctl(1) is
# PR_SET_PDEATHSIG; it survives execv.
_TIED_TO_PARENT = (
    "import ctypes, os, signal, sys\n"
    "ctypes.CDLL(None).prctl(1, signal.SIGKILL)\n"
    "if os.getppid() != int(sys.argv[1]): os._exit(1)\n"
    "os.execv(sys.argv[2], sys.argv[2:])"
)


@dataclass(frozen=True, slots=True)
class Programs:
    browser: str
    driver: str


def find_programs(browser: Path | None, driver: Path | None) -> Programs:
    """The programs' paths: the configured ones, or else those on the PATH.

    Raises:
        BrowserStopped: ``browser_missing``.
    """
    found = [_first(browser, BROWSERS), _first(driver, DRIVERS)]
    if not all(found):
        what = "Chromium" if not found[0] else "chromedriver"
        raise BrowserStopped(
            f"{what} is not installed on this machine: install Chromium and its driver here, or "
            "post this video by hand.",
            code="browser_missing",
        )
    return Programs(found[0], found[1])


@contextmanager
def chromium(programs: Programs, *, start_seconds: float, call_seconds: float) -> Iterator[Driver]:
    """Start a driver and a browser with an empty profile; both are gone when the block ends.

    Args:
        programs: from ``find_programs``.
        start_seconds: time for the browser to start.
        call_seconds: time for the driver to answer one call; after that it counts as hung.

    Raises:
        Retryable: ``browser_crashed``: it did not start.
    """
    logging.getLogger("selenium").setLevel(logging.INFO)  # at DEBUG it logs cookies
    _sweep()
    with _profile() as profile:
        service = _TiedService(programs, profile)
        try:
            yield _start(service, _options(programs, profile), start_seconds, call_seconds)
        finally:
            service.end()


_GONE = "Node with given id does not belong to the document"


class Driver(LocalWebDriver):
    """Selenium's driver, with a time limit for each call and without retries.

    ``webdriver.Chrome`` is not used: it has no time limit for the browser's start, and would have
    Selenium Manager download missing programs.
    """

    def __init__(self, address: str, options: ChromeOptions, seconds: float) -> None:
        self._client = ClientConfig(
            address,
            proxy=Proxy({"proxyType": ProxyType.DIRECT}),
            timeout=round(seconds),
            init_args_for_pool_manager={"init_args_for_pool_manager": {"retries": False}},
        )
        executor = ChromiumRemoteConnection(address, "goog", "chrome", client_config=self._client)
        super().__init__(command_executor=executor, options=options)  # type: ignore[no-untyped-call]

    def execute(self, driver_command: Any, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """As in Selenium; an element that goes while it is looked at is a stale one.

        chromedriver has a code for an element that was gone before, but only words for this.
        """
        try:
            answer: dict[str, Any] = super().execute(driver_command, params)
        except WebDriverException as error:
            if _GONE in (error.msg or ""):
                raise StaleElementReferenceException(error.msg) from None
            raise
        return answer

    def bound(self, seconds: float) -> None:
        """Set the time limit of a call from now on."""
        self._client.timeout = round(seconds)

    def cdp(self, command: str, **parameters: Any) -> dict[str, Any]:
        """Run a command of the DevTools protocol."""
        answer = self.execute("executeCdpCommand", {"cmd": command, "params": parameters})
        result: dict[str, Any] = answer["value"]
        return result

    def set_cookies(self, cookies: list[dict[str, Any]]) -> None:
        """Set cookies before any page is loaded; cookies that the browser refuses are left out."""
        for cookie in cookies:
            if cookie["name"].startswith("__Host-"):  # such a cookie must not have a domain
                cookie = {**cookie, "url": f"https://{cookie['domain']}/"}  # noqa: PLW2901
                del cookie["domain"]
            try:
                self.cdp("Network.setCookie", **cookie)
            except InvalidArgumentException:
                log.info("browser.cookie_refused", name=cookie["name"])

    def all_cookies(self) -> list[dict[str, Any]]:
        cookies: list[dict[str, Any]] = self.cdp("Network.getAllCookies")["cookies"]
        return cookies


class _TiedService(ChromeService):
    """chromedriver as the leader of its own session; it dies together with this process."""

    def __init__(self, programs: Programs, profile: Path) -> None:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= {"HOME": str(profile), "TMPDIR": str(profile), "LANG": "C.UTF-8"}
        self._profile = profile
        self._tie: list[str] = []
        program = programs.driver
        if sys.platform == "linux":
            self._tie = ["-I", "-S", "-c", _TIED_TO_PARENT, str(os.getpid()), programs.driver]
            program = sys.executable
        super().__init__(
            executable_path=program,
            log_output=subprocess.DEVNULL,
            env=environment,
            popen_kw={"start_new_session": True},
        )

    def command_line_args(self) -> list[str]:
        arguments: list[str] = super().command_line_args()
        return self._tie + arguments

    def end(self) -> None:
        """Kill driver and browser at once, and wait until both are gone.

        Only the process group that was started here gets the signal, and only until its leader is
        waited for: until then no other process can get its number. Crash handlers leave the group,
        but end by themselves when their browser is gone.
        """
        process: subprocess.Popen[bytes] | None = getattr(self, "process", None)
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(END_SECONDS)
        end = time.monotonic() + END_SECONDS
        while _runs(self._profile) and time.monotonic() < end:
            time.sleep(0.02)
        self.stop()  # closes its pipes


@contextmanager
def _profile() -> Iterator[Path]:
    """A new folder that only this user can read, locked as long as this process runs."""
    profile = Path(tempfile.mkdtemp(prefix=f"{PROFILE}{os.getpid()}-"))  # mode 0700
    try:
        with (profile / LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield profile
    finally:
        shutil.rmtree(profile, ignore_errors=True)


def _first(named: Path | None, names: tuple[str, ...]) -> str:
    candidates = (str(named),) if named else names
    return next((found for name in candidates if (found := shutil.which(name))), "")


def _options(programs: Programs, profile: Path) -> ChromeOptions:
    options = ChromeOptions()
    options.binary_location = programs.browser
    options.page_load_strategy = "eager"
    for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    if os.geteuid() == 0:  # Chromium's own sandbox refuses to run as root
        options.add_argument("--no-sandbox")
    return options


def _start(
    service: _TiedService, options: ChromeOptions, start_seconds: float, call_seconds: float
) -> Driver:
    try:
        service.start()
        driver = Driver(service.service_url, options, start_seconds)
    except (*BROKEN, OSError) as error:
        said = str(getattr(error, "msg", "")).partition("\n")[0][:200]
        log.warning("browser.not_started", error=type(error).__name__, said=said)
    else:
        driver.bound(call_seconds)
        return driver
    raise Retryable("The browser did not start.", code="browser_crashed")


def _runs(profile: Path) -> bool:
    """Whether a browser or its crash handler still uses the profile."""
    marks = (f"--user-data-dir={profile}", f"--database={profile}")
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # zombie processes have no command line
            if any(argument.startswith(marks) for argument in process.cmdline()):
                return True
    return False


def _sweep() -> None:
    """Remove the profiles of workers that were killed; their browsers ended with them."""
    for lock in Path(tempfile.gettempdir()).glob(f"{PROFILE}*/{LOCK}"):
        with suppress(OSError), lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while its owner runs
            shutil.rmtree(lock.parent, ignore_errors=True)
