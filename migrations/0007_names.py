"""Columns get common names: posting methods, caption styles, outcomes, similarity."""

from typing import Any

UP = """
ALTER TABLE post RENAME COLUMN way TO method;
ALTER INDEX post_way_id RENAME TO post_method_id;
ALTER TABLE account RENAME COLUMN ways TO methods;
ALTER TABLE channel RENAME COLUMN look TO caption_style;
ALTER TABLE intake RENAME COLUMN fate TO outcome;
ALTER TABLE story RENAME COLUMN like_id TO similar_to_id;
ALTER TABLE story RENAME COLUMN likeness TO similarity;
ALTER INDEX story_like_id RENAME TO story_similar_to_id;
"""

DOWN = """
ALTER INDEX story_similar_to_id RENAME TO story_like_id;
ALTER TABLE story RENAME COLUMN similarity TO likeness;
ALTER TABLE story RENAME COLUMN similar_to_id TO like_id;
ALTER TABLE intake RENAME COLUMN outcome TO fate;
ALTER TABLE channel RENAME COLUMN caption_style TO look;
ALTER TABLE account RENAME COLUMN methods TO ways;
ALTER INDEX post_method_id RENAME TO post_way_id;
ALTER TABLE post RENAME COLUMN method TO way;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
