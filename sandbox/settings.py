"""What can be chosen when the sandbox starts, and changed while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Settings:
    """Figures follow the services' documents of November 2026; seconds unless said otherwise."""

    reddit_client_id: str = "sandbox-reddit-id"
    reddit_client_secret: str = field(default="sandbox-reddit-secret", repr=False)
    reddit_window_requests: int = 1000
    """Requests in a window of ten minutes (100 a minute, averaged)."""

    tiktok_client_key: str = "sandbox-client-key"
    tiktok_client_secret: str = field(default="sandbox-client-secret", repr=False)
    redirect_uris: tuple[str, ...] = ()
    """Registered redirect addresses; empty allows any address on this machine."""
    audited: bool = True
    """An app that is not audited posts ``SELF_ONLY``, for five creators a day."""
    access_seconds: int = 7_200
    refresh_seconds: int = 180 * 86_400
    upload_seconds: int = 3_600
    """How long an upload address is good."""
    processing_seconds: float = 1.5
    """From the last byte to the end of processing (minutes to hours at the real service)."""
    daily_posts: int = 15
    pending_shares: int = 5
    creator_info_a_minute: int = 20
    init_a_minute: int = 6
    status_a_minute: int = 30
    read_a_minute: int = 600
    studio_bytes_a_second: int = 0
    """How fast the creators' page takes a video; 0: as fast as it comes."""
    studio_seconds: int = 60 * 86_400
    """How long somebody stays signed in to the creators' pages."""
    webhook_url: str = ""
    webhook_retry_seconds: float = 5.0

    ollama_model: str = "llama3.2"
    ollama_seconds: float = 0.0
    """How long an answer takes to write."""

    mail_user: str = "sandbox-mail"
    mail_password: str = field(default="sandbox-mail-password", repr=False)
