"""What the pipelines need of the outside: Protocols, and the frozen values that cross them.

Pipelines see only this file; which adapter stands behind a Protocol is chosen in
``workers/wiring.py``. All adapters raise the errors of ``core/errors.py`` and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

Progress = Callable[[float], None]
"""Called with the share done, 0.0 to 1.0. May raise to cancel the work (see ``Claim.progress``)."""


# ── stories ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class StoryQuery:
    """Which stories a source asks for."""

    place: str
    """A subreddit's name, a feed's address, a file or a folder."""
    listing: Literal["hot", "new", "top", "rising"] = "hot"
    time_filter: Literal["hour", "day", "week", "month", "year", "all"] = "day"
    limit: int = 25


@dataclass(frozen=True, slots=True)
class FetchedStory:
    """One post as its source gave it; texts are the untouched originals."""

    external_id: str
    """Unique over all sources: ``reddit:t3_abc``, ``feed:<hash>``, ``paste:<hash>``."""
    title: str
    body: str
    """Markdown, as written. Empty for a post that is only a link or a picture."""
    url: str = ""
    place: str = ""
    """The subreddit or feed it came from, without any prefix."""
    author: str = ""
    score: int = 0
    nsfw: bool = False
    stickied: bool = False
    removed: bool = False
    """Taken down by its author, a moderator or the platform."""
    media_only: bool = False
    crosspost_of: str | None = None
    """The external id of the post that this one repeats, if the source says so."""
    written_at: datetime | None = None


class StorySource(Protocol):
    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        """Give the stories of ``query``, best first.

        Raises:
            Permanent: credentials or place are wrong; the sentence says which.
            Retryable: the source is away or asks to slow down.
        """


# ── scripts ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class StoryText:
    """A story as the writer sees it: narratable text, one entry a sentence."""

    story_id: int
    title: str
    sentences: tuple[str, ...]
    language: str = "en"
    tone: str = "plain"
    """How the words around it shall sound: ``plain``, ``dramatic``, ``warm`` or ``funny``."""


@dataclass(frozen=True, slots=True)
class ScriptDraft:
    """What a writer adds around a story's own words."""

    story_id: int
    title: str
    hooks: tuple[str, ...]
    """Openings to pick from, the best first; at least one."""
    call_to_action: str
    hashtags: tuple[str, ...]
    """Without the ``#``."""
    split_after: tuple[int, ...]
    """Indexes of sentences after which a new part would begin well; a wish, not an order."""
    written_by: str
    """``ollama/<model>`` or ``rules``."""

    @property
    def hook(self) -> str:
        """The one that is taken unless a person picks another."""
        return self.hooks[0]


class ScriptWriter(Protocol):
    def write(self, stories: Sequence[StoryText]) -> dict[int, ScriptDraft]:
        """Write for a batch of 1 to 50 stories; answers by story id.

        A story whose answer was missing or broke the schema is absent from the result.

        Raises:
            Retryable: the writer can't be reached or was too late.
            Permanent: the writer refuses (unknown model, bad request).
        """


# ── safety ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class SafetyOpinion:
    """What a judge thinks of a text."""

    score: float
    """0.0 harmless to 1.0 certainly not fit; whose thresholds count is the asker's business."""
    label: str
    """The category that weighs most, of ``SAFETY_LABELS``."""


SAFETY_LABELS = (
    "clean",
    "profanity",
    "harassment",
    "hate",
    "threat",
    "violence",
    "sexual",
    "sexual_minor",
    "self_harm",
    "drugs",
)


class SafetyJudge(Protocol):
    @property
    def name(self) -> str:
        """Who judges, as it is put on record: ``ollama/<model>``."""

    def judge(self, title: str, text: str) -> SafetyOpinion:
        """Judge one story; what it says is data and can't change how it is judged.

        Raises:
            Retryable: the judge can't be reached, was too late, or gave no answer to be believed.
            Permanent: it refuses (unknown model, bad request).
        """


# ── speech ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class WordTiming:
    """One spoken word; seconds from the start of the sound, ``start <= end``."""

    word: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Speech:
    """A narration on disk: mono 16-bit WAV."""

    path: Path
    seconds: float
    words: tuple[WordTiming, ...]
    """Exactly one entry for each of ``text.split()``, in order, starts never going back."""
    timed_by: Literal["synthesizer", "whisper", "estimate"]


class Synthesizer(Protocol):
    @property
    def identity(self) -> str:
        """Engine, version, voice and settings: part of the content key of a narration."""

    def speak(self, text: str, into: Path, progress: Progress | None = None) -> Speech:
        """Speak ``text`` sentence by sentence into the WAV file ``into``.

        Raises:
            Permanent: the text has nothing to say, or the voice can't say it.
            Retryable: the engine failed; the sentence names it.
        """


# ── picture ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """Everything that one video is made of. Paths are absolute."""

    narration: Path
    seconds: float
    """Length of the narration, and so of the video."""
    subtitles: Path
    """ASS file that carries captions, title card, part badge and progress bar."""
    output: Path
    cover: Path
    cover_at: float
    """Second of the video that the cover shows."""
    background: Path
    background_start: float = 0.0
    """Second of the background at which to begin, so that videos differ."""
    music: Path | None = None
    width: int = 1080
    height: int = 1920
    fps: int = 30
    max_bytes: int = 64_000_000


@dataclass(frozen=True, slots=True)
class RenderedVideo:
    path: Path
    cover: Path
    seconds: float
    width: int
    height: int
    size_bytes: int
    loudness: float
    """Integrated loudness in LUFS, measured on the finished file's sound."""
    true_peak: float
    """dBTP."""


@dataclass(frozen=True, slots=True)
class Footage:
    """A film to put behind the captions; it is repeated where it is too short."""

    path: Path
    start: float
    """Second at which to begin."""


class Background(Protocol):
    @property
    def name(self) -> str:
        """Tells the footage from any other: part of the content key of a video."""

    def ready(self, progress: Progress, /) -> AbstractContextManager[Footage]:
        """Prepare the footage; it stays as it is until the block ends.

        Raises:
            Retryable: it was removed meanwhile, or the disk is full.
            Permanent: it can't be read.
        """


class Backgrounds(Protocol):
    def choose(self, mood: str, number: int, seconds: float) -> Background:
        """Give the background of a video, without preparing it.

        The same number gives the same background, neighbouring ones give others.

        Args:
            mood: a mood of the operator's, or a kind that can be drawn; empty takes any.
            number: of the video among those of its mood, from 0.
            seconds: its length.

        Raises:
            Permanent: there is nothing to choose from; the sentence says what to do.
        """


@dataclass(frozen=True, slots=True)
class Tune:
    name: str
    """Tells it from any other: part of the content key of a video."""
    path: Path


class Music(Protocol):
    def choose(self, mood: str, number: int) -> Tune | None:
        """Give the tune of a video; the same number gives the same tune. None leaves it without.

        Raises:
            Permanent: the mood is unknown; the sentence says what to do.
        """


class Renderer(Protocol):
    def render(self, plan: RenderPlan, progress: Progress | None = None) -> RenderedVideo:
        """Make the video in one encoder run and probe it before it counts.

        Nothing half-made is left behind when it fails or is cancelled.

        Raises:
            Retryable: the encoder died or hung, or the disk is full (code ``disk_full``).
            Permanent: an input can't be read; the sentence names it.
        """


# ── publishing ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """An answer of the token endpoint; lifetimes in seconds, as the answer gave them."""

    open_id: str
    scopes: tuple[str, ...]
    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str = field(repr=False)
    refresh_expires_in: int


@dataclass(frozen=True, slots=True)
class CreatorInfo:
    username: str
    nickname: str
    privacy_options: tuple[str, ...]
    comment_disabled: bool
    duet_disabled: bool
    stitch_disabled: bool
    max_seconds: int


@dataclass(frozen=True, slots=True)
class PostInfo:
    """What a direct post says of itself; ``title`` at most 2,200 UTF-16 units."""

    title: str
    privacy: str
    allow_comment: bool = False
    allow_duet: bool = False
    allow_stitch: bool = False
    cover_at_ms: int = 0
    ai_generated: bool = True


@dataclass(frozen=True, slots=True)
class UploadTicket:
    publish_id: str
    upload_url: str = field(repr=False)
    """A capability: whoever has it can upload. Good for one hour; stored encrypted only."""


@dataclass(frozen=True, slots=True)
class ChunkPlan:
    """How a file of ``video_size`` bytes is cut."""

    video_size: int
    chunk_size: int
    count: int


@dataclass(frozen=True, slots=True)
class PostStatus:
    state: Literal["uploading", "processing", "inbox", "published", "failed"]
    uploaded_bytes: int = 0
    fail_reason: str = ""
    platform_id: str = ""


class Authorizer(Protocol):
    def authorize_url(self, *, state: str, verifier: str, redirect_uri: str) -> str: ...

    def exchange_code(self, code: str, *, verifier: str, redirect_uri: str) -> TokenGrant:
        """Raises Permanent for a bad or used code, Retryable when the platform is away."""

    def refresh(self, refresh_token: str) -> TokenGrant:
        """Raises Permanent when the grant is gone, Retryable when the platform is away."""

    def name_of(self, access_token: str) -> str:
        """What the creator is called."""

    def revoke(self, access_token: str) -> None: ...


class Publisher(Protocol):
    """The Content Posting API; every call may raise Retryable, Permanent or Parked."""

    def creator_info(self, access_token: str) -> CreatorInfo: ...

    def begin_direct_post(
        self, access_token: str, post: PostInfo, chunks: ChunkPlan
    ) -> UploadTicket: ...

    def begin_inbox_upload(self, access_token: str, chunks: ChunkPlan) -> UploadTicket: ...

    def send(
        self,
        ticket: UploadTicket,
        file: Path,
        chunks: ChunkPlan,
        *,
        first_byte: int = 0,
        progress: Progress | None = None,
    ) -> None:
        """Send the chunks from the one that holds ``first_byte``; memory stays constant."""

    def status(self, access_token: str, publish_id: str) -> PostStatus: ...


# ── validation ───────────────────────────────────────────────────────────────────────────────


Fault = Literal[
    "", "unfinished", "cut_off", "damaged", "encrypted", "undecodable", "greedy", "crashing"
]


@dataclass(frozen=True, slots=True)
class ProbedVideo:
    """What is really in a file, whatever its name says; figures are 0 where there is none."""

    container: str
    """``mp4`` (also MOV), ``matroska``, ``webm`` or ``avi``; else what the file is in words, such
    as ``a ZIP archive``, or nothing where that is unknown."""
    fault: Fault = ""
    """What is wrong with it: never finished; cut off; parts that contradict each other; encrypted;
    pictures that don't decode; needs more memory or time than a video may; ends its reader."""
    codec: str = ""
    """ffmpeg's name of the picture's codec: ``h264``, ``hevc``, ``vp8``, ``vp9``, …"""
    sound_codec: str = ""
    width: int = 0
    height: int = 0
    pictures: int = 0
    pictures_per_second: float = 0.0
    """By the pictures' own times."""
    seconds: float = 0.0
    """From the first picture or sound to the end of the last."""
    claimed_seconds: float = 0.0
    """As the header says; 0 where it says nothing."""


class VideoProbe(Protocol):
    def inspect(self, path: Path) -> ProbedVideo:
        """Look into the file at ``path``, within bounds of time and memory.

        A file that is no video, or a broken one, is an answer and no error.

        Raises:
            Retryable: it couldn't be looked into now; codes ``video_probe_slow``,
                ``video_probe_failed``.
        """


# ── mail ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to whoever posts by hand. Its texts hold a download link, which is a capability."""

    key: str
    """Names the mail: the same key sent again is the same mail (its Message-ID)."""
    thread: str
    """Names what the mail is about: mails of one thread stand together."""
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


class Mailer(Protocol):
    def send(self, mail: Mail) -> None:
        """Hand the mail to the mail server; where its answer is lost, the mail may arrive twice.

        Raises:
            Retryable: the server is away or busy, or its answer was lost.
            Parked: the server refuses (sign-in, sender, recipients, the mail), or is not to be
                trusted; a person has to change a setting.
        """


# ── publishing through the creator's upload page ─────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class BrowserPost:
    """What is filled in on the upload page; ``privacy`` in the API's words."""

    username: str
    """Whose page it has to be, without ``@``; nothing is posted on anybody else's."""
    title: str
    """The caption with its hashtags, at most 2,200 UTF-16 units."""
    privacy: str
    allow_comment: bool = False
    allow_duet: bool = False
    allow_stitch: bool = False
    ai_generated: bool = True


@dataclass(frozen=True, slots=True)
class BrowserHealth:
    """Somebody is signed in."""

    username: str
    session: str = field(repr=False)
    """The cookies as they are now: store them, the old ones may be good no more."""
    good_until: datetime | None
    """When the sign-in ends by itself; None where the site does not say."""


@dataclass(frozen=True, slots=True)
class BrowserOutcome:
    """A post that stands, as its page said."""

    session: str = field(repr=False)
    """The cookies as they are now: store them."""
    platform_id: str = ""
    """Empty where the page did not show it (yet)."""
    address: str = ""


class BrowserUploader(Protocol):
    """A creator's upload page, worked like a person would.

    ``session`` is a JSON text of cookies, as ``core.cookies.parse_cookies`` gives it; it is a
    secret, and an adapter never writes it to disk. All calls may raise, by ``code``:

    - BrowserStopped (a person is needed): ``browser_signed_out``, ``browser_wrong_account``,
      ``browser_captcha``, ``browser_page_changed``, ``browser_missing`` (no browser here).
    - Retryable: ``browser_unreachable``, ``browser_slow``, ``browser_crashed``,
      ``browser_upload_failed``.
    """

    def check(self, session: str) -> BrowserHealth:
        """Say who is signed in, changing nothing."""

    def post(
        self,
        session: str,
        file: Path,
        post: BrowserPost,
        *,
        about_to_post: Callable[[], None],
        progress: Progress | None = None,
    ) -> BrowserOutcome:
        """Upload ``file``, fill the page in and publish.

        ``about_to_post`` is called once, right before the button that publishes is pressed.
        Before it nothing was posted, whatever is raised; what it or ``progress`` raises closes
        the browser and passes through. ``progress`` is called about twice a second until then.

        Raises:
            BrowserStopped: also ``browser_unknown``: the button was pressed and nothing clear
                followed. Ask ``find``; never post again without an answer.
            Permanent: ``browser_rejected``: the page does not take the video; says its reason.
        """

    def find(self, session: str, post: BrowserPost, since: datetime) -> BrowserOutcome | None:
        """Look for a post with this title, made from ``since`` on, in the creator's own list.

        None says that it is certainly not there.

        Raises:
            Wait: ``browser_settling``: it is too early to say that it is not there.
            BrowserStopped: also ``browser_unknown``: the list does not tell.
        """


# ── how videos do ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class VideoCounts:
    """How a public video is doing now."""

    views: int
    likes: int
    comments: int
    shares: int
    address: str = ""
    """Where viewers find it."""


class Insights(Protocol):
    def counts(self, access_token: str, video_ids: Sequence[str]) -> dict[str, VideoCounts]:
        """The counts of up to 20 videos by their ids; one that viewers can't see is left out.

        Raises:
            Permanent: the creator did not allow it.
            Retryable: the platform is away or wants a pause.
        """
