from __future__ import annotations

from typing import ClassVar

from channels.base import EventKind, Media, Message, Reach, SendError, nowhere
from channels.memory import SIGNATURE, Memory, sign
from tests.channels.cases import PERMANENT, RETRYABLE, UNKNOWN, Case, Seen, Webhook

SECRET = "a-memory-secret-for-tests"
REFUSALS = {
    RETRYABLE: {"retryable": True},
    PERMANENT: {"retryable": False},
    UNKNOWN: {"retryable": False, "unknown": True},
}


class MemoryCase(Case):
    name = "memory"
    address = "approver"
    signature = SIGNATURE
    expectations: ClassVar = {
        "text": {"kind": EventKind.MESSAGE, "event_id": "m-1", "sender": "requester", "text": "Need 12 chairs"},
        "tap": {"kind": EventKind.TAP, "sender": "approver", "payload": "t-yes", "reply_to": ("memory-1",)},
        "file": {
            "kind": EventKind.MESSAGE,
            "media": (Media("quote.pdf", "application/pdf", "quote.pdf", 11, b"%PDF sample"),),
        },
        "novel": {"kind": EventKind.UNKNOWN, "text": "approve"},
    }

    def __init__(self) -> None:
        self._seen: list[Message] = []
        self._refusals: list[str] = []

    def channel(self, reach: Reach = nowhere) -> Memory:
        return Memory(secret=SECRET, deliver=self._deliver, reach=reach)

    def signed(self, body: bytes) -> Webhook:
        return Webhook(body, {SIGNATURE: sign(SECRET, body)})

    def seen(self) -> list[Seen]:
        return [
            Seen(m.to, m.text, tuple(button.token for button in m.buttons), tuple(file.content for file in m.attachments))
            for m in self._seen
        ]

    def refuse(self, how: str, *, times: int = 1) -> None:
        self._refusals += [how] * times

    def media(self, content: bytes) -> Media:
        return Media("file", "application/pdf", content=content)

    def close(self) -> None:
        pass

    def _deliver(self, message: Message) -> None:
        if self._refusals:
            raise SendError("refused", **REFUSALS[self._refusals.pop()])
        self._seen.append(message)


CASE = MemoryCase
