"""For tests: run a sandbox in its own process and control it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from sandbox.settings import Settings

ROOT = Path(__file__).parents[1]
ALL_SCOPES = (
    "user.info.basic,user.info.profile,user.info.stats,video.publish,video.upload,video.list"
)
REDIRECT_URI = "http://127.0.0.1/callback"
STARTS_WITHIN_SECONDS = 30.0


class RunningSandbox:
    """A running sandbox at ``url`` (no slash at the end)."""

    def __init__(self, url: str, process: subprocess.Popen[bytes], data_dir: Path) -> None:
        self.url = url
        self.process = process
        self.data_dir = data_dir
        self.reddit_url = f"{url}/reddit"
        self.reddit_oauth_url = f"{url}/reddit/"
        """With a slash at the end, because PRAW joins addresses as a browser does."""
        self.tiktok_url = f"{url}/tiktok"
        self.studio_url = f"{url}/tiktok/tiktokstudio"
        self.ollama_url = f"{url}/ollama"
        self.settings = Settings()
        """The keys, secrets and names that a client needs, unless started with others."""

    def fault(self, wire: str, call: str, fault: str, **more: Any) -> dict[str, Any]:
        """Switch on a fault; ``more`` as in ``faults.Fault``."""
        body = {"wire": wire, "call": call, "fault": fault, **more}
        switched: dict[str, Any] = self._ask("POST", "faults", body)
        return switched

    def faults(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("GET", "faults")["faults"]
        return found

    def clear_faults(self) -> None:
        self._ask("DELETE", "faults")

    def posts(self) -> list[dict[str, Any]]:
        """All posts, newest first."""
        found: list[dict[str, Any]] = self._ask("GET", "posts")["posts"]
        return found

    def post(self, publish_id: str) -> dict[str, Any]:
        return next(post for post in self.posts() if post["publish_id"] == publish_id)

    def publish_from_inbox(self, publish_id: str) -> None:
        self._ask("POST", f"posts/{publish_id}/publish")

    def mails(self) -> list[dict[str, Any]]:
        """The mails that the mail server received, newest first."""
        found: list[dict[str, Any]] = self._ask("GET", "mails")["mails"]
        return found

    def smtp_url(self, scheme: str = "smtp+starttls", host: str = "127.0.0.1") -> str:
        """The mail server's address for SMTP_URL, with its sign-in."""
        port = self._ask("GET", "mails")["smtps_port" if scheme == "smtps" else "smtp_port"]
        user, password = self.settings.mail_user, self.settings.mail_password
        return f"{scheme}://{user}:{password}@{host}:{port}"

    @property
    def mail_certificate(self) -> Path:
        """The certificate that a client must trust, for example through SSL_CERT_FILE."""
        return self.data_dir / "mail.pem"

    def log(self, **where: Any) -> list[dict[str, Any]]:
        """Calls, oldest first; ``log(call="init", status=200)`` filters them."""
        entries = self._ask("GET", "log")["log"]
        return [e for e in entries if all(e[name] == value for name, value in where.items())]

    def add_story(self, **story: Any) -> None:
        """Add a post to a subreddit; fields as in ``stories.Story``."""
        self._ask("POST", "stories", story)

    def change(self, **settings: Any) -> None:
        """Change settings while it runs; names as in ``settings.Settings``."""
        self._ask("POST", "settings", settings)

    def advance(self, seconds: float) -> None:
        """Move the services' clock ahead."""
        self._ask("POST", "clock", {"advance": seconds})

    def reset(self) -> None:
        self._ask("POST", "reset")

    def authorize_url(self, state: str, challenge: str, **changed: str) -> str:
        asked = {
            "client_key": self.settings.tiktok_client_key,
            "redirect_uri": REDIRECT_URI,
            "scope": ALL_SCOPES,
            "state": state,
            "response_type": "code",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **changed,
        }
        return f"{self.tiktok_url}/v2/auth/authorize/?{urlencode(asked)}"

    def consent(self, authorize_url: str, creator: str, *, allow: bool = True) -> dict[str, str]:
        """Act as a person on the authorize page; returns the redirect's parameters."""
        asked = {
            name: values[0] for name, values in parse_qs(urlsplit(authorize_url).query).items()
        }
        form = {
            "creator": creator,
            "granted": asked["scope"].split(","),
            "decision": "allow" if allow else "deny",
        }
        response = requests.post(authorize_url, form, allow_redirects=False, timeout=10)
        if response.status_code != requests.codes.found:
            raise AssertionError(f"The authorize page said: {response.text}")
        query = urlsplit(response.headers["Location"]).query
        return {name: values[0] for name, values in parse_qs(query).items()}

    def grant(self, creator: str = "storymill_tales", scope: str = ALL_SCOPES) -> dict[str, Any]:
        """Do the whole authorization; returns the token endpoint's answer."""
        verifier = secrets.token_urlsafe(48)
        challenge = hashlib.sha256(verifier.encode()).hexdigest()
        url = self.authorize_url(secrets.token_urlsafe(8), challenge, scope=scope)
        form = {
            "client_key": self.settings.tiktok_client_key,
            "client_secret": self.settings.tiktok_client_secret,
            "grant_type": "authorization_code",
            "code": self.consent(url, creator)["code"],
            "redirect_uri": REDIRECT_URI,
            "code_verifier": verifier,
        }
        response = requests.post(f"{self.tiktok_url}/v2/oauth/token/", form, timeout=10)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    def browser_session(self, creator: str = "storymill_tales") -> str:
        """Sign in on the creators' login page; returns cookies in a browser extension's format."""
        with requests.Session() as browser:
            form = {"creator": creator}
            browser.post(f"{self.tiktok_url}/login", form, timeout=10).raise_for_status()
            return json.dumps(
                [
                    {
                        "name": cookie.name,
                        "value": cookie.value,
                        "domain": urlsplit(self.url).hostname,
                        "path": cookie.path,
                        "secure": cookie.secure,
                        "httpOnly": cookie.name == "sessionid",
                        "sameSite": "lax",
                        "expirationDate": cookie.expires,
                    }
                    for cookie in browser.cookies
                ]
            )

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        response = requests.request(method, f"{self.url}/sandbox/{path}", json=body, timeout=10)
        if not response.ok:
            raise AssertionError(f"{method} /sandbox/{path}: {response.text}")
        return response.json() if response.content else None


@contextmanager
def running_sandbox(
    *, port: int = 0, data_dir: Path | None = None, **settings: Any
) -> Iterator[RunningSandbox]:
    """Start a sandbox, wait until it answers, and stop it afterwards.

    Args:
        port: 0 chooses a free port.
        data_dir: not deleted afterwards, so that a second start can use it; default: temporary.
        settings: as in ``settings.Settings``.
    """
    with tempfile.TemporaryDirectory(prefix="sandbox-") as temporary:
        kept = data_dir or Path(temporary)
        kept.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "sandbox", "--port", str(port)]
        command += ["--data-dir", str(kept), *_options(settings)]
        output = kept / "output.txt"
        with output.open("wb") as out:
            environment = {k: v for k, v in os.environ.items() if not k.startswith("SANDBOX_")}
            process = subprocess.Popen(
                command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, env=environment
            )
        try:
            sandbox = RunningSandbox(_address(process, output), process, kept)
            for name, value in settings.items():
                setattr(sandbox.settings, name, value)
            yield sandbox
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _options(settings: dict[str, Any]) -> list[str]:
    options = []
    for name, value in settings.items():
        flag = "--" + name.replace("_", "-")
        if isinstance(value, bool):
            options.append(flag if value else f"--not-{flag.removeprefix('--')}")
        elif isinstance(value, tuple):
            options += [part for one in value for part in (flag, str(one))]
        else:
            options += [flag, str(value)]
    return options


def _address(process: subprocess.Popen[bytes], output: Path) -> str:
    end = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"ready at (\S+)", output.read_text()):
            return found.group(1)
        time.sleep(0.05)
    raise AssertionError(f"The sandbox did not start: {output.read_text()}")
