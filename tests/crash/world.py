"""The world outside the product: providers that keep what they are given, and people whose phones sign what they send."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiosmtpd.smtp import SMTP as SmtpServer
from aiosmtpd.smtp import Envelope, Session

from channels.email import SIGNATURE, TIMESTAMP, signature
from tests.channels import case_telegram as tg
from tests.channels import case_twilio as tw
from tests.channels.mail_sink import Sink
from tests.channels.provider import Answer, Request

MAILBOX, MAIL_SECRET, AUTHSERV = "baton@example.com", "a-secret-of-the-webhook", "mx.example.com"
PHOTO = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
    "AQH/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q=="
)
"""A JPEG of one pixel."""


@dataclass(frozen=True)
class Call:
    """A provider's webhook request, signed. `id` is the event's identity: channel/account/kind/event id."""

    id: str
    path: str
    headers: dict[str, str]
    body: bytes

    def told(self) -> dict[str, Any]:
        return {
            "do": "post",
            "id": self.id,
            "path": self.path,
            "headers": self.headers,
            "body": base64.b64encode(self.body).decode(),
        }


@dataclass(frozen=True)
class Receipt:
    """One message that a provider accepted for a person. `id` is what it is called from then on."""

    channel: str
    id: str
    to: str
    text: str
    tokens: tuple[tuple[str, str], ...] = ()
    files: int = 0
    subject: str = ""
    reply_to: str = ""

    @property
    def copy_of(self) -> tuple[str, str, str]:
        """The same for two copies of one message."""
        return self.to, self.text, ",".join(token for _, token in self.tokens)


class World:
    """All providers of one business. `receipts` grows and is never cleared: ids must not repeat."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.twilio, self.telegram, self.mail = Twilio(self.receipts), BotApi(self.receipts), Post(self.receipts)

    def settings(self) -> dict[str, Any]:
        """What the product is told of it, by the names of `bot.config.Settings`."""
        return {
            "baton_templates": "none",
            "baton_flows": str(Path(__file__).parent / "flows"),
            "public_base_url": tw.BASE,
            "twilio_account_sid": tw.ACCOUNT,
            "twilio_auth_token": tw.TOKEN,
            "twilio_whatsapp_from": "whatsapp:+14155550100",
            "twilio_api_base": self.twilio.base,
            "telegram_bot_token": tg.TOKEN,
            "telegram_webhook_secret": tg.SECRET,
            "telegram_api_base": self.telegram.base,
            "smtp_url": self.mail.url,
            "email_from": MAILBOX,
            "email_webhook_secret": MAIL_SECRET,
            "email_authserv_ids": AUTHSERV,
            "baton_undo_seconds": 0,
        }

    def ports(self) -> set[int]:
        return {int(url.rpartition(":")[2]) for url in (self.twilio.base, self.telegram.base, self.mail.url)}

    def close(self) -> None:
        for provider in (self.twilio, self.telegram, self.mail):
            provider.close()


# --- providers -------------------------------------------------------------------------------------------------------------


class Twilio(tw.FakeTwilio):
    def __init__(self, receipts: list[Receipt]) -> None:
        self._receipts = receipts
        super().__init__()

    def _message(self, request: Request, number: int) -> Answer:
        answer = super()._message(request, number)
        if answer.status == 201:
            form = request.fields()
            text, choices = self.filled(form) if "ContentSid" in form else (form.get("Body", ""), [])
            tokens = tuple((choice.get("title") or choice["item"], choice["id"]) for choice in choices)
            to, files = form["To"].removeprefix("whatsapp:"), int("MediaUrl" in form)
            self._receipts.append(Receipt("whatsapp", json.loads(answer.body)["sid"], to, text, tokens, files))
        return answer


class BotApi(tg.FakeTelegram):
    def __init__(self, receipts: list[Receipt]) -> None:
        self._receipts = receipts
        super().__init__()

    def _send(self, told: dict[str, Any], number: int) -> Answer:
        rows = json.loads(told.get("reply_markup", '{"inline_keyboard": []}'))["inline_keyboard"]
        tokens = tuple((button["text"], button["callback_data"]) for (button,) in rows)
        files = sum(kind in told for kind in ("photo", "document"))
        receipt = Receipt("telegram", f"{told['chat_id']}:{number}", told["chat_id"], told.get("text", ""), tokens, files)
        self._receipts.append(receipt)
        return super()._send(told, number)

    _sendMessage = _sendDocument = _sendPhoto = _send


class Post(Sink):
    def __init__(self, receipts: list[Receipt]) -> None:
        self._receipts = receipts
        super().__init__()

    async def handle_DATA(self, server: SmtpServer, session: Session, envelope: Envelope) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        mail: EmailMessage = message_from_bytes(bytes(envelope.original_content or b""), policy=default)
        body = mail.get_body(("plain",))
        text, files = (body.get_content() if body else ""), len(list(mail.iter_attachments()))
        to, subject = envelope.rcpt_tos[0], str(mail["Subject"])
        self._receipts.append(Receipt("email", mail["Message-ID"], to, text, (), files, subject, str(mail["Reply-To"])))
        return answer


# --- people ----------------------------------------------------------------------------------------------------------------


def whatsapp(sender: str, number: int, text: str = "", *, tap: tuple[str, str] | None = None, photo: str = "") -> Call:
    """`tap` is a button's label and token, `photo` the URL of one."""
    sid = f"{'MM' if photo else 'SM'}{number:032x}"
    form = {
        "MessageSid": sid,
        "AccountSid": tw.ACCOUNT,
        "From": f"whatsapp:{sender}",
        "To": "whatsapp:+14155550100",
        "Body": tap[0] if tap else text,
        "NumMedia": str(int(bool(photo))),
    }
    form |= {"ButtonText": tap[0], "ButtonPayload": tap[1]} if tap else {}
    form |= {"MediaUrl0": photo, "MediaContentType0": "image/jpeg"} if photo else {}
    return _form("/webhooks/twilio", form, f"whatsapp/+14155550100/{'tap' if tap else 'message'}/{sid}")


def whatsapp_status(receipt: Receipt, status: str) -> Call:
    form = {
        "MessageSid": receipt.id,
        "MessageStatus": status,
        "AccountSid": tw.ACCOUNT,
        "From": "whatsapp:+14155550100",
        "To": f"whatsapp:{receipt.to}",
    }
    return _form("/webhooks/twilio/status", form, f"whatsapp/+14155550100/status/{receipt.id}:{status}:")


def _form(path: str, form: dict[str, str], id: str) -> Call:
    signed = {"X-Twilio-Signature": tw.sign(path, list(form.items())), "Content-Type": "application/x-www-form-urlencoded"}
    return Call(id, path, signed, urlencode(form).encode())


def telegram(
    sender: str, number: int, text: str = "", *, tap: tuple[str, str] | None = None, photo: str = "", at: datetime
) -> Call:
    """`number` is the update's; `tap` a button's label and token, `photo` a file id."""
    person = {"id": int(sender), "is_bot": False, "first_name": "Sample"}
    chat = {"id": int(sender), "type": "private", "first_name": "Sample"}
    message: dict[str, Any] = {"message_id": number, "from": person, "chat": chat, "date": int(at.timestamp())}
    if tap:
        query = {
            "id": f"query-{number}",
            "from": person,
            "chat_instance": "1",
            "data": tap[1],
            "message": {**message, "text": tap[0]},
        }
        update: dict[str, Any] = {"update_id": number, "callback_query": query}
    else:
        size = {"file_id": photo, "file_unique_id": "u", "width": 1, "height": 1, "file_size": len(PHOTO)}
        update = {"update_id": number, "message": {**message, **({"photo": [size]} if photo else {"text": text})}}
    headers = {"X-Telegram-Bot-Api-Secret-Token": tg.SECRET, "Content-Type": "application/json"}
    id = f"telegram/{tg.TOKEN.partition(':')[0]}/{'tap' if tap else 'message'}/{number}"
    return Call(id, "/webhooks/telegram", headers, json.dumps(update).encode())


def mail(sender: str, number: int, text: str, *, answers: Receipt | None = None, photo: bool = False, at: datetime) -> Call:
    """A new mail, or the answer to one of ours."""
    letter = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    domain = sender.rpartition("@")[2]
    letter["Authentication-Results"] = f"{AUTHSERV}; dmarc=pass header.from={domain}"
    letter["From"], letter["Date"], letter["Message-ID"] = sender, at, f"<{number}@{domain}>"
    letter["To"] = answers.reply_to if answers else MAILBOX
    letter["Subject"] = f"Re: {answers.subject}" if answers else text.partition("\n")[0]
    if answers:
        letter["In-Reply-To"] = letter["References"] = answers.id
    letter.set_content(text)
    if photo:
        letter.add_attachment(PHOTO, maintype="image", subtype="jpeg", filename="photo.jpg")
    body, stamp = letter.as_bytes(), "1793600000"
    content = body.replace(b"\r\n", b"\n").partition(b"\n\n")[2].rstrip(b"\n")
    event_id = hashlib.sha256(f"<{number}@{domain}>".encode() + b"\0" + content).hexdigest()
    headers = {TIMESTAMP: stamp, SIGNATURE: signature(MAIL_SECRET, stamp, body), "Content-Type": "message/rfc822"}
    return Call(f"email/{MAILBOX}/message/{event_id}", "/webhooks/email", headers, body)
