"""One try at one post: what the publishing stages share."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from adapters.ports import Authorizer, PostStatus, Publisher
from core.errors import Parked, Permanent, Retryable, Wait
from models import Account, Post, PostState, Video
from pipelines.ledger import Claim
from pipelines.publishing import history, tokens

T = TypeVar("T")


@dataclass(slots=True)
class Work:
    """One try at one post."""

    post: Post
    claim: Claim
    publisher: Publisher
    authorizer: Authorizer

    @property
    def account(self) -> Account:
        account: Account = self.post.account
        return account

    @property
    def video(self) -> Video:
        video: Video = self.post.video
        return video

    def ask(self, call: Callable[[str], T]) -> T:
        return tokens.with_token(self.account, self.authorizer, call)

    def status(self) -> PostStatus:
        publish_id = str(self.post.publish_id)
        return self.ask(lambda token: self.publisher.status(token, publish_id))

    def done(self) -> None:
        with self.claim.finish():
            pass

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Write an error's meaning for the post down beside the job's, and let it pass."""
        try:
            yield
        except Wait:
            raise
        except Retryable as error:
            if self.post.state == PostState.CLAIMING:  # no publish_id, so no byte went
                self.stop(PostState.PLANNED, error.code, str(error))
            raise
        except Permanent as error:
            self.stop(PostState.FAILED, error.code, str(error))
            raise
        except Parked as error:
            self.stop(PostState.PARKED, error.code, str(error))
            raise

    def stop(self, state: PostState, outcome: str, reason: str) -> None:
        with self.claim.step():
            history.end(self.post, outcome)
            self.move(state, reason=reason)

    def forget(self, state: PostState, **changes: Any) -> None:
        self.move(state, publish_id=None, upload_url=None, bytes_sent=0, **changes)

    def move(self, to: PostState, **changes: Any) -> None:
        """Bring the post to state ``to``, through the states that lie between; inside a step.

        A repeat of a stage may find the post anywhere, a person's requeue even parked or failed.
        """
        for state in _way(self.post.state, to):
            self.post.move(state)
        Post.update(**changes).where(Post.id == self.post.id).execute()
        for name, value in changes.items():
            setattr(self.post, name, value)


def _way(start: str, to: str) -> list[str]:
    """The fewest allowed moves from ``start`` to ``to``; none when it is there already."""
    ways = deque([[start]])
    seen = {start}
    while ways:
        way = ways.popleft()
        if way[-1] == to:
            return way[1:]
        for state in sorted(Post.moves[way[-1]] - seen):
            seen.add(state)
            ways.append([*way, state])
    raise ValueError(f"A post that is {start} can't become {to}.")
