"""Settings → adapters: the only place that builds the workers' adapters.

Everything is built on first use, in the process that uses it: a network worker never loads a
voice, a gpu worker never loads PRAW.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

import adapters.figures  # noqa: F401  # they count from 0, before their adapter is loaded
from core import settings
from core.files.intake_folder import IntakeFolder
from core.files.storage import MediaStore
from core.limiter import Limit, Limiter, LimiterUnavailableError
from core.smtp import SmtpServer, addresses
from models import SourceKind
from pipelines import rate_limits
from pipelines.backups.archive import Archive
from pipelines.backups.files import Folders
from pipelines.backups.retention import Keep
from pipelines.backups.setup import BackupSetup
from pipelines.limit_grants import Grants
from pipelines.people.reset_links import ResetLinks
from pipelines.production.production_settings import ProductionSettings
from pipelines.publishing.delivery.delivery import Platform
from pipelines.publishing.delivery.manual.links import Links

if TYPE_CHECKING:
    from datetime import time
    from zoneinfo import ZoneInfo

    from adapters.ports import (
        Authorizer,
        Backgrounds,
        Insights,
        Mailer,
        Music,
        PageReader,
        Publisher,
        Renderer,
        SafetyJudge,
        ScriptWriter,
        StorySource,
        Synthesizer,
        WebhookSender,
    )


log = structlog.get_logger(__name__)


@cache
def media() -> MediaStore:
    return MediaStore(settings.current().media_dir)


@cache
def story_source(kind: str) -> StorySource:
    config = settings.current()
    if kind == SourceKind.SUBREDDIT:
        from adapters.reddit.api import RedditSource

        return RedditSource(
            client_id=config.reddit_client_id,
            client_secret=config.reddit_client_secret.get_secret_value(),
            user_agent=config.reddit_user_agent,
            reddit_url=config.reddit_url,
            oauth_url=config.reddit_oauth_url,
            slow_down=lambda seconds: hold(rate_limits.REDDIT, seconds),
        )
    if kind == SourceKind.FEED:
        from adapters.feeds.feed import FeedSource

        return FeedSource(
            user_agent=config.reddit_user_agent,
            allowed_hosts=config.allowed_hosts,
            slow_down=lambda feed, seconds: hold(rate_limits.feed_limit(feed), seconds),
        )
    return file_source(kind, config.intake_dir)


def file_source(kind: str, folder: Path) -> StorySource:
    """The source of files of that kind below ``folder``."""
    intake = IntakeFolder(folder)
    if kind == SourceKind.CSV:
        from adapters.files.csv_table import CsvSource

        return CsvSource(intake)
    if kind == SourceKind.FOLDER:
        from adapters.files.text_folder import FolderSource

        return FolderSource(intake)
    from adapters.reddit.saved_listing import SavedListing

    return SavedListing(intake)


@cache
def pages() -> PageReader:
    from adapters.feeds.article import ArticlePages

    config = settings.current()
    return ArticlePages(user_agent=config.reddit_user_agent, allowed_hosts=config.allowed_hosts)


@cache
def safety_judge() -> SafetyJudge | None:
    """The second judge; None when the settings name none."""
    config = settings.current()
    if not (config.safety_model and config.ollama_url):
        return None
    from adapters.llm.ollama_judge import OllamaJudge

    return OllamaJudge(
        url=config.ollama_url, model=config.safety_model, timeout_seconds=config.safety_seconds
    )


@cache
def writer() -> ScriptWriter | None:
    config = settings.current()
    if not config.ollama_url:
        return None
    from adapters.llm.ollama_writer import OllamaWriter

    return OllamaWriter(
        url=config.ollama_url, model=config.ollama_model, timeout_seconds=config.ollama_seconds
    )


@cache
def production_settings() -> ProductionSettings:
    return ProductionSettings.defaults(settings.current())


def synthesizer(chosen: ProductionSettings) -> Synthesizer:
    """The narrator's voice, with a second voice for quoted speech."""
    narrator = voice(chosen.voice, chosen.words_per_minute)
    if not chosen.quote_voice or chosen.quote_voice == chosen.voice:
        return narrator
    from adapters.speech.multi_voice import MultiVoiceSynthesizer

    quoted = voice(chosen.quote_voice, chosen.words_per_minute)
    return MultiVoiceSynthesizer(narrator=narrator, quoted=quoted)


@cache
def voice(chosen: str, words_per_minute: int) -> Synthesizer:
    """One voice, as ``VOICE`` or a channel names it."""
    config = settings.current()
    from adapters.speech.piper import PiperSynthesizer
    from adapters.speech.voice import build

    speaks = build(chosen, config.voices_dir, words_per_minute)
    if config.whisper_model is None or not isinstance(speaks, PiperSynthesizer):
        return speaks
    from adapters.speech.recognition.whisper import AlignedSynthesizer, WhisperAligner

    aligner = WhisperAligner(model=config.whisper_model, language=speaks.language)
    return AlignedSynthesizer(speaks, aligner)


@cache
def renderer() -> Renderer:
    from adapters.ffmpeg.renderer import FfmpegRenderer

    config = settings.current()
    return FfmpegRenderer(
        fonts=settings.ROOT / "assets" / "fonts",
        preset=config.x264_preset,
        growth=config.x264_most_growth,
    )


def renders_at_once() -> int:
    from adapters.ffmpeg.encoder_process import runs_at_once

    return runs_at_once()


@cache
def backgrounds() -> Backgrounds:
    from adapters.backgrounds.library import Backgrounds as Library

    config = settings.current()
    return Library(folder=config.background_dir, cache=config.media_dir / "backgrounds")


@cache
def music() -> Music:
    from adapters.music.library import Tunes

    config = settings.current()
    return Tunes(folder=config.music_dir, cache=config.media_dir / "music")


@cache
def authorizer() -> Authorizer:
    from adapters.tiktok.api.posting import TikTokAuthorizer

    config = settings.current()
    return TikTokAuthorizer(
        api_url=config.tiktok_api_url,
        authorize_url=config.tiktok_authorize_url,
        client_key=config.tiktok_client_key,
        client_secret=config.tiktok_client_secret.get_secret_value(),
        scopes=config.scopes,
    )


@cache
def publisher() -> Publisher:
    from adapters.tiktok.api.posting import TikTokPublisher

    return TikTokPublisher(api_url=settings.current().tiktok_api_url)


@cache
def platform() -> Platform:
    from adapters.tiktok.browser.uploader import TikTokBrowser
    from adapters.video_inspection.probe import IsolatedProbe

    config = settings.current()
    return Platform(
        publisher=publisher(),
        authorizer=authorizer(),
        probe=IsolatedProbe(),
        folder=media().folder,
        grants=Grants(limiter()),
        browser=TikTokBrowser(
            screenshots=media().folder / "screenshots",
            studio_url=config.tiktok_studio_url,
            chromium=config.chromium,
            chromedriver=config.chromedriver,
        ),
        most_bytes=config.most_upload_bytes,
        pause_after=config.pause_after_failures,
    )


@cache
def webhooks() -> WebhookSender:
    from adapters.webhooks.sender import HttpWebhooks

    return HttpWebhooks(allowed_hosts=settings.current().allowed_hosts)


@cache
def mailer() -> Mailer | None:
    return _mailer(*addresses(settings.current().mail_to))


def mailer_to(recipient: str) -> Mailer | None:
    """For a mail to one person."""
    return _mailer(recipient)


def _mailer(*recipients: str) -> Mailer | None:
    config = settings.current()
    if not config.smtp_url.get_secret_value():
        return None
    from adapters.mail.smtp import SmtpMailer

    return SmtpMailer(
        server=SmtpServer.parse(config.smtp_url.get_secret_value()),
        sender=config.mail_from,
        recipients=recipients,
    )


@cache
def reset_links() -> ResetLinks:
    return ResetLinks.of(settings.current())


@cache
def links() -> Links:
    return Links.of(settings.current())


@cache
def insights() -> Insights:
    from adapters.tiktok.api.insights import TikTokInsights

    return TikTokInsights(api_url=settings.current().tiktok_api_url)


@cache
def limiter() -> Limiter:
    return Limiter.at(settings.current().redis_url.get_secret_value())


def hold(limit: Limit, seconds: float) -> None:
    """Let nothing under ``limit`` pass for ``seconds``, in any worker: its service asked for it."""
    try:
        limiter().hold(limit, seconds)
    except LimiterUnavailableError as error:
        log.warning("pause_not_shared", limit=limit.name, error=str(error), seconds=seconds)


@cache
def backups() -> BackupSetup | None:
    """What backups are made with; None if BACKUP_DIR is not set."""
    config = settings.current()
    if config.backup_dir is None:
        return None
    from adapters.backups.folder import FolderPlace
    from adapters.backups.postgres_programs import PostgresPrograms

    return BackupSetup(
        archive=Archive(FolderPlace(folder=config.backup_dir), config.backup_keys),
        programs=PostgresPrograms(),
        url=config.database_url.get_secret_value(),
        folders=Folders(media=config.media_dir, intake=config.intake_dir),
        keep=Keep(config.backup_keep_daily, config.backup_keep_weekly, config.backup_keep_monthly),
    )


def backup_time() -> tuple[time, ZoneInfo]:
    """When the nightly backup is made."""
    return settings.current().backup_time
