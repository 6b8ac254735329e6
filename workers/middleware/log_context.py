"""Adds a message's ids to every log line it causes: one search finds a story's whole history."""

from __future__ import annotations

from typing import Any

from dramatiq import Broker, MessageProxy, Middleware
from structlog.contextvars import bind_contextvars, unbind_contextvars

KEYS = ("message_id", "request_id", "stage", "subject_id")


class LogContext(Middleware):
    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        bind_contextvars(
            message_id=message.message_id,
            request_id=message.options.get("request_id", ""),
            stage=message.actor_name,
            subject_id=message.args[0] if message.args else None,
        )

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        unbind_contextvars(*KEYS)

    after_skip_message = after_process_message
