"""The product whole, with real adapters, between fake providers on loopback; people who talk to it in the providers' own bytes."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from werkzeug.test import TestResponse

from bot.bootstrap import build
from bot.config import Settings
from bot.people import Person, store
from bot.web import create_app
from channels.email import SIGNATURE, TIMESTAMP, signature
from flows import Run
from storage import OutboxRow, TimerRow
from storage.rows import EventRow
from tests.channels import case_telegram, case_twilio
from tests.channels.mail_sink import Sink
from tests.channels.provider import Request
from tests.conftest import FixedClock

OUR_NUMBER, MAILBOX, MAIL_SECRET = "+14155550100", "baton@example.com", "a-mail-secret-for-tests"

STAFF = {
    "Hana Head": (("department_head", "committee"), "whatsapp", "+919800000010"),
    "Fay Finance": (("finance", "committee"), "telegram", "5000000011"),
    "Dora Director": (("director", "committee"), "telegram", "5000000012"),
    "Pia Purchase": (("purchase",), "whatsapp", "+919800000013"),
    "Sam Store": (("store",), "email", "sam@example.com"),
    "Mia Manager": (("manager",), "whatsapp", "+919800000015"),
}


def pdf(text: str = "quote") -> bytes:
    """A small PDF that differs by `text`."""
    return b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n% " + text.encode() + b"\ntrailer\n<<>>\n%%EOF\n"


@dataclass(frozen=True)
class Bubble:
    """A message of ours as its reader has it: `buttons` are label to token; `id` is the provider's; mails have a `mail`."""

    text: str
    id: str
    buttons: dict[str, str] = field(default_factory=dict)
    files: tuple[Any, ...] = ()
    mail: EmailMessage | None = None


class World:
    """`says`, `taps`, `sends` and `replies` of its people post one signed webhook and settle."""

    def __init__(self, home: Path, database_url: str, clock: FixedClock, *, staff: bool = True, **settings: Any) -> None:
        self.clock = clock
        self.twilio, self.telegram, self.sink = case_twilio.FakeTwilio(), case_telegram.FakeTelegram(), Sink()
        self.settings = Settings(
            _env_file=None,
            baton_home=home,
            database_url=database_url,
            public_base_url=case_twilio.BASE,
            twilio_account_sid=case_twilio.ACCOUNT,
            twilio_auth_token=case_twilio.TOKEN,
            twilio_whatsapp_from=f"whatsapp:{OUR_NUMBER}",
            twilio_api_base=self.twilio.base,
            telegram_bot_token=case_telegram.TOKEN,
            telegram_webhook_secret=case_telegram.SECRET,
            telegram_api_base=self.telegram.base,
            smtp_url=self.sink.url,
            email_from=f"Baton <{MAILBOX}>",
            email_webhook_secret=MAIL_SECRET,
            **settings,
        )
        self.product = build(self.settings, clock=clock)
        self.app = create_app(self.product)
        self.web = self.app.test_client()
        self.numbers = count(1)
        self.read: dict[str, list[tuple[str, Bubble]]] = {"whatsapp": [], "telegram": [], "email": []}
        if staff:
            store(self.product.database, [Person(n, roles=r, addresses=((c, a),)) for n, (r, c, a) in STAFF.items()], clock.now())
            self.greet()

    def close(self) -> None:
        self.product.close()
        for provider in (self.twilio, self.telegram, self.sink):
            provider.close()

    # --- people -------------------------------------------------------------------------------------------------------

    def whatsapp(self, number: str = "+919800000001", name: str = "Asha Asker") -> WhatsApp:
        return WhatsApp(self, number, name)

    def telegrams(self, number: str = "5000000001", name: str = "Asha Asker") -> TelegramPhone:
        return TelegramPhone(self, number, name)

    def mails(self, address: str = "asha@example.org", name: str = "Asha Asker") -> Mailbox:
        return Mailbox(self, address, name)

    def staff(self, first_name: str) -> Phone:
        """One of STAFF by first name, on their own channel."""
        name = next(each for each in STAFF if each.startswith(first_name))
        _, channel, address = STAFF[name]
        return {"whatsapp": self.whatsapp, "telegram": self.telegrams, "email": self.mails}[channel](address, name)

    def greet(self) -> None:
        """The staff on WhatsApp say hello, which opens their 24 hours."""
        for name, (_, channel, _) in STAFF.items():
            if channel == "whatsapp":
                self.post(*self.staff(name).speaks("hi"))
        self.settle()

    def add(self, name: str, *addresses: tuple[str, str], roles: tuple[str, ...] = (), language: str = "en") -> None:
        store(self.product.database, [Person(name, language, roles=roles, addresses=addresses)], self.clock.now())

    def contact(self, phone: Phone) -> str:
        with self.product.database.read() as unit:
            address = unit.people.by_address(phone.channel, phone.address)
        assert address is not None, f"{phone.name} is not known"
        return address.contact_id

    def sent(self, channel: str) -> list[tuple[str, Bubble]]:
        """What the channel's provider took so far, with the address it went to; each read once."""
        known = self.read[channel]
        if channel == "email":
            for raw, (_, to) in zip(self.sink.mails[len(known) :], self.sink.envelopes[len(known) :], strict=False):
                known.append((to, _mail_bubble(message_from_bytes(raw, policy=default))))  # type: ignore[arg-type]
            return known
        provider, read = (self.twilio, self._twilio_bubble) if channel == "whatsapp" else (self.telegram, _telegram_bubble)
        for number, request in enumerate(provider.taken[len(known) :], len(known) + 1):
            known.append(read(request, number))
        return known

    def _twilio_bubble(self, request: Request, number: int) -> tuple[str, Bubble]:
        if not request.path.endswith("/Messages.json"):
            return "", Bubble("", "")
        form = request.fields()
        sid, to = ("MM" if "MediaUrl" in form else "SM") + f"{number:032x}", form["To"].removeprefix("whatsapp:")
        if form.get("ContentSid", "") not in self.twilio.contents:
            variables = json.loads(form.get("ContentVariables", "{}"))
            return to, Bubble(
                form.get("Body", variables.get("1", "")), sid, files=(form["MediaUrl"],) if "MediaUrl" in form else ()
            )
        text, choices = self.twilio.filled(form)
        return to, Bubble(text, sid, {each.get("title") or each["item"]: each["id"] for each in choices})

    # --- time and work ------------------------------------------------------------------------------------------------

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> TestResponse:
        return self.app.test_client().post(path, data=body, headers=headers)

    def settle(self) -> None:
        self.product.runtime.settle()

    def later(self, **span: float) -> None:
        """Time passes, and what came due is done."""
        self.clock.advance(timedelta(**span))
        self.settle()

    # --- the database -------------------------------------------------------------------------------------------------

    def run(self, reference: str = "PA-1001") -> Run:
        with self.product.database.read() as unit:
            loaded = unit.runs.load(unit.runs.by_reference(reference) or "")
        assert loaded is not None, f"there is no run {reference}"
        return loaded.run

    def open(self, reference: str = "PA-1001") -> list[str]:
        return [state.path for state in self.run(reference).open_steps()]

    def events(self, reference: str = "PA-1001") -> list[EventRow]:
        run = self.run(reference)
        with self.product.database.read() as unit:
            assert unit.runs.rebuild(run.id) == run, "the snapshot is not the fold of its events"
            return unit.runs.events(run.id)

    def timers(self, reference: str = "PA-1001") -> list[TimerRow]:
        with self.product.database.read() as unit:
            return unit.timers.of_run(self.run(reference).id)

    def outbox(self, reference: str = "PA-1001") -> list[OutboxRow]:
        with self.product.database.read() as unit:
            return unit.outbox.of_run(self.run(reference).id)

    def inbox_count(self) -> int:
        with self.product.database.read() as unit:
            return int(unit.conn.exec_driver_sql("SELECT count(*) FROM inbound").scalar_one())

    def whole(self) -> None:
        """What must hold after every conversation: chains whole, nothing stuck, nothing parked."""
        with self.product.database.read() as unit:
            assert list(unit.audit.verify()) == []
            for lane in (unit.inbox, unit.work):
                assert (lane.pending(self.clock.now()).pending, lane.pending(self.clock.now()).parked) == (0, 0)


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


def _telegram_bubble(request: Request, number: int) -> tuple[str, Bubble]:
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


def _mail_bubble(mail: EmailMessage) -> Bubble:
    body = mail.get_body(("plain",))
    assert body is not None
    files = tuple((part.get_filename(), part.get_content_type(), part.get_content()) for part in mail.iter_attachments())
    return Bubble(body.get_content().replace("\r\n", "\n").strip(), mail["Message-ID"], files=files, mail=mail)


def monday(hour: int, minute: int = 0) -> datetime:
    """A time of that Monday in Kolkata (UTC+5:30), in UTC."""
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC) - timedelta(hours=5, minutes=30)
