"""A channel without a provider, for `baton chat` and for tests: what is said comes in as signed JSON, what is sent is handed to a
callback. Held to the same contract as the others."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from channels.base import (
    BadRequest,
    BadSignature,
    EventKind,
    Inbound,
    Limits,
    Media,
    MediaError,
    Message,
    Reach,
    SendError,
    Sent,
    nowhere,
)
from channels.http import header, reached

SIGNATURE = "X-Baton-Signature"
_KINDS = {"message": EventKind.MESSAGE, "tap": EventKind.TAP}
_TEXTS = ("id", "kind", "from", "name", "text", "token", "reply_to")


def say(
    secret: str,
    *,
    id: str,
    sender: str,
    text: str = "",
    token: str = "",
    name: str = "",
    reply_to: str = "",
    files: Sequence[tuple[str, str, bytes]] = (),
) -> tuple[bytes, dict[str, str]]:
    """A webhook's body and headers: what the person's side of the channel posts. With a `token` it is a tap. `files` are name,
    type and content."""
    told = {
        "id": id,
        "kind": "tap" if token else "message",
        "from": sender,
        "name": name,
        "text": text,
        "token": token,
        "reply_to": reply_to,
        "files": [{"name": n, "type": t, "content": base64.b64encode(c).decode()} for n, t, c in files],
    }
    body = json.dumps(told).encode()
    return body, {SIGNATURE: sign(secret, body)}


def sign(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Memory:
    """The channel in memory. `deliver` is handed every message before it counts as sent, from the sending thread; it may raise
    SendError as a provider would refuse."""

    name = "memory"

    def __init__(
        self,
        *,
        secret: str,
        deliver: Callable[[Message], None] = lambda message: None,
        limits: Limits | None = None,
        reach: Reach = nowhere,
    ) -> None:
        self._secret, self._deliver, self._reach = secret, deliver, reach
        self.limits = limits or Limits(text=4096, buttons=10, label=40, token=64)
        self._count, self._counting = 0, threading.Lock()

    def parse(self, body: bytes, headers: Mapping[str, str], url: str = "") -> tuple[Inbound, ...]:
        if not hmac.compare_digest(header(headers, SIGNATURE).encode("utf-8", "replace"), sign(self._secret, body).encode()):
            raise BadSignature("the message is not signed with our secret")
        try:
            told = json.loads(body)
            if not isinstance(told, dict) or not told.get("id"):
                raise ValueError("not a message")
            texts = {name: _text(told.get(name, "")) for name in _TEXTS}
            return (self._inbound(texts, tuple(map(_media, told.get("files") or ())), body),)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise BadRequest("the body is not a message of the memory channel") from error

    def send(self, message: Message) -> Sent:
        if not message.text and not message.attachments:
            raise SendError("there is nothing to send: no text and no file", retryable=False)
        with reached(self._reach, "memory.send"):
            self._deliver(message)
        with self._counting:
            self._count += 1
            return Sent((f"memory-{self._count}",))

    def fetch(self, media: Media, limit: int) -> bytes:
        if media.content is None:
            raise MediaError("the file did not come along", retryable=False)
        if len(media.content) > limit:
            raise MediaError(f"the file is larger than {limit} bytes", retryable=False, too_large=True)
        return media.content

    def acknowledge(self, inbound: Inbound, text: str = "") -> None:
        """There is no waiting sign."""

    def close(self) -> None:
        """There is nothing to let go of."""

    def _inbound(self, texts: dict[str, str], media: tuple[Media, ...], raw: bytes) -> Inbound:
        return Inbound(
            channel=self.name,
            account="memory",
            kind=_KINDS.get(texts["kind"], EventKind.UNKNOWN),
            event_id=texts["id"],
            sender=texts["from"],
            sender_name=texts["name"],
            conversation=texts["from"],
            message_id=texts["id"],
            text=texts["text"],
            payload=texts["token"],
            reply_to=(texts["reply_to"],) if texts["reply_to"] else (),
            media=media,
            raw=raw,
        )


class MemoryShapes:
    """`Shapes` for one process."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def get(self, shape: str) -> str | None:
        return self._known.get(shape)

    def put(self, shape: str, provider_id: str) -> None:
        self._known[shape] = provider_id


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is expected")
    return value


def _media(told: Any) -> Media:
    try:
        content = base64.b64decode(_text(told["content"]), validate=True)
    except binascii.Error as error:
        raise ValueError("a file is not base64") from error
    name = _text(told.get("name", ""))
    return Media(ref=name, type=_text(told.get("type", "")), name=name, size=len(content), content=content)
