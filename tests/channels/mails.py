"""Mails for tests: the recorded ones and ones made on the spot."""

from __future__ import annotations

from datetime import UTC, datetime

from channels.base import Inbound, Message, Reach, nowhere
from channels.email import Email, parse_mail
from tests.channels.case_email import WIRE

BOX = "baton@example.com"
NOW = datetime(2026, 11, 2, 4, 30, tzinfo=UTC)


def fixture(name: str) -> bytes:
    return (WIRE / f"{name}.eml").read_bytes()


def read(raw: bytes, *authserv_ids: str) -> Inbound:
    (inbound,) = parse_mail(raw, BOX, authserv_ids)
    return inbound


def mail(body: bytes = b"Yes, two chairs.", sender: str = "asha@example.org", **fields: str) -> bytes:
    """A plain mail; header names with an underscore for the hyphen."""
    named = {"From": sender, "To": BOX, "Message-ID": "<m1@example.org>", "Subject": "Chairs"}
    named |= {name.replace("_", "-"): value for name, value in fields.items()}
    return "".join(f"{name}: {value}\n" for name, value in named.items()).encode() + b"\n" + body


def open_email(url: str, sender: str = "Baton <baton@example.com>", reach: Reach = nowhere) -> Email:
    return Email(sender, url, now=lambda: NOW, reach=reach, timeout=10)


def message(**changes: object) -> Message:
    return Message(**{"to": "asha@example.org", "text": "Approve PA-1042?", "key": "17", **changes})  # type: ignore[arg-type]
