"""Wake-ups for the workers: a message says only which stage may have work on which row.

Jobs are in PostgreSQL, so a wake-up may be lost, doubled or late without harm. Messages go out by
name, so a sender needs none of the workers' code.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import dramatiq
import redis
import structlog
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker
from dramatiq.common import dq_name
from dramatiq.errors import BrokerConnectionError
from prometheus_client import Counter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = structlog.get_logger(__name__)

Unavailable = (RedisError, BrokerConnectionError)

WAKEUPS_LOST = Counter(
    "storymill_wakeups_lost_total", "Wake-ups that could not be sent; the sweeper sends them again"
)

Step = tuple[str, str]
"""Queue and actor name of a stage."""


def connect(redis_url: str, *, middleware: Sequence[dramatiq.Middleware] = ()) -> RedisBroker:
    """Create the process's broker. Workers give it middleware; senders need none.

    ``maintenance_chance`` and ``heartbeat_timeout`` let a killed worker's messages return within
    seconds; with the defaults it takes 4 to 16 minutes, if at all.
    """
    client = redis.Redis.from_url(redis_url, socket_connect_timeout=3, socket_timeout=5)
    broker = RedisBroker(
        client=client,
        middleware=list(middleware),
        maintenance_chance=1_000_000,
        heartbeat_timeout=15_000,
    )
    dramatiq.set_broker(broker)
    return broker


def send(run: Sequence[Step], subject_id: int, *, request_id: str = "") -> bool:
    """Wake the first stage of ``run`` for ``subject_id``; the others follow as one pipeline.

    Returns whether Redis accepted it. Otherwise it is counted, and the sweeper sends it again.
    """
    broker = dramatiq.get_broker()
    messages: list[Message[None]] = [
        Message(
            queue_name=queue,
            actor_name=actor,
            args=(subject_id,),
            kwargs={},
            options={"pipe_ignore": True, "request_id": request_id},
        )
        for queue, actor in run
    ]
    try:
        dramatiq.pipeline(messages, broker=broker).run()
    except Unavailable as error:
        WAKEUPS_LOST.inc()
        log.warning("wakeup_not_sent", actor=run[0][1], subject=subject_id, error=str(error))
        return False
    return True


def tick(queue_name: str, actor: str) -> bool:
    """Say that a periodic task may be due; returns whether Redis accepted it."""
    broker = dramatiq.get_broker()
    message: Message[None] = Message(
        queue_name=queue_name, actor_name=actor, args=(), kwargs={}, options={}
    )
    try:
        broker.declare_queue(queue_name)
        broker.enqueue(message)
    except Unavailable as error:
        WAKEUPS_LOST.inc()
        log.warning("tick_not_sent", task=actor, error=str(error))
        return False
    return True


def ping(seconds: float) -> None:
    """Ask the broker, on a connection of its own.

    Raises:
        RedisError: it did not answer within ``seconds``.
    """
    broker = dramatiq.get_broker()
    if not isinstance(broker, RedisBroker):
        return  # other brokers manage and repair their own connection
    pool = broker.client.connection_pool
    settled = {
        **pool.connection_kwargs,
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "retry": Retry(NoBackoff(), 0),
    }
    with closing(redis.ConnectionPool(connection_class=pool.connection_class, **settled)) as own:
        redis.Redis(connection_pool=own).ping()


def depths(broker: RedisBroker, queues: Sequence[str]) -> dict[str, int]:
    """Messages waiting in Redis by queue, including delayed ones."""
    return {
        queue: broker.client.hlen(f"{broker.namespace}:{queue}.msgs")
        + broker.client.hlen(f"{broker.namespace}:{dq_name(queue)}.msgs")
        for queue in queues
    }
