"""Feed addresses that may hold a secret are encrypted; what is shown of them is masked."""

from typing import Any

from core import crypto
from core.text.addresses import hides, name_of, remover, shown, shown_in

LONGEST_PLACE, LONGEST_NAME = 500, 120
TEXTS = {
    "job": ("error", "waits_for"),
    "dead_letter": ("error", "trace"),
    "story": ("url",),
}
"""Columns that may repeat an address, each found by the source of its row."""
OF_SOURCE = {
    "job": "stage = 'fetch' AND subject_id = %s",
    "dead_letter": "stage = 'fetch' AND subject_id = %s",
    "story": "url LIKE '%%?%%' AND source_id = %s",
}


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql("ALTER TABLE source ADD COLUMN address TEXT")
    feeds = db.execute_sql("SELECT id, name, place FROM source WHERE kind = 'feed'").fetchall()
    for source_id, name, place in feeds:
        if hides(place):
            db.execute_sql(
                "UPDATE source SET place = %s, address = %s, name = %s, last_error = '' "
                "WHERE id = %s",
                (
                    shown(place)[:LONGEST_PLACE],
                    crypto.keyring().encrypt(place),
                    _name(db, source_id, name, place),
                    source_id,
                ),
            )
            _clean(db, source_id, place)


def _name(db: Any, source_id: int, name: str, place: str) -> str:
    """The name; if it may repeat a part of the address, host and path instead."""
    if "?" not in name and remover(place)(shown_in(name)) == name:
        return name
    start = "Link " if name.startswith("Link ") else ""
    better = f"{start}{name_of(place)}"[:LONGEST_NAME]
    taken = db.execute_sql("SELECT 1 FROM source WHERE name = %s", (better,)).fetchone()
    return f"{better[: LONGEST_NAME - 20]} ({source_id})" if taken else better


def _clean(db: Any, source_id: int, place: str) -> None:
    clean = remover(place)
    for table, columns in TEXTS.items():
        for column in columns:
            rows = db.execute_sql(
                f"SELECT id, {column} FROM {table} WHERE {OF_SOURCE[table]}", (source_id,)
            ).fetchall()
            for row_id, text in rows:
                better = clean(shown_in(text))
                if better != text:
                    db.execute_sql(
                        f"UPDATE {table} SET {column} = %s WHERE id = %s", (better, row_id)
                    )


def down(_migrator: Any, db: Any) -> None:
    hidden = "SELECT id, address FROM source WHERE address IS NOT NULL"
    for source_id, stored in db.execute_sql(hidden).fetchall():
        place = crypto.keyring().decrypt(stored)
        db.execute_sql("UPDATE source SET place = %s WHERE id = %s", (place, source_id))
    db.execute_sql("ALTER TABLE source DROP COLUMN address")
