"""Which channels are on, from settings: one line a provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.clock import Clock
from bot.config import Settings
from bot.words.catalogue import codes, translator
from channels.base import Channel, Reach
from channels.email import Email
from channels.telegram import Telegram
from channels.twilio import TwilioWhatsApp
from storage import Database

Make = Callable[[Settings, Database, Clock, Reach], Channel]


def channels_of(settings: Settings, database: Database, clock: Clock, reach: Reach) -> Mapping[str, Channel]:
    """The adapters whose settings are there, by channel name. Raises channels' ConfigurationError."""
    on = {"whatsapp": settings.has_whatsapp, "telegram": settings.has_telegram, "email": settings.has_email}
    return {name: make(settings, database, clock, reach) for name, make in _SHELF.items() if on[name]}


def _whatsapp(settings: Settings, database: Database, clock: Clock, reach: Reach) -> Channel:
    return TwilioWhatsApp(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token,
        sender=settings.twilio_whatsapp_from,
        public_base_url=settings.public_base_url,
        shapes=StoredShapes(database),
        api_base=settings.twilio_api_base,
        list_label=list_label(),
        reach=reach,
    )


def list_label() -> str:
    """On the button that opens a list. The provider keeps one for all readers: in every language, while that fits."""
    words = [t("Choose") for t in map(translator, codes())]
    together = " · ".join(words)
    return together if len(together) <= TwilioWhatsApp.limits.label else words[0]


def _telegram(settings: Settings, database: Database, clock: Clock, reach: Reach) -> Channel:
    return Telegram(
        token=settings.telegram_bot_token,
        secret=settings.telegram_webhook_secret,
        api_base=settings.telegram_api_base,
        reach=reach,
    )


def _email(settings: Settings, database: Database, clock: Clock, reach: Reach) -> Channel:
    return Email(
        settings.email_from,
        settings.smtp_url,
        now=clock.now,
        webhook_secret=settings.email_webhook_secret,
        authserv_ids=tuple(word.strip() for word in settings.email_authserv_ids.split(",") if word.strip()),
        reach=reach,
    )


_SHELF: Mapping[str, Make] = {"whatsapp": _whatsapp, "telegram": _telegram, "email": _email}


class StoredShapes:
    """Where an adapter remembers provider-side objects (Twilio Content SIDs), over restarts."""

    def __init__(self, database: Database, channel: str = "whatsapp") -> None:
        self._database, self._channel = database, channel
        self._known: dict[str, str] = {}

    def get(self, shape: str) -> str | None:
        if shape not in self._known:
            with self._database.read() as unit:
                found = unit.shapes.get(self._channel, shape)
            if found is None:
                return None
            self._known[shape] = found
        return self._known[shape]

    def put(self, shape: str, provider_id: str) -> None:
        self._database.write("shape.put", lambda unit: unit.shapes.put(self._channel, shape, provider_id)).result()
        self._known[shape] = provider_id
