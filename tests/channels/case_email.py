"""Mail, held to the contract: signed raw mails in, an SMTP server of our own out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import ClassVar

from channels.base import Delivery, EventKind, Media, Reach, nowhere
from channels.email import SIGNATURE, TIMESTAMP, Email, signature
from tests.channels.cases import PERMANENT, RETRYABLE, UNKNOWN, Case, Seen, Webhook
from tests.channels.mail_sink import Sink

WIRE = Path(__file__).parent / "wire" / "email"
SECRET = "a-secret-of-the-webhook"
PROMPT = "<7.fedcba9876543210fedcba9876543210@example.com>"
ORDER = "<9.00112233445566778899aabbccddeeff@example.com>"


class EmailCase(Case):
    name: ClassVar[str] = "email"
    address: ClassVar[str] = "asha@example.org"
    signature: ClassVar[str] = SIGNATURE
    decides_size: ClassVar[bool] = False
    expectations: ClassVar[dict[str, dict[str, object]]] = {
        "gmail_reply": {
            "account": "baton@example.com",
            "kind": EventKind.MESSAGE,
            "sender": "asha@example.org",
            "sender_name": "Asha Sample",
            "text": "Please ask the vendor for a better rate first – five days is fine.\n\nAsha",
            "reply_to": (PROMPT, "<0.0123456789abcdef0123456789abcdef@example.com>"),
            "subject": "Re: PA-1042: chairs for the front office",
            "sent_at": datetime(2026, 11, 2, 5, 1, 5, tzinfo=UTC),
            "message_id": "<CAF0001@mail.example.org>",
        },
        "outlook_reply": {"text": "Who is the vendor for this one?", "reply_to": (PROMPT,), "kind": EventKind.MESSAGE},
        "html_only": {"text": "The chairs must have wheels.\n\nHow long is the warranty?", "media": ()},
        "outlook_html_only": {"text": "Not this month – the budget is €500.", "reply_to": (PROMPT,)},
        "hindi": {
            "text": "कृपया दो कुर्सियाँ और जोड़ें।",
            "sender_name": "आशा",
            "subject": "उत्तर: PA-1042 पाँच कुर्सियाँ",
        },
        "out_of_office": {"kind": EventKind.AUTOMATIC, "sender": "ravi@example.org"},
        "bounce_511": {
            "kind": EventKind.STATUS,
            "status": Delivery.FAILED,
            "message_id": ORDER,
            "sender": "vendor@example.net",
            "error": "5.1.1 550 5.1.1 No such user here",
        },
        "delayed_441": {"kind": EventKind.AUTOMATIC, "status": None},
        "list": {"kind": EventKind.AUTOMATIC},
        "forwarded": {"kind": EventKind.MESSAGE, "forwarded": True, "text": "The quote for PA-1042 is below."},
        "forwarded_attached": {"forwarded": True, "text": "See the attached mail."},
        "plus_tag": {"tag": "a1B2c3d4e5f60718293a4b5c6d7e8f90", "account": "baton@example.com", "reply_to": ()},
        "no_message_id": {"message_id": "", "text": "Ten chairs are in stock."},
        "repeated_id": {"message_id": "<tag-1@example.net>", "text": "INR 1,900 each, last offer."},
        "attachment_pdf": {
            "text": "Our quotation is attached.",
            "media": (Media("part:2", "application/pdf", "कोटेशन.pdf", 24, b"%PDF-1.4\n% sample\n%%EOF\n"),),
        },
        "calendar_reply": {"kind": EventKind.MESSAGE, "text": "Calendar reply: accepted (Site visit)"},
        "hidden_text": {"text": "We can deliver on Friday.\nSample Traders"},
        "header_injection": {
            "sender": "sales@example.net",
            "sender_name": "",
            "subject": "Quote Bcc: everyone@example.com body",
            "reply_to": ("<x@example.com>", PROMPT),
        },
        "inline_reply": {"text": ""},
    }

    def __init__(self) -> None:
        self._sink = Sink()

    def channel(self, reach: Reach = nowhere) -> Email:
        return Email(
            "Baton <baton@example.com>",
            self._sink.url,
            now=lambda: datetime(2026, 11, 2, tzinfo=UTC),
            webhook_secret=SECRET,
            reach=reach,
        )

    def signed(self, body: bytes) -> Webhook:
        return signed(body)

    def seen(self) -> list[Seen]:
        return [_seen(sender_to[1], mail) for sender_to, mail in zip(self._sink.envelopes, self._sink.read(), strict=True)]

    def refuse(self, how: str, *, times: int = 1) -> None:
        answer = {RETRYABLE: "451 4.3.0 come again", PERMANENT: "554 5.7.1 not here", UNKNOWN: ""}[how]
        self._sink.at_data += [answer] * times

    def media(self, content: bytes) -> Media:
        return Media("part:1", "application/pdf", "a.pdf", len(content), content)

    def close(self) -> None:
        self._sink.close()

    @classmethod
    def webhooks(cls) -> Iterable[Webhook]:
        return [signed((WIRE / f"{name}.eml").read_bytes(), f"email-{name}", expect) for name, expect in cls.expectations.items()]


def signed(body: bytes, name: str = "", expect: dict[str, object] | None = None) -> Webhook:
    headers = {TIMESTAMP: "1793600000", SIGNATURE: signature(SECRET, "1793600000", body)}
    return Webhook(body, headers, "/webhooks/email", name, expect or {})


def _seen(to: str, mail: EmailMessage) -> Seen:
    body = mail.get_body(("plain",))
    assert body is not None
    return Seen(to, body.get_content(), files=tuple(part.get_content() for part in mail.iter_attachments()))


CASE = EmailCase
