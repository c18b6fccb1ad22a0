"""An `Inbound` as the inbox keeps it: JSON, without the raw body (kept beside it) and without file contents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from channels.base import Delivery, EventKind, Inbound, Media

_PLAIN = (
    "channel", "account", "event_id", "sender", "sender_name", "conversation", "text", "payload", "tag", "subject", "forwarded",
    "callback", "message_id", "error", "opted_out", "window_closed", "authenticated",
)  # fmt: skip


def pack(inbound: Inbound) -> dict[str, Any]:
    """The JSON form; empty parts are left out."""
    out: dict[str, Any] = {name: value for name in _PLAIN if (value := getattr(inbound, name))}
    out["kind"] = inbound.kind.value
    if inbound.reply_to:
        out["reply_to"] = list(inbound.reply_to)
    if inbound.sent_at is not None:
        out["sent_at"] = inbound.sent_at.isoformat()
    if inbound.status is not None:
        out["status"] = inbound.status.value
    if inbound.media:
        out["media"] = [[m.ref, m.type, m.name, m.size] for m in inbound.media]
    return out


def unpack(stored: dict[str, Any], raw: bytes = b"") -> Inbound:
    """The Inbound behind `pack`'s form."""
    plain = {name: stored[name] for name in _PLAIN if name in stored}
    return Inbound(
        **{"channel": "", "account": "", "event_id": "", "sender": "", **plain},
        kind=EventKind(stored["kind"]),
        raw=raw,
        reply_to=tuple(stored.get("reply_to", ())),
        sent_at=datetime.fromisoformat(stored["sent_at"]) if "sent_at" in stored else None,
        status=Delivery(stored["status"]) if "status" in stored else None,
        media=tuple(Media(ref, kind, name, size) for ref, kind, name, size in stored.get("media", ())),
    )
