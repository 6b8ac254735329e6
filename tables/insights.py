"""View counts of published posts, and the sums that insights are read from.

``Insight`` keeps every count. No page reads it for more than a few posts: what pages compare is in
the other three tables, which change in the transaction that stores a count
(``pipelines/publishing/counts.py``).
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from peewee import (
    BigIntegerField,
    CharField,
    CompositeKey,
    DateField,
    ForeignKeyField,
    IntegerField,
    SmallIntegerField,
)
from playhouse.postgres_ext import DateTimeTZField

from tables.base import Row, Table, one_of
from tables.publishing import Account, Post
from tables.stories import Source


class Counts(Table):
    """What TikTok counts of a video; sums of it in tables of sums."""

    views = BigIntegerField()
    likes = BigIntegerField()
    comments = BigIntegerField()
    shares = BigIntegerField()


class Insight(Counts, Row):
    """The counts of a published video at ``created_at``."""

    post = ForeignKeyField(Post, backref="insights", on_delete="CASCADE", index=False)

    class Meta:
        indexes = ((("post", "id"), False),)


class HookKind(IntEnum):
    """How a story's opening line begins; the first that fits."""

    QUESTION = 1
    QUOTE = 2
    """It begins with somebody's words in quotation marks."""
    NUMBER = 3
    """It has a number in digits."""
    SHORT = 4
    """At most eight words."""
    LONG = 5


class LatestCount(Counts):
    """A post's newest counts, and what it is compared by.

    What it is compared by is stored with its first count and stays, even if the account's time zone
    or the script changes: the post went out as it was then.
    """

    post = ForeignKeyField(Post, primary_key=True, on_delete="CASCADE")
    counted_at = DateTimeTZField()
    day = DateField()
    """Of its publication, in UTC."""
    account = ForeignKeyField(Account, on_delete="RESTRICT", index=False)
    source = ForeignKeyField(Source, on_delete="RESTRICT", index=False)
    hour = SmallIntegerField()
    """Of its publication, in the account's time zone."""
    hook = SmallIntegerField(null=True)
    """``HookKind`` of what its video opens with; empty from part 2 on."""
    part = IntegerField(null=True)
    """Number of parts times 100, and its own: 302 is part 2 of 3. Empty for a story in one part."""

    class Meta:
        table_name = "latest_count"
        indexes = (
            (("day", "post"), False),
            (("day", "views"), False),
            (("account", "day", "post"), False),
        )


class ComparedBy(StrEnum):
    """A column of ``LatestCount`` by whose values posts are compared."""

    ACCOUNT = "account"
    SOURCE = "source"
    HOUR = "hour"
    HOOK = "hook"
    PART = "part"


class DayTotal(Counts):
    """Sums of the newest counts of the posts published on a day that share a key.

    ``logs`` and ``log_squares`` are sums of ``ln(1 + views)``, in ten thousandths, and of its
    square: they give the geometric mean of the views, and how far posts lie from it. Whole numbers,
    so that sums stay exact however often a post's old count is replaced by its new one.
    """

    by = CharField(max_length=10, constraints=[one_of("by", ComparedBy)])
    day = DateField()
    key = IntegerField()
    videos = IntegerField()
    logs = BigIntegerField()
    log_squares = BigIntegerField()

    class Meta:
        table_name = "day_total"
        primary_key = CompositeKey("by", "day", "key")


class ViewGain(Counts):
    """What the counts of one hour were above the counts before them."""

    ALL = 0
    """Stands for all accounts together."""

    account_id = IntegerField()
    hour = DateTimeTZField()
    """When it began."""
    videos = IntegerField()
    """Videos that were counted for the first time."""

    class Meta:
        table_name = "view_gain"
        primary_key = CompositeKey("account_id", "hour")
