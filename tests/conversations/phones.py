"""People at their phones and mailboxes: what they see, and their messages in the providers' own bytes, signed."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from channels.email import SIGNATURE, TIMESTAMP, signature
from tests.channels import case_telegram, case_twilio
from tests.channels.provider import Request

if TYPE_CHECKING:
    from tests.conversations.world import World

OUR_NUMBER, MAILBOX, MAIL_SECRET = "+14155550100", "baton@example.com", "a-mail-secret-for-tests"


@dataclass(frozen=True)
class Bubble:
    """A message of ours as its reader has it: `buttons` are label to token; `id` is the provider's; mails have a `mail`."""

    text: str
    id: str
    buttons: dict[str, str] = field(default_factory=dict)
    files: tuple[Any, ...] = ()
    mail: EmailMessage | None = None


class Phone:
    """One person on one channel."""

    channel = ""

    def __init__(self, world: World, address: str, name: str) -> None:
        self.world, self.address, self.name = world, address, name
        self.read_up_to = 0

    # --- what they see ------------------------------------------------------------------------------------------------

    def bubbles(self) -> list[Bubble]:
        return [bubble for to, bubble in self.world.sent(self.channel) if to == self.address]

    @property
    def last(self) -> Bubble:
        return self.bubbles()[-1]

    @property
    def texts(self) -> list[str]:
        return [bubble.text for bubble in self.bubbles()]

    def new(self) -> list[str]:
        """The texts since the last call."""
        texts = self.texts
        fresh, self.read_up_to = texts[self.read_up_to :], len(texts)
        return fresh

    def button(self, label: str, about: str = "") -> tuple[Bubble, str]:
        """The newest message that offers `label` (and says `about`), and the token behind it."""
        for bubble in reversed(self.bubbles()):
            if label in bubble.buttons and about in bubble.text:
                return bubble, bubble.buttons[label]
        raise AssertionError(f"{self.name} sees no button {label}; the last was {self.last}")

    def asked(self, words: str) -> Bubble:
        """The newest message that says `words`."""
        return next(bubble for bubble in reversed(self.bubbles()) if words in bubble.text)

    # --- what they do -------------------------------------------------------------------------------------------------

    def speaks(self, text: str, **more: Any) -> tuple[str, bytes, dict[str, str]]:
        """The signed webhook of a message: path, body, headers."""
        raise NotImplementedError

    def presses(self, bubble: Bubble, label: str, token: str) -> tuple[str, bytes, dict[str, str]]:
        """The signed webhook of a tap."""
        raise NotImplementedError

    def says(self, text: str, **more: Any) -> list[str]:
        """Write; the answers that came."""
        self.new()
        answer = self.world.post(*self.speaks(text, **more))
        assert answer.status_code < 300, answer
        self.world.settle()
        return self.new()

    def taps(self, label: str, about: str = "") -> list[str]:
        self.new()
        bubble, token = self.button(label, about)
        answer = self.world.post(*self.presses(bubble, label, token))
        assert answer.status_code < 300, answer
        self.world.settle()
        return self.new()

    def replies(self, bubble: Bubble, text: str, **more: Any) -> list[str]:
        """Quote one of our messages and write."""
        return self.says(text, quote=bubble, **more)

    def sends(self, content: bytes, kind: str = "application/pdf", caption: str = "", name: str = "quote.pdf") -> list[str]:
        return self.says(caption, file=(name, kind, content))


class WhatsApp(Phone):
    channel = "whatsapp"

    def speaks(
        self, text: str, *, quote: Bubble | None = None, file: Any = None, **more: Any
    ) -> tuple[str, bytes, dict[str, str]]:
        sid = f"SM{next(self.world.numbers) + 0xF000:032x}"
        form = {"MessageSid": sid, "Body": text, "ProfileName": self.name, "NumMedia": "0", **more}
        if quote:
            form |= {"OriginalRepliedMessageSid": quote.id, "OriginalRepliedMessageSender": f"whatsapp:{OUR_NUMBER}"}
        if file:
            _, kind, content = file
            url = f"/2010-04-01/Accounts/{case_twilio.ACCOUNT}/Messages/{sid}/Media/ME{zlib.crc32(content or b''):032x}"
            form |= {"NumMedia": "1", "MediaUrl0": f"https://api.twilio.com{url}", "MediaContentType0": kind}
            if content is not None:
                self.world.twilio.files[url] = content
        return self.form(form)

    def form(self, form: dict[str, str], path: str = "/webhooks/twilio") -> tuple[str, bytes, dict[str, str]]:
        told = {"AccountSid": case_twilio.ACCOUNT, "From": f"whatsapp:{self.address}", "To": f"whatsapp:{OUR_NUMBER}", **form}
        headers = {
            "X-Twilio-Signature": case_twilio.sign(path, list(told.items())),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return path, urlencode(told).encode(), headers

    def presses(self, bubble: Bubble, label: str, token: str) -> tuple[str, bytes, dict[str, str]]:
        return self.speaks(label, quote=bubble, ButtonText=label, ButtonPayload=token)

    def status(self, sid: str, word: str, code: str = "") -> tuple[str, bytes, dict[str, str]]:
        """A status callback about a message to this person."""
        form = {"MessageSid": sid, "MessageStatus": word, "From": f"whatsapp:{OUR_NUMBER}", "To": f"whatsapp:{self.address}"}
        return self.form(form | ({"ErrorCode": code} if code else {}), "/webhooks/twilio/status")


class TelegramPhone(Phone):
    channel = "telegram"

    def update(self, **event: Any) -> tuple[str, bytes, dict[str, str]]:
        body = json.dumps({"update_id": 900_000_000 + next(self.world.numbers), **event}).encode()
        headers = {"X-Telegram-Bot-Api-Secret-Token": case_telegram.SECRET, "Content-Type": "application/json"}
        return "/webhooks/telegram", body, headers

    def _message(self, number: int, **more: Any) -> dict[str, Any]:
        chat = {"id": int(self.address), "type": "private", "first_name": self.name}
        return {"message_id": number, "date": int(self.world.clock.now().timestamp()), "chat": chat, **more}

    @property
    def user(self) -> dict[str, Any]:
        return {"id": int(self.address), "is_bot": False, "first_name": self.name}

    def _ours(self, bubble: Bubble) -> dict[str, Any]:
        bot = {"id": 7000000001, "is_bot": True, "first_name": "Baton", "username": "sample_bot"}
        return self._message(int(bubble.id), **{"from": bot, "text": bubble.text})

    def speaks(
        self, text: str, *, quote: Bubble | None = None, file: Any = None, **more: Any
    ) -> tuple[str, bytes, dict[str, str]]:
        message = self._message(50_000 + next(self.world.numbers), **{"from": self.user, **more})
        if quote:
            message["reply_to_message"] = self._ours(quote)
        if file:
            name, kind, content = file
            file_id = hashlib.sha256(content or name.encode()).hexdigest()[:40]
            if content is not None:
                self.world.telegram.files[file_id] = content
            size = len(content or b"")
            told = {"file_id": file_id, "file_unique_id": "u", "file_name": name, "mime_type": kind, "file_size": size}
            message |= {"document": told, "caption": text}
        else:
            message["text"] = text
        return self.update(message=message)

    def presses(self, bubble: Bubble, label: str, token: str) -> tuple[str, bytes, dict[str, str]]:
        query = {"id": f"q{next(self.world.numbers)}", "from": self.user, "chat_instance": "1", "data": token}
        return self.update(callback_query={**query, "message": self._ours(bubble)})


def telegram_bubble(request: Request, number: int) -> tuple[str, Bubble]:
    if not re.search(r"/send(Message|Photo|Document)$", request.path):
        return "", Bubble("", "")
    told = request.fields()
    rows = json.loads(told.get("reply_markup") or "{}").get("inline_keyboard", [])
    files = tuple(told[kind] for kind in ("photo", "document") if kind in told)
    buttons = {button["text"]: button["callback_data"] for (button,) in rows}
    return told["chat_id"], Bubble(told.get("text", told.get("caption", "")), str(number), buttons, files)


class Mailbox(Phone):
    channel = "email"

    def speaks(
        self, text: str, *, quote: Bubble | None = None, file: Any = None, **headers: str
    ) -> tuple[str, bytes, dict[str, str]]:
        mail = EmailMessage()
        mail["From"] = f"{self.name} <{self.address}>"
        mail["To"] = quote.mail["Reply-To"] if quote and quote.mail and quote.mail["Reply-To"] else MAILBOX
        mail["Date"] = format_datetime(self.world.clock.now())
        mail["Message-ID"] = f"<m{next(self.world.numbers)}@{self.address.partition('@')[2]}>"
        mail["Subject"] = headers.pop("subject", f"Re: {quote.mail['Subject']}" if quote and quote.mail else "Hello")
        if quote and quote.mail:
            mail["In-Reply-To"] = quote.mail["Message-ID"]
            text += "\n\nOn Monday Baton wrote:\n" + "\n".join(f"> {line}" for line in quote.text.splitlines())
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        if file:
            name, kind, content = file
            main, _, sub = kind.partition("/")
            mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
        return self.raw(mail.as_bytes())

    def raw(self, body: bytes) -> tuple[str, bytes, dict[str, str]]:
        stamp = str(int(self.world.clock.now().timestamp()))
        return "/webhooks/email", body, {TIMESTAMP: stamp, SIGNATURE: signature(MAIL_SECRET, stamp, body)}

    def presses(self, bubble: Bubble, label: str, token: str) -> tuple[str, bytes, dict[str, str]]:
        raise AssertionError("a mail has no buttons")


def mail_bubble(mail: EmailMessage) -> Bubble:
    body = mail.get_body(("plain",))
    assert body is not None
    files = tuple((part.get_filename(), part.get_content_type(), part.get_content()) for part in mail.iter_attachments())
    return Bubble(body.get_content().replace("\r\n", "\n").strip(), mail["Message-ID"], files=files, mail=mail)
