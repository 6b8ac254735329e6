"""Reads stories from Reddit's API, using PRAW."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import prawcore
import structlog
from requests import RequestException, Response

from adapters.asked_pause import asked_pause, until_reset
from adapters.block_page import BLOCKED_PAUSE, is_block_page
from adapters.ports import Answer, FetchedStory, StoryQuery, StorySource
from adapters.reddit.post import POST, answers_by_post, stories_of
from core.errors import Permanent, Retryable, Wait

if TYPE_CHECKING:
    from praw import Reddit

log = structlog.get_logger(__name__)

PAGE = 100
"""Most posts that Reddit returns per request."""
TIMEOUT = 16.0
"""Seconds to wait for a response; PRAW's own default."""

_SUBREDDIT = re.compile(r"/?(?:r/)?([A-Za-z0-9_+]{2,200})/?")


class RedditSource(StorySource):
    """StorySource for a subreddit's listing, read-only.

    Each call opens its own session, because PRAW sessions are not thread-safe.

    Args:
        slow_down: called with the seconds for which Reddit must not be asked again, when a good
            response used up its allowance.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        user_agent: str,
        reddit_url: str = "https://www.reddit.com",
        oauth_url: str = "https://oauth.reddit.com",
        slow_down: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self._slow_down = slow_down
        self._client_id = client_id
        self._client_secret = client_secret
        self._user_agent = user_agent
        self._reddit_url = reddit_url.rstrip("/")
        self._oauth_url = oauth_url.rstrip("/") + "/"  # PRAW joins paths like a browser

    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        """Yield at most ``query.limit`` stories from the subreddit ``query.place``.

        Raises:
            Permanent: credentials are missing or wrong, or there is no such public subreddit.
            Wait: Reddit's rate limit is used up.
            Retryable: Reddit is unavailable or asks to slow down (``after``).
        """
        match = _SUBREDDIT.fullmatch(query.place.strip())
        if match is None:
            raise Permanent(
                f'"{query.place}" is not a subreddit name: correct the source\'s place.',
                code="reddit_place",
            )
        self._check_credentials()
        with closing(self._wire(match[1])) as wire:
            posts = _posts(self._session(wire), wire, match[1], query)
            yield from stories_of(posts, site=self._reddit_url)

    def answers(
        self, stories: Sequence[FetchedStory], count: int
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Yield each post's external id and its ``count`` best answers; one request per post.

        Raises:
            Permanent: credentials are missing or wrong.
            Wait: Reddit's rate limit is used up.
            Retryable: Reddit is unavailable or asks to slow down (``after``).
        """
        self._check_credentials()
        with closing(self._wire("")) as wire:
            reddit = self._session(wire)
            for story in stories:
                wire.subreddit = story.place
                try:
                    answers = _answers(reddit, wire, story, count)
                except Permanent as error:
                    if error.code != "reddit_place":
                        raise
                    log.info("answers_gone", story=story.external_id, reason=str(error))
                else:
                    yield story.external_id, answers

    def check_key(self) -> None:
        """Get an access token, and nothing else.

        Raises:
            Permanent: credentials are missing or wrong.
            Retryable: Reddit is unavailable or asks to slow down.
        """
        self._check_credentials()
        with closing(self._wire("")) as wire:
            try:
                self._session(wire).auth.scopes()
            except prawcore.OAuthException:
                raise _refused() from None
            except (prawcore.PrawcoreException, ValueError, KeyError, TypeError) as error:
                raise _unreadable(error) from None

    def _wire(self, subreddit: str) -> _Wire:
        return _Wire(
            subreddit=subreddit,
            oauth_url=self._oauth_url,
            reddit_url=self._reddit_url,
            user_agent=self._user_agent,
            timeout=TIMEOUT,
            slow_down=self._slow_down,
        )

    def _check_credentials(self) -> None:
        given = {
            "REDDIT_CLIENT_ID": self._client_id,
            "REDDIT_CLIENT_SECRET": self._client_secret,
            "REDDIT_USER_AGENT": self._user_agent,
        }
        missing = [variable for variable, value in given.items() if not value.strip()]
        if missing:
            raise Permanent(
                f"Reddit's API needs {' and '.join(missing)}: set what is missing, or use the "
                "subreddit's feed, which needs no key: https://www.reddit.com/r/<name>/top/.rss.",
                code="reddit_credentials",
            )
        if len(self._user_agent) < prawcore.Requestor.MIN_USER_AGENT_LENGTH:
            raise Permanent(
                "REDDIT_USER_AGENT is too short: name your application and yourself in it.",
                code="reddit_credentials",
            )

    def _session(self, wire: _Wire) -> Reddit:
        from praw import Reddit  # noqa: PLC0415  # heavy; only the process that fetches needs it

        return Reddit(
            "DEFAULT",  # so no praw_site variable can select another section of a praw.ini
            requestor_class=lambda **_: wire,  # type: ignore[arg-type]  # a factory is enough
            client_id=self._client_id,
            client_secret=self._client_secret,
            user_agent=self._user_agent,
            reddit_url=self._reddit_url,
            oauth_url=self._oauth_url,
            username=None,
            password=None,
            refresh_token=None,
            check_for_updates=False,
            check_for_async=False,
        )


class _Wire(prawcore.Requestor):
    """Checks every response before PRAW can retry: retries are left to the ledger.

    Attributes:
        pause: seconds until Reddit allows another request; PRAW would sleep in the thread.
    """

    def __init__(
        self, *, subreddit: str, slow_down: Callable[[float], None], **settings: Any
    ) -> None:
        super().__init__(**settings)
        self.subreddit = subreddit
        self.slow_down = slow_down
        self.pause = 0.0

    def request(self, *args: Any, timeout: float | None = None, **kwargs: Any) -> Response:
        try:
            response = super().request(*args, timeout=timeout, **kwargs)
        except prawcore.RequestException as error:
            raise _away(error.original_exception) from None
        if not response.ok or response.is_redirect:
            raise self._decision(response)
        if (pause := until_reset(response.headers)) is not None:
            self.pause = pause
            self.slow_down(pause)
        return response

    def _decision(self, response: Response) -> Permanent | Retryable:
        status = response.status_code
        is_token = response.url.startswith(f"{self.reddit_url}/api/v1/access_token")
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            after = asked_pause(response.headers)
            return Retryable("Reddit asks to slow down.", code="rate_limit_exceeded", after=after)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            return Retryable(f"Reddit failed (HTTP {status}).", code="reddit_away")
        if status == HTTPStatus.FORBIDDEN and is_block_page(response.text):
            return Retryable(
                "Reddit blocks requests from this machine (HTTP 403): wait, or ask Reddit's "
                "support to allow it.",
                code="reddit_blocked",
                after=asked_pause(response.headers) or BLOCKED_PAUSE,
            )
        if is_token:
            return _refused()
        if status == HTTPStatus.UNAUTHORIZED:
            return Retryable("Reddit ended its access token early.", code="reddit_token", after=1)
        if status == HTTPStatus.FORBIDDEN:
            sentence = f"r/{self.subreddit} is private or closed: choose another subreddit."
        elif status == HTTPStatus.NOT_FOUND or response.is_redirect:  # unknown: sent to search
            sentence = f"There is no subreddit r/{self.subreddit}, or it was banned: correct it."
        else:
            sentence = f"Reddit refused the listing of r/{self.subreddit} (HTTP {status})."
        return Permanent(sentence, code="reddit_place")


def _posts(reddit: Reddit, wire: _Wire, subreddit: str, query: StoryQuery) -> Iterator[object]:
    """The items of the listing, page by page."""
    left, after = query.limit, ""
    while left > 0:
        params: dict[str, str | int] = {"limit": min(PAGE, left)}
        if query.listing == "top":
            params["t"] = query.time_filter
        if after:
            params["after"] = after
        answer = _asked(reddit, wire, f"r/{subreddit}/{query.listing}", params)
        children, after = _page(answer)
        yield from children[:left]
        left -= len(children)
        if not after or not children:
            return


def _answers(reddit: Reddit, wire: _Wire, story: FetchedStory, count: int) -> tuple[Answer, ...]:
    post = story.external_id.removeprefix(f"reddit:{POST}_")
    # Ask for more than are wanted: notices and removed comments are dropped.
    params: dict[str, str | int] = {"sort": "top", "depth": 1, "limit": min(PAGE, 2 * count + 5)}
    parts = _asked(reddit, wire, f"comments/{post}/", params)
    if not isinstance(parts, list) or len(parts) != 2:  # noqa: PLR2004 - the post, its comments
        raise _unreadable(None)
    children, _ = _page(parts[1])
    return tuple(answers_by_post(children).get(story.external_id, ())[:count])


def _asked(reddit: Reddit, wire: _Wire, path: str, params: Mapping[str, str | int]) -> object:
    if wire.pause:
        raise Wait("Reddit's rate limit is used up.", after=wire.pause, code="rate_limit_exceeded")
    try:
        answer: object = reddit.request(method="GET", path=path, params=dict(params))
    except prawcore.OAuthException:
        raise _refused() from None
    except (prawcore.PrawcoreException, ValueError, KeyError, TypeError) as error:
        raise _unreadable(error) from None
    return answer


def _page(answer: object) -> tuple[list[object], str]:
    data = answer.get("data") if isinstance(answer, Mapping) else None
    children = data.get("children") if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(children, list):
        raise _unreadable(None)
    return children, str(data.get("after") or "")


def _refused() -> Permanent:
    return Permanent(
        "Reddit refused the credentials: check REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET.",
        code="reddit_credentials",
    )


def _away(error: Exception) -> Retryable:
    kind = type(error).__name__ if isinstance(error, RequestException) else "unknown error"
    return Retryable(f"Reddit can't be reached ({kind}).", code="reddit_away")


def _unreadable(error: Exception | None) -> Retryable:
    cause = f" ({type(error).__name__})" if error else ""
    return Retryable(f"Reddit's answer can't be read{cause}.", code="reddit_answer")
