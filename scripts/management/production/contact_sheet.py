"""Command that draws sample captions in one picture: every style, many scripts."""

# ruff: noqa: RUF001  (letters of other scripts look like ours)

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from core.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

    from pipelines.production.captions.caption_style import CaptionStyle
    from pipelines.production.captions.cards import Card

_SECONDS = 12.0
_COLUMNS = 6
_TILE = (360, 640)
_CAPTION_HEIGHT, _GAP = 46, 16
_TALE = (
    "My neighbour has watered a plastic plant for three years. Nobody in the house had the heart "
    "to say so, and last week he asked me why it never grows."
)
_JAPANESE = "隣の人は「プラスチックの植物」に三年間も水をやっていた。"
_CHINESE = "我的邻居给一盆塑料植物浇了三年的水，谁也不忍心告诉他。"
_LONG_ANSWER = (
    "We had one at the office. Everybody took turns with the watering can, there was a list, and "
    "when the new manager asked who looked after the greenery eleven people put up their hands. "
    "It was made of silk. The list is still up, and I am down for Thursday, so that I will be "
    "there early and nobody has to know that the can has been empty since the spring."
)


def add_to(manage: click.Group) -> None:
    manage.add_command(contact_sheet)


@click.command("contact-sheet")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("var/contact-sheet.png"),
    show_default=True,
)
@click.option("--only", default="", help="Only frames whose name contains this, such as Karaoke.")
def contact_sheet(output: Path, only: str) -> None:
    """Draw captions in every style and many scripts, as in videos, into one picture."""
    tiles = [tile for tile in _tiles() if only.casefold() in tile.about.casefold()]
    if not tiles:
        raise InputError(f"No frame name contains “{only}”.")
    with TemporaryDirectory() as folder:
        pictures = [_drawn(tile, index, Path(folder)) for index, tile in enumerate(tiles)]
    output.parent.mkdir(parents=True, exist_ok=True)
    _sheet(tiles, pictures).save(output)
    click.echo(f"{output}: {len(tiles)} {'frame' if len(tiles) == 1 else 'frames'}")


@dataclass(frozen=True, slots=True)
class _Tile:
    about: str
    caption_style: CaptionStyle
    text: str = _TALE
    at: float = 5.85
    """Time of the frame, in seconds."""
    each: float = 0.4
    """Seconds per word."""
    card: Card | None = None
    part: tuple[int, int] = (1, 1)


def _tiles() -> list[_Tile]:
    from pipelines.production.captions.caption_style import CaptionStyle
    from pipelines.production.captions.cards import Card

    plain, pop, block = CaptionStyle(), CaptionStyle(style="pop"), CaptionStyle(style="block")
    card = Card("r/Plants", "My neighbour waters a plastic plant. Do I tell him?", 12_400)
    long = Card(
        "r/TalesOfTheNightShift",
        "I answered every question honestly for a whole week, and now nobody in the building "
        "speaks to me but the lift",
    )
    answer = Card("u/fern_and_frost", "Tell it to the plant first.", 4_310, answer=1)
    middle, top = (
        CaptionStyle(position="middle", font="Noto Sans"),
        CaptionStyle(position="top", font="Anton"),
    )
    return [
        _Tile("Title, first part", plain, at=0.9, card=card, part=(1, 3)),
        _Tile("Long title, captions in the middle", middle, at=0.9, card=long),
        _Tile("Title below captions at the top", top, at=0.9, card=card, part=(2, 3)),
        _Tile("An answer", plain, at=0.9, card=answer, part=(2, 3)),
        _Tile("A long answer", pop, at=0.9, card=replace(answer, text=_LONG_ANSWER)),
        _Tile("Karaoke, a second part", plain, part=(2, 3)),
        _Tile("Pop", pop),
        _Tile("Block", block),
        _Tile("The end", plain, at=11.2, part=(3, 3)),
        _Tile(
            "Anton, capitals, red",
            CaptionStyle(
                font="Anton", upper_case=True, spoken_colour="FF4D4D", size=104, position="middle"
            ),
        ),
        _Tile(
            "Noto Sans, six words, green",
            CaptionStyle(font="Noto Sans", words_at_once=6, spoken_colour="5CFF8A", size=76),
        ),
        _Tile(
            "Dark letters, light outline",
            CaptionStyle(colour="16181C", outline_colour="FFFFFF", spoken_colour="DB2777"),
        ),
        _Tile("No outline, at the top", CaptionStyle(outline=0, position="top", size=100)),
        _Tile(
            "Largest pop, capitals",
            CaptionStyle(style="pop", size=120, upper_case=True, outline=16),
        ),
        _Tile("Long words", plain, "Uncharacteristically straightforward misunderstandings", 0.5),
        _Tile("German", plain, "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk", 0.3),
        _Tile("Arabic", plain, "كان جاري يسقي نبتة بلاستيكية منذ ثلاث سنوات.", 0.7),
        _Tile("Hebrew", block, "השכן שלי משקה צמח פלסטיק כבר שלוש שנים.", 0.7),
        _Tile(
            "Title in Hebrew",
            CaptionStyle(style="block"),
            "השכן שלי משקה צמח פלסטיק כבר שלוש שנים.",
            at=0.7,
            card=Card("r/Plants", "השכן שלי משקה צמח פלסטיק 😭. לספר לו?", 8_700),
        ),
        _Tile("Persian, with a number", plain, "همسایه‌ام ۳ سال به گیاه پلاستیکی آب می‌داد.", 0.9),
        _Tile("Japanese", plain, _JAPANESE, 3.0, each=6.0),
        _Tile("Japanese in pop", pop, _JAPANESE, 3.0, each=6.0),
        _Tile(
            "Title in Japanese",
            pop,
            _JAPANESE,
            at=1.0,
            each=6.0,
            card=Card("r/Plants", f"{_JAPANESE}本当のことを教えてあげるべきですか？😭", 8_700),
        ),
        _Tile("Chinese", plain, _CHINESE, 3.0, each=6.0),
        _Tile("Chinese block", block, _CHINESE, 3.0, each=6.0),
        _Tile("Korean", plain, "이웃은 삼 년 동안 플라스틱 화분에 물을 주었다.", 0.9),
        _Tile("Thai", plain, "เพื่อนบ้านของฉันรดน้ำต้นไม้พลาสติกมาสามปีแล้ว", 1.6, each=4.0),
        _Tile("Lao", plain, "ເພື່ອນບ້ານຂອງຂ້ອຍຫົດນ້ຳຕົ້ນໄມ້ພລາສຕິກ", 1.6, each=4.0),
        _Tile("Khmer", plain, "អ្នកជិតខាងរបស់ខ្ញុំបានស្រោចទឹករុក្ខជាតិប្លាស្ទិក", 1.6, each=4.0),
        _Tile("Burmese", plain, "အိမ်နီးချင်းက ပလတ်စတစ်အပင်ကို ရေလောင်းခဲ့သည်။", 1.6, each=1.0),
        _Tile("Hindi", plain, "मेरा पड़ोसी तीन साल से प्लास्टिक के पौधे को पानी देता है।", 0.9),
        _Tile("Bengali", plain, "আমার প্রতিবেশী তিন বছর ধরে প্লাস্টিকের গাছে জল দিচ্ছেন।", 0.9),
        _Tile("Vietnamese, Polish", plain, "Người hàng xóm podlewał żółtą roślinę", 0.9),
        _Tile(
            "Six yellow words at the top",
            CaptionStyle(words_at_once=6, position="top", style="block", colour="FFE14D"),
        ),
        _Tile("Emoji in pop", CaptionStyle(style="pop", size=120), "🔥👨‍👩‍👧 and", 0.3),
        _Tile("Largest Anton", CaptionStyle(font="Anton", size=120, upper_case=True)),
        _Tile(
            "Greek, Cyrillic",
            CaptionStyle(font="Noto Sans"),
            "Ο γείτονας, сосед поливает растение",
            0.9,
        ),
        _Tile("Emoji", plain, "so 😭 and 👩🏽‍🚀 then ❤️ ⭐ 🇫🇷 🔥", 0.3),
        _Tile("Emoji inside words", plain, "wet👍🏽now 1️⃣🇫🇷🏴‍☠️ so👨‍👩‍👧‍👦what!", 0.5),
        _Tile("Emoji in Hebrew", plain, "הוא בכה😭. 👨‍👩‍👧🔥 בלילה", 0.5),
        _Tile("Emoji first in Arabic", plain, "😭🔥 كان جاري ❤️!", 0.5),
        _Tile(
            "Emoji on a card",
            pop,
            at=0.5,
            card=Card("r/Pets", "My dog 🐶 ate it 😂😂 and I cried 😭.", 5),
        ),
    ]


def _drawn(tile: _Tile, index: int, folder: Path) -> Image.Image:
    """The frame of ``tile``, drawn with the same filter as the captions of videos."""
    import imageio_ffmpeg
    from PIL import Image

    from adapters.backgrounds import drawn
    from adapters.ports import WordTiming
    from pipelines.production.captions import fonts, subtitle_writer

    background = folder / f"background-{index % 30}.mp4"
    if not background.exists():
        kinds = sorted(drawn.KINDS)
        drawn.draw(background, kinds[index % len(kinds)], index % 6, seconds=1 / 30)
    words = [
        WordTiming(word, number * tile.each + 0.1, (number + 1) * tile.each + 0.05)
        for number, word in enumerate(tile.text.split())
    ]
    subtitles = subtitle_writer.build(
        words,
        caption_style=tile.caption_style,
        shown=[tile.card] if tile.card else [],
        part=tile.part,
        seconds=_SECONDS,
    )
    file, made = folder / "captions.ass", folder / "frame.png"
    file.write_text(subtitles.ass, encoding="utf-8")
    filters = (
        f"loop=-1:1,setpts=PTS+{tile.at}/TB,ass={file}:fontsdir={fonts.FOLDER}:shaping=complex"
    )
    subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y"),
            *("-i", str(background), "-vf", filters, "-frames:v", "1", str(made)),
        ],
        check=True,
        timeout=60,
    )
    with Image.open(made) as picture:
        return picture.convert("RGB")


def _sheet(tiles: Sequence[_Tile], pictures: Sequence[Image.Image]) -> Image.Image:
    from PIL import Image, ImageDraw, ImageFont

    from pipelines.production.captions import fonts

    width, height = _TILE[0] + _GAP, _TILE[1] + _CAPTION_HEIGHT + _GAP
    columns = min(_COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * width + _GAP, rows * height + _GAP), "#F4F4F5")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(str(fonts.FOLDER / fonts.PLAIN.file), 20)
    for index, (tile, picture) in enumerate(zip(tiles, pictures, strict=True)):
        x, y = _GAP + index % columns * width, _GAP + index // columns * height
        sheet.paste(picture.resize(_TILE, Image.Resampling.LANCZOS), (x, y))
        draw.text((x, y + _TILE[1] + 10), tile.about, fill="#18181B", font=font)
    return sheet
