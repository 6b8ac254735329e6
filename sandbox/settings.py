"""The sandbox's settings: chosen at the start, and changeable while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Settings:
    """Values follow the services' documents of November 2026; in seconds unless stated."""

    reddit_client_id: str = "sandbox-reddit-id"
    reddit_client_secret: str = field(default="sandbox-reddit-secret", repr=False)
    reddit_window_requests: int = 1000
    """Requests in a window of ten minutes (100 a minute, averaged)."""

    tiktok_client_key: str = "sandbox-client-key"
    tiktok_client_secret: str = field(default="sandbox-client-secret", repr=False)
    redirect_uris: tuple[str, ...] = ()
    """Registered redirect addresses; empty allows any address on this machine."""
    audited: bool = True
    """An unaudited app can only post ``SELF_ONLY``, for five creators a day."""
    access_seconds: int = 7_200
    refresh_seconds: int = 180 * 86_400
    upload_seconds: int = 3_600
    """How long an upload address is valid."""
    processing_seconds: float = 1.5
    """From the last byte to the end of processing (minutes to hours at the real service)."""
    daily_posts: int = 15
    pending_shares: int = 5
    creator_info_a_minute: int = 20
    init_a_minute: int = 6
    status_a_minute: int = 30
    read_a_minute: int = 600
    studio_bytes_a_second: int = 0
    """Upload speed limit of the creators' page; 0: none."""
    studio_seconds: int = 60 * 86_400
    """How long a sign-in to the creators' pages lasts."""
    webhook_url: str = ""
    webhook_retry_seconds: float = 5.0

    ollama_model: str = "llama3.2"
    ollama_seconds: float = 0.0
    """How long an answer takes."""

    mail_user: str = "sandbox-mail"
    mail_password: str = field(default="sandbox-mail-password", repr=False)
