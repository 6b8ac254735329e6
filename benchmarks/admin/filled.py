"""Fills the database as years of work with 200 accounts leave it; the same rows each time.

The newest stories, posts and jobs are inserted in an earlier state and changed once, so that there
are dead rows until the next VACUUM.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from psycopg2.extras import execute_values

from benchmarks import statements
from benchmarks.admin import posts, prose, setup, stories
from core.db import database, transaction

SUMS = "migrations.0023_insight_sums"
"""Fills the sums of the counts from the counts."""
TEXTS = 400
WITH_IDS = ("story", "script", "part", "video", "post", "job")
"""Tables that are filled with ids of ours."""
CODES = [
    *("http_503", "voice_missing", "coverage", "privacy_not_chosen", "spam_risk_too_many_posts"),
    *("account_expired", "browser_session_over", "feed_gone", "unreachable", "encoder_failed"),
    *("stranded", "poison"),
]
PARTS_A_VIDEO = 1.012
SCRIPTED = 0.2


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many rows."""

    stories: int = 1_000_000
    videos: int = 300_000
    posts: int = 500_000
    jobs: int = 2_000_000
    counts: int = 5_000_000
    accounts: int = 200

    @classmethod
    def scaled(cls, scale: float) -> Sizes:
        """``scale`` of the rows, on as many accounts."""
        whole = cls()
        most = (whole.stories, whole.videos, whole.posts, whole.jobs, whole.counts)
        return cls(*(round(number * scale) for number in most))

    @property
    def prepared(self) -> int:
        """Newest stories whose preparation is still on record."""
        others = SCRIPTED * self.stories + 3 * PARTS_A_VIDEO * self.videos + self.posts
        return max(0, self.jobs - round(others))


def fill(sizes: Sizes, tell: Callable[[str], object] = lambda _: None) -> None:
    """Insert everything, and collect statistics. Nothing is vacuumed, until somebody does it."""
    _without_autovacuum()
    values = {
        "stories": sizes.stories, "videos": sizes.videos, "posts": sizes.posts,
        "jobs": sizes.jobs, "counts": sizes.counts, "accounts": sizes.accounts,
        "prepared": sizes.prepared, "texts": TEXTS, "rarest": prose.RAREST,
        "codes": CODES, "kinds": len(CODES),
        "who": prose.WHO, "whos": len(prose.WHO), "did": prose.DID, "dids": len(prose.DID),
        "thing": prose.THING, "things": len(prose.THING),
        "town": prose.TOWNS, "towns": len(prose.TOWNS),
        "place": prose.PLACE, "places": len(prose.PLACE),
        "end": prose.END, "ends": len(prose.END),
    }  # fmt: skip
    began = time.monotonic()
    with transaction():
        database.execute_sql("SET LOCAL synchronous_commit = off")
        database.execute_sql("SET LOCAL work_mem = '128MB'")
        setup.make(sizes.accounts)
        _texts()
        steps = (
            ("stories", stories.MADE + stories.STORIES),
            ("parts and videos", stories.PARTS),
            ("posts", posts.POSTS),
            ("counts", posts.COUNTS),
            ("jobs and failures", posts.JOBS),
        )
        for name, sql in steps:
            statements.run(sql, values)
            tell(f"{name} made, {time.monotonic() - began:.0f} s")
        import_module(SUMS).fill(database)
        tell(f"sums of the counts made, {time.monotonic() - began:.0f} s")
        for table in WITH_IDS:
            database.execute_sql(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
        database.execute_sql("DROP TABLE prose, made, scripted, piece, sent, work")
    database.execute_sql("ANALYZE")
    tell(f"statistics collected, {time.monotonic() - began:.0f} s")


def vacuum() -> None:
    database.execute_sql("VACUUM ANALYZE")


def _texts() -> None:
    database.execute_sql(
        "CREATE TEMP TABLE prose (number int, body text, narrated text, words int)"
    )
    cursor = database.cursor()
    execute_values(cursor, "INSERT INTO prose VALUES %s", prose.texts(TEXTS))


def _without_autovacuum() -> None:
    """It would run at some moment of the measurement."""
    tables = database.execute_sql(
        "SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' "
        "AND relnamespace = 'public'::regnamespace"
    )
    for (table,) in tables.fetchall():
        database.execute_sql(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
