"""The product whole, with real adapters, between fake providers on loopback; people who talk to it in the providers' own bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from itertools import count
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from bot.bootstrap import build
from bot.config import Settings
from bot.people import Person, store
from bot.web import create_app
from flows import Run
from storage import OutboxRow, TimerRow
from storage.rows import EventRow
from tests.channels import case_telegram, case_twilio
from tests.channels.mail_sink import Sink
from tests.channels.provider import Request
from tests.conftest import FixedClock
from tests.conversations.phones import (
    MAIL_SECRET,
    MAILBOX,
    OUR_NUMBER,
    Bubble,
    Mailbox,
    Phone,
    TelegramPhone,
    WhatsApp,
    mail_bubble,
    telegram_bubble,
)

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


class World:
    """`says`, `taps`, `sends` and `replies` of its people post one signed webhook and settle."""

    def __init__(self, home: Path, database_url: str, clock: FixedClock, *, staff: bool = True, **settings: Any) -> None:
        self.clock = clock
        self.twilio, self.telegram, self.sink = case_twilio.FakeTwilio(), case_telegram.FakeTelegram(), Sink()
        self.settings = Settings(
            _env_file=None,
            baton_home=home,
            baton_templates="purchase-approval",
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
            **{"baton_undo_seconds": 0, **settings},
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
                known.append((to, mail_bubble(message_from_bytes(raw, policy=default))))  # type: ignore[arg-type]
            return known
        provider, read = (self.twilio, self._twilio_bubble) if channel == "whatsapp" else (self.telegram, telegram_bubble)
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


def monday(hour: int, minute: int = 0) -> datetime:
    """A time of that Monday in Kolkata (UTC+5:30), in UTC."""
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC) - timedelta(hours=5, minutes=30)
