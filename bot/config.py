"""Settings from the environment or `.env`. A channel is on when its settings are there; the simulator when none is."""

from __future__ import annotations

from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ConfigurationError(Exception):
    """A setting is missing or contradicts another; the message names it and says what to do."""


class Settings(BaseSettings):
    """All settings, in the names the README lists (upper case in the environment)."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, populate_by_name=True)

    port: int = Field(default=8080, ge=0, le=65535)
    baton_home: Path = Path("var")
    baton_simulator: bool | None = None
    baton_zone: str = "Asia/Kolkata"
    baton_country: str = "IN"
    baton_state: str = ""
    baton_hours: str = ""
    baton_days_off: str = ""
    baton_currency: str = "INR"
    baton_undo_seconds: int = Field(default=10, ge=0, le=3600)
    database_url: str = ""
    public_base_url: str = ""
    twilio_account_sid: str = ""
    twilio_auth_token: str = ""
    twilio_whatsapp_from: str = ""
    twilio_notice_content_sid: str = ""
    twilio_api_base: str = ""
    telegram_bot_token: str = ""
    telegram_webhook_secret: str = ""
    telegram_api_base: str = ""
    imap_url: str = ""
    smtp_url: str = ""
    email_from: str = ""
    email_webhook_secret: str = ""
    email_authserv_ids: str = ""
    openai_api_key: str = ""
    openai_base_url: str = ""
    baton_flows: Path | None = None
    baton_templates: str = ""

    @property
    def has_whatsapp(self) -> bool:
        return bool(self.twilio_account_sid and self.twilio_auth_token and self.twilio_whatsapp_from)

    @property
    def has_telegram(self) -> bool:
        return bool(self.telegram_bot_token)

    @property
    def has_email(self) -> bool:
        return bool(self.smtp_url and self.email_from)

    @property
    def simulated(self) -> bool:
        """Whether the simulator is on: asked for, or no channel is set up."""
        if self.baton_simulator is not None:
            return self.baton_simulator
        return not (self.has_whatsapp or self.has_telegram or self.has_email)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        given = [
            name.upper()
            for name in ("twilio_auth_token", "telegram_bot_token", "smtp_url", "imap_url", "openai_api_key")
            if getattr(self, name)
        ]
        if self.baton_simulator and given:
            raise ValueError(
                f"BATON_SIMULATOR=1 cannot run beside a real credential ({', '.join(given)}). Remove one of the two."
            )
        if any((self.twilio_account_sid, self.twilio_auth_token, self.twilio_whatsapp_from)) and not self.has_whatsapp:
            raise ValueError(
                "WhatsApp needs all of TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_WHATSAPP_FROM. Set the missing one."
            )
        if self.has_telegram and not self.telegram_webhook_secret:
            raise ValueError("Telegram needs TELEGRAM_WEBHOOK_SECRET beside TELEGRAM_BOT_TOKEN. Choose any long random word.")
        if bool(self.smtp_url) != bool(self.email_from):
            raise ValueError("Email needs both SMTP_URL and EMAIL_FROM. Set the missing one.")
        if self.has_whatsapp and not self.public_base_url:
            raise ValueError(
                "WhatsApp needs PUBLIC_BASE_URL, the address Twilio calls (https://...): signatures are made over it."
            )
        try:
            ZoneInfo(self.baton_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"BATON_ZONE={self.baton_zone} is not a time zone. Write one such as Asia/Kolkata.") from error
        return self


def load() -> Settings:
    """The settings of this process. Raises ConfigurationError with one line per problem."""
    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            where = ".".join(str(part) for part in problem["loc"]).upper()
            text = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{where}: {text}" if where else text)
        raise ConfigurationError("\n".join(lines)) from error
