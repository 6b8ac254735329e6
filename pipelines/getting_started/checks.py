"""Asks whether a part of the installation works, and keeps the last result."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import structlog

from adapters.ports import Ask, Authorizer, Services, Voices
from core import db
from core.errors import InputError, StorymillError, VoiceBusyError
from core.settings import Settings
from models import SetupCheck, now
from pipelines.getting_started import subjects
from pipelines.production.narration import channel_pronunciations
from pipelines.publishing.accounts.tokens import with_token

log = structlog.get_logger(__name__)

SAMPLE = "This is how your stories sound."


class Check(StrEnum):
    TIKTOK = "tiktok"
    """TikTok knows the app's key and secret."""
    REDDIT = "reddit"
    OLLAMA = "ollama"
    """The server answers and has the model."""
    MAIL = "mail"
    """The mail server lets us sign in."""
    ACCOUNT = "account"
    """TikTok accepts the first account's token."""
    VOICE = "voice"
    """The first channel's voice speaks."""


@dataclass(frozen=True, slots=True)
class Checks:
    """The checks of one process.

    Attributes:
        config: its settings.
        authorizer: TikTok; None where this process can't reach it.
        voices: the voices of this machine; None where there are none.
        services: what else the settings name.
    """

    config: Settings
    authorizer: Authorizer | None
    voices: Voices | None
    services: Services

    def subject(self, check: Check) -> str:
        """What the check is about now; empty if there is nothing to check."""
        config = self.config
        match check:
            case Check.TIKTOK:
                known = self.authorizer and config.tiktok_client_secret.get_secret_value()
                return config.tiktok_client_key if known else ""
            case Check.REDDIT:
                return config.reddit_client_id if self.services.reddit else ""
            case Check.OLLAMA:
                return config.ollama_model if self.services.ollama else ""
            case Check.MAIL:
                return config.mail_from if self.services.mail else ""
            case Check.ACCOUNT:
                account = subjects.account() if self.authorizer else None
                return str(account.id) if account else ""
            case Check.VOICE:
                return subjects.voice_of(subjects.channel(), config) if self.voices else ""

    def result(self, check: Check) -> SetupCheck | None:
        """The last result, if it is about the present subject."""
        return SetupCheck.get_or_none(
            SetupCheck.name == check, SetupCheck.subject == self.subject(check)
        )

    def run(self, check: Check) -> SetupCheck | None:
        """Check now and store the result; None if there is nothing to check.

        Raises:
            VoiceBusyError: another text is being said, so nothing was found out.
        """
        subject = self.subject(check)
        if not subject:
            return None
        try:
            self._ask(check)
        except VoiceBusyError:
            raise
        except StorymillError as error:
            log.warning("setup_check_failed", check=str(check), error=str(error))
            return _store(check, subject, str(error))
        return _store(check, subject, "")

    def hear(self) -> bytes:
        """The first channel's voice saying a sentence, as a WAV file.

        Raises:
            InputError: it can't speak now; the message says why.
        """
        if self.voices is None:
            raise InputError("This process has no voices: start it with admin.wsgi.")
        channel, text, pace = subjects.channel(), SAMPLE, self.config.words_per_minute
        if channel is not None:
            said = channel_pronunciations.say(text, channel.pronunciations)
            text, pace = (said.text if said else text), channel.words_per_minute or pace
        voice = subjects.voice_of(channel, self.config)
        with db.closed_for_long_work():
            return self.voices.say(voice, text, pace)

    def _ask(self, check: Check) -> None:
        """Raises a StorymillError if it doesn't work."""
        if check == Check.VOICE:
            self.hear()
        elif check == Check.ACCOUNT:
            account = subjects.account()
            if account is not None and self.authorizer is not None:
                with_token(account, self.authorizer, self.authorizer.name_of)
        else:
            asks: dict[str, Ask | None] = {
                Check.TIKTOK: self.authorizer.check_app if self.authorizer else None,
                Check.REDDIT: self.services.reddit,
                Check.OLLAMA: self.services.ollama,
                Check.MAIL: self.services.mail,
            }
            ask = asks[check]
            if ask is not None:
                with db.closed_for_long_work():
                    ask()


def _store(check: Check, subject: str, fault: str) -> SetupCheck:
    """Keep the result instead of the last one."""
    facts = {"subject": subject, "ok": not fault, "sentence": fault, "checked_at": now()}
    (
        SetupCheck.insert(name=check, **facts)
        .on_conflict(conflict_target=[SetupCheck.name], update=facts)
        .execute()
    )
    return SetupCheck.get(SetupCheck.name == check)
