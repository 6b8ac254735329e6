"""What a person would do: sign in, connect accounts, choose a source, approve stories."""

from __future__ import annotations

import re
import time
from html import unescape

import requests

from admin.auth import create_user
from core.db import transaction
from core.errors import ConfigurationError
from models import Account, AccountState, Job, JobState, Source, SourceKind, Story, StoryState, User
from pipelines import ledger
from pipelines.publishing.accounts import account_settings
from pipelines.stories import review

NAME = "operator"
SUBREDDIT = "sandboxstories"
CREATORS = ("storymill_tales", "midnight_pages")
NICKNAMES = ("Storymill Tales", "Midnight Pages")
"""Names of the sandbox's creators until their first post."""
FIELD = re.compile(r'<input[^>]*\bname="(?P<name>[^"]+)"[^>]*>')
VALUE = re.compile(r'\bvalue="(?P<value>[^"]*)"')


def may_sign_in(password: str) -> None:
    """Make sure that the operator can sign in with the password that the demo prints."""
    if not User.select().where(User.name == NAME).exists():
        create_user(NAME, password, "owner")


def chooses_source(subreddit: str) -> Source:
    with transaction():
        source: Source = Source.get_or_create(
            name=subreddit,
            defaults={
                "kind": SourceKind.SUBREDDIT,
                "place": subreddit,
                "listing": "top",
                "time_filter": "all",
                "count": 40,
                "answers": 4,
            },
        )[0]
        ledger.enqueue("fetch", source.id)
    return source


def connects_accounts(office: str, password: str) -> None:
    """Connect each creator through TikTok's consent page, as a browser does, if not done yet."""
    played = Account.name.in_((*CREATORS, *NICKNAMES))
    connected = Account.select().where(Account.state == AccountState.CONNECTED)
    if real := connected.where(~played).first():
        raise ConfigurationError(
            f"This database has your own account {real.name or 'without a name'}: set DATABASE_URL "
            "to another database for the demo, or set TIKTOK_CLIENT_KEY to use your TikTok app."
        )
    if connected.count() < len(CREATORS):
        for creator in CREATORS:
            _connect(office, password, creator)
        for account in Account.select(Account.id).where(played):
            account_settings.set_posting(
                account.id, NAME, privacy="PUBLIC_TO_EVERYONE", agreed=True, ai_label=True
            )


def _connect(office: str, password: str, creator: str) -> None:
    browser = requests.Session()
    browser.headers["User-Agent"] = "demo operator"
    _submit(browser, f"{office}/sign-in", {"name": NAME, "password": password})
    consent = _submit(browser, f"{office}/accounts/", {}, action=f"{office}/accounts/connect")
    answer = _submit(browser, consent.url, {"creator": creator, "decision": "allow"}, page=consent)
    if not answer.ok:
        raise ConfigurationError(
            f"The account {creator} could not be connected (HTTP {answer.status_code}): "
            "see var/log/web.log."
        )


def _submit(
    browser: requests.Session,
    address: str,
    values: dict[str, str],
    *,
    page: requests.Response | None = None,
    action: str | None = None,
) -> requests.Response:
    """Send the page's form: its hidden fields, its ticked boxes, and ``values``."""
    page = page or browser.get(address, timeout=30)
    filled = [
        (match["name"], unescape(value["value"]) if (value := VALUE.search(match[0])) else "")
        for match in FIELD.finditer(page.text)
        if 'type="hidden"' in match[0] or ('type="checkbox"' in match[0] and "checked" in match[0])
    ]
    return browser.post(
        action or page.url,
        data=[*filled, *values.items()],
        headers={"Referer": page.url},
        timeout=30,
    )


def approves(source: Source, most: int) -> int:
    """Approve the ``most`` best stories once all are ready; returns how many just now.

    The rest is left for a real person, and so are near-duplicates.
    """
    unready = Job.select().where(
        Job.stage.in_(("fetch", "prepare")),
        Job.state.in_((JobState.WAITING, JobState.RUNNING)),
    )
    if unready.exists():
        return 0
    stories = Story.select().where(Story.source == source)
    left = most - stories.where(Story.decided_by == NAME).count()
    waiting = stories.where(Story.state == StoryState.WAITING, Story.similar_to.is_null())
    best = waiting.order_by(Story.score.desc(), Story.id).limit(max(0, left))
    ids = [story.id for story in best]
    done, _ = review.in_bulk(ids, lambda story_id: review.approve(story_id, NAME))
    return done


def wait_for(office: str, seconds: float) -> None:
    """Wait until the back office answers. Raises ConfigurationError when it does not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{office}/health", timeout=2).ok:
                return
        except requests.RequestException:
            pass  # not up yet: the deadline decides
        time.sleep(0.1)
    raise ConfigurationError(
        f"The back office at {office} did not answer within {seconds:.0f} s: see var/log/web.log."
    )
