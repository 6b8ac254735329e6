"""``Idempotency-Key``: a request that is repeated has one effect, and gets the same answer.

The key, the effect and the answer are stored in one transaction. A second request with the same key
waits for the first one's end at the table's unique index. If the first one was refused, nothing of
it is stored, and the second one is a first one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from flask import Response, request

from admin.api.caller import RefusedError, caller
from core.db import database, transaction
from models import ApiAnswer, now

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
KEY = re.compile(r"[\x21-\x7e]{1,200}")
AT_ONCE = 500
"""Old answers that one request deletes: more than it adds."""


def once(act: Callable[[], Response]) -> Response:
    """Call ``act``; with a key that was used before, give its answer instead.

    Raises:
        RefusedError: the key can't be used, or was used for another request.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return act()
    if not KEY.fullmatch(key):
        raise RefusedError(400, f"{HEADER} must have 1 to 200 visible characters and no spaces.")
    _forget()
    asked = sha256(
        b"\0".join((request.method.encode(), request.full_path.encode(), request.get_data()))
    ).hexdigest()
    with transaction():
        if _is_first(key, asked):
            answer = act()
            _mine(key, status=answer.status_code, body=answer.get_data(as_text=True))
            return answer
        stored = ApiAnswer.get(ApiAnswer.token == caller().token, ApiAnswer.key == key)
    if stored.request_hash != asked:
        raise RefusedError(
            409, f"This {HEADER} was used for another request. Use a new key for each request."
        )
    answer = Response(stored.body, stored.status, mimetype="application/json")
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _is_first(key: str, asked: str) -> bool:
    """Store the key; False if it is there. Waits for a request that has just stored it."""
    cursor = database.execute_sql(
        """
        INSERT INTO api_answer AS known (created_at, token_id, key, request_hash, status)
        VALUES (%(now)s, %(token)s, %(key)s, %(asked)s, 0)
        ON CONFLICT (token_id, key) DO UPDATE
            SET created_at = EXCLUDED.created_at, request_hash = EXCLUDED.request_hash
            WHERE known.created_at < %(old)s
        RETURNING id
        """,
        {
            "now": now(),
            "old": now() - KEPT,
            "token": caller().token.id,
            "key": key,
            "asked": asked,
        },
    )
    return cursor.fetchone() is not None


def _mine(key: str, *, status: int, body: str) -> None:
    mine = (ApiAnswer.token == caller().token, ApiAnswer.key == key)
    ApiAnswer.update(status=status, body=body).where(*mine).execute()


def _forget() -> None:
    """Delete answers that are too old; others' deletions are left to them."""
    database.execute_sql(
        "DELETE FROM api_answer WHERE id IN (SELECT id FROM api_answer WHERE created_at < %s "
        "ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        (now() - KEPT, AT_ONCE),
    )
