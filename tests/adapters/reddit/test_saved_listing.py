"""Stories from a file that somebody saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.ports import Answer, StoryQuery
from adapters.reddit.saved_listing import SavedListing
from core.errors import Permanent
from core.files.intake_folder import IntakeFolder

ONE = {"id": "one1", "title": "The first", "selftext": "It began.", "author": "a", "is_self": True}
TWO = {"id": "two2", "title": "The second", "selftext": "It ended.", "author": "b", "is_self": True}
COMMENT = {"kind": "t1", "data": {"id": "c1", "body": "Well told."}}


def listing(*children: Any) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"after": None, "children": list(children)}}


def thing(post: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "t3", "data": post}


def found(path: Path, *, limit: int = 25) -> list[str]:
    query = StoryQuery(place=path.name, limit=limit)
    return [story.title for story in SavedListing(IntakeFolder(path.parent)).stories(query)]


@pytest.mark.parametrize(
    ("content", "titles"),
    [
        (json.dumps(listing(thing(ONE), thing(TWO))), ["The first", "The second"]),
        (json.dumps([thing(ONE), thing(TWO)]), ["The first", "The second"]),
        (json.dumps([ONE, TWO]), ["The first", "The second"]),
        (json.dumps([listing(thing(ONE)), listing(COMMENT)]), ["The first"]),
        (json.dumps(thing(TWO)), ["The second"]),
        (f"{json.dumps(ONE)}\n\n{json.dumps(TWO)}\n", ["The first", "The second"]),
        (json.dumps(listing()), []),
    ],
    ids=["listing", "things", "posts", "comment page", "one post", "one a line", "empty"],
)
def test_every_form_in_which_posts_are_kept(
    tmp_path: Path, content: str, titles: list[str]
) -> None:
    file = tmp_path / "saved.json"
    file.write_text(content)

    assert found(file) == titles


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_encoding_of_json(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "saved.json"
    line_separator = "\u2028"  # no end of a line in JSON
    line = json.dumps({**ONE, "title": f"Ärger{line_separator}daheim"}, ensure_ascii=False)
    file.write_text(f"{line}\n{json.dumps(TWO)}", encoding=encoding)

    assert found(file) == [f"Ärger{line_separator}daheim", "The second"]


def test_the_limit_of_the_query_counts(tmp_path: Path) -> None:
    file = tmp_path / "saved.json"
    file.write_text(json.dumps([ONE, TWO]))

    assert found(file, limit=1) == ["The first"]


def test_malformed_posts_and_lines_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "saved.jsonl"
    file.write_text("\n".join([json.dumps(ONE), '{"id": "cut', '{"id": 5}', json.dumps(TWO)]))

    assert found(file) == ["The first", "The second"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{\n  "kind": "Listing",\n  "data": {"chil', r"not JSON at line 3, column \d+.*save that"),
        ("<!doctype html><title>Reddit</title>", r"is a web page, not JSON: its address must end"),
        (
            "<!doctype html><style>p{}</style><h1>Sorry</h1><p>Our network policy stopped this.",
            r"Reddit blocks the request: sign in .* Without an account, use a feed",
        ),
        (json.dumps({"message": "Forbidden", "error": 403}), r"error 403\): sign in to Reddit"),
        (json.dumps({"message": "Not Found", "error": 404}), r"error 404\): correct the subreddit"),
        (json.dumps({"error": 429}), r"error 429\): wait some minutes"),
        (json.dumps({"error": "none", "items": []}), "not a listing of Reddit posts"),
        (json.dumps(listing(COMMENT)), "not a listing of Reddit posts"),
        ("[" * 100_000, "not a listing"),
        ("12", "not a listing of Reddit posts"),
        ("", "not JSON at line 1, column 1"),
    ],
)
def test_a_file_that_is_not_a_listing_is_named_with_what_to_do(
    tmp_path: Path, content: str, sentence: str
) -> None:
    file = tmp_path / "saved.json"
    file.write_text(content)

    with pytest.raises(Permanent, match=sentence) as caught:
        found(file)
    assert file.name in str(caught.value)


def test_a_missing_file_a_folder_and_a_picture_are_named(tmp_path: Path) -> None:
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(b"\xff\xd8\xff\xe0picture")

    with pytest.raises(Permanent, match=r"There is no file .*gone\.json"):
        found(tmp_path / "gone.json")
    with pytest.raises(Permanent, match="is not a regular file"):
        found(tmp_path)
    with pytest.raises(Permanent, match=r"“picture\.jpg” is not text"):
        found(picture)


def test_a_posts_own_page_brings_the_answers_to_it(tmp_path: Path) -> None:
    # Given the two listings of a post's page: the post, and its comments with their replies
    def comment(parent: str, body: str, **fields: Any) -> dict[str, Any]:
        return {"kind": "t1", "data": {"parent_id": parent, "body": body, "author": "b", **fields}}

    page = [
        listing(thing({"id": "q1", "title": "Why?", "is_self": True, "selftext": ""})),
        listing(
            comment("t3_q1", "Read the rules.", distinguished="moderator"),
            comment("t3_q1", "Because.", score=40),
            comment("t1_x", "A reply to somebody."),
            comment("t3_q1", "[deleted]", author="[deleted]"),
            comment("t3_q1", "[ Removed by Reddit ]"),
            comment("t3_q1", "*This comment was wiped by its writer with a privacy app*"),
            comment("t3_q1", "A tin with a ring in it.", author="[deleted]", score=90),
            comment("t3_q1", "And it went on. " * 3_000),
            comment("t3_other", "To another post."),
            comment("t3_q1", "Why not?", score=3),
            {"kind": "more", "data": {"children": ["a"]}},
        ),
    ]
    path = tmp_path / "post.json"
    path.write_text(json.dumps(page))

    source = SavedListing(IntakeFolder(tmp_path))

    (story,) = source.stories(StoryQuery(path.name))

    # Then people's own words are kept, although the account of one is deleted
    assert story.answers == (
        Answer("b", "Because.", 40),
        Answer("", "A tin with a ring in it.", 90),
        Answer("b", "Why not?", 3),
    )
    assert list(source.answers([story], 1)) == [("reddit:t3_q1", story.answers[:1])]
