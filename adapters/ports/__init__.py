"""What the pipelines need from outside: Protocols, and the frozen values passed through them.

Pipelines import only this package; ``workers/wiring.py`` chooses the adapter for each Protocol. All
adapters raise only the errors of ``core/errors.py``.
"""

from adapters.ports.backups import BackupPlace, DatabasePrograms
from adapters.ports.browser import BrowserHealth, BrowserOutcome, BrowserPost, BrowserUploader
from adapters.ports.insights import Insights, VideoCounts
from adapters.ports.mail import Mail, Mailer
from adapters.ports.progress import Progress
from adapters.ports.publishing import (
    Authorizer,
    ChunkPlan,
    CreatorInfo,
    PostInfo,
    PostStatus,
    Publisher,
    TokenGrant,
    UploadTicket,
)
from adapters.ports.rendering import (
    NO_MUSIC,
    Background,
    Backgrounds,
    ComposedMusic,
    DrawnBackground,
    Encoding,
    Footage,
    Music,
    RenderedVideo,
    Renderer,
    RenderPlan,
    Tune,
)
from adapters.ports.safety import SafetyJudge, SafetyLabel, SafetyOpinion
from adapters.ports.scripts import ScriptDraft, ScriptWriter, StoryText
from adapters.ports.setup import Ask, Services
from adapters.ports.speech import KnownVoice, Saying, Speech, Synthesizer, Voices, WordTiming
from adapters.ports.stories import (
    NOTE,
    Answer,
    FetchedStory,
    PageReader,
    StoryQuery,
    StorySource,
    UnreadableRow,
)
from adapters.ports.video import Fault, ProbedVideo, VideoProbe
from adapters.ports.webhooks import Webhook, WebhookSender

__all__ = [
    "NOTE",
    "NO_MUSIC",
    "Answer",
    "Ask",
    "Authorizer",
    "Background",
    "Backgrounds",
    "BackupPlace",
    "BrowserHealth",
    "BrowserOutcome",
    "BrowserPost",
    "BrowserUploader",
    "ChunkPlan",
    "ComposedMusic",
    "CreatorInfo",
    "DatabasePrograms",
    "DrawnBackground",
    "Encoding",
    "Fault",
    "FetchedStory",
    "Footage",
    "Insights",
    "KnownVoice",
    "Mail",
    "Mailer",
    "Music",
    "PageReader",
    "PostInfo",
    "PostStatus",
    "ProbedVideo",
    "Progress",
    "Publisher",
    "RenderPlan",
    "RenderedVideo",
    "Renderer",
    "SafetyJudge",
    "SafetyLabel",
    "SafetyOpinion",
    "Saying",
    "ScriptDraft",
    "ScriptWriter",
    "Services",
    "Speech",
    "StoryQuery",
    "StorySource",
    "StoryText",
    "Synthesizer",
    "TokenGrant",
    "Tune",
    "UnreadableRow",
    "UploadTicket",
    "VideoCounts",
    "VideoProbe",
    "Voices",
    "Webhook",
    "WebhookSender",
    "WordTiming",
]
