"""The settings of a product that runs with made-up accounts: its own home, its own credentials, addresses on this machine."""

from __future__ import annotations

import json
import os
import secrets
import socket
import string
from pathlib import Path

from bot.clock import OffsetClock
from bot.config import Settings

EMAIL_FROM = "baton@baton.example"
AUTHSERV_ID = "mx.baton.example"
"""The mail server in front of the product, which vouches for what it hands on (RFC 8601)."""

_LETTERS = string.ascii_letters + string.digits


def prepare(settings: Settings) -> Settings:
    """Settings with which the unchanged product talks to the simulator, where it is on; else `settings` as they are.

    Made once at start, before anything is opened. The home becomes `BATON_HOME/simulator`, so that neither the real database
    nor the real clock is ever touched; credentials are random at first start and kept there (`credentials.json`, mode 0600).
    A port of 0 becomes a free one.
    """
    if not settings.simulated:
        return settings
    home = settings.baton_home / "simulator"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    made_up = _credentials(home / "credentials.json")
    port = settings.port or _free_port()
    base = f"http://127.0.0.1:{port}"
    return settings.model_copy(
        update={
            **{name: value for name, value in made_up.items() if name in Settings.model_fields},
            "baton_simulator": True,
            "baton_home": home,
            "port": port,
            "database_url": "",
            "public_base_url": base,
            "twilio_api_base": f"{base}/simulator/twilio",
            "telegram_api_base": f"{base}/simulator/telegram",
            "imap_url": "",
            "smtp_url": f"smtp://127.0.0.1:{_free_port()}",
            "email_from": EMAIL_FROM,
            "email_authserv_ids": AUTHSERV_ID,
        }
    )


def open_clock(settings: Settings) -> OffsetClock:
    """The simulator's clock, where it was left. `settings` are prepared ones."""
    return OffsetClock(settings.baton_home / "clock")


def page_token(settings: Settings) -> str:
    """The word that the simulator's page shows with every request, so that no other site can act as a person or move time."""
    return _credentials(settings.baton_home / "credentials.json")["page_token"]


def _credentials(file: Path) -> dict[str, str]:
    if not file.exists():
        part = file.with_suffix(".part")
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            json.dump(_made_up(), out, indent=1)
        os.replace(part, file)
    kept: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return kept


def _made_up() -> dict[str, str]:
    """New credentials in each provider's own form."""
    return {
        "twilio_account_sid": "AC" + secrets.token_hex(16),
        "twilio_auth_token": secrets.token_hex(16),
        "twilio_whatsapp_from": "whatsapp:+14155550100",
        "twilio_notice_content_sid": "HX" + secrets.token_hex(16),
        "telegram_bot_token": f"{secrets.randbelow(9 * 10**9) + 10**9}:{''.join(secrets.choice(_LETTERS) for _ in range(35))}",
        "telegram_webhook_secret": secrets.token_urlsafe(24),
        "email_webhook_secret": secrets.token_urlsafe(24),
        "page_token": secrets.token_urlsafe(24),
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
