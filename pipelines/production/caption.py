"""The words of a part appear in time with the voice."""

from __future__ import annotations

from dataclasses import asdict

from core import db
from core.errors import InputError, Permanent
from core.storage import MediaStore, content_key
from models import Caption, Narration, Part, Story
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.production import captions
from pipelines.production.look import Look
from pipelines.production.narrate import timings
from pipelines.production.studio import Studio
from pipelines.production.title_card import TitleCard


def caption(part_id: int, claim: Claim, media: MediaStore, defaults: Studio) -> None:
    """Write the captions of a narrated part, in the look of its story's channel.

    Raises:
        Permanent: a spoken word would not be shown, and the sentence names it (P13); or the look
            can't be used.
    """
    part = Part.get_by_id(part_id)
    narration = Narration.get(Narration.part == part)
    card = _title_card(part)
    words = timings(narration)
    look = _look(defaults.of(part.script.story))
    key = content_key("captions/2", narration.key, asdict(look), repr(card), part.number, part.of)
    with db.closed_for_long_work():
        subtitles = captions.build(
            words,
            look=look,
            title_card=card,
            part=(part.number, part.of),
            seconds=narration.seconds,
        )
        if lost := captions.missing(words, subtitles.ass, look):
            raise Permanent(f"Not captioned: {' '.join(lost[:10])}.", code="coverage")
        paths = {}
        for kind, text in (("ass", subtitles.ass), ("srt", subtitles.srt), ("vtt", subtitles.vtt)):
            paths[kind] = media.path("captions", key, f".{kind}")
            media.write(paths[kind], text)
    with claim.finish():
        Caption.insert(
            part=part,
            key=key,
            ass_path=str(paths["ass"]),
            srt_path=str(paths["srt"]),
            vtt_path=str(paths["vtt"]),
            style=look.style,
            captioned_words=subtitles.captioned_words,
        ).on_conflict(
            conflict_target=[Caption.part],
            preserve=[
                Caption.key,
                Caption.ass_path,
                Caption.srt_path,
                Caption.vtt_path,
                Caption.style,
                Caption.captioned_words,
            ],
        ).execute()
        ledger.enqueue("render", part.id, request_id=claim.request_id, follows=True)


def _look(studio: Studio) -> Look:
    try:
        return Look.parse(studio.look)
    except InputError as error:
        raise Permanent(f"{error} Change the channel's captions.", code="look") from error


def _title_card(part: Part) -> TitleCard:
    story: Story = part.script.story
    is_reddit = story.external_id.startswith("reddit:")
    place = f"r/{story.place}" if is_reddit else story.place or story.source.name
    score = story.score if is_reddit else None
    return TitleCard(title=part.script.title, place=place, score=score)
