"""The conversation that is played: one errand from asking to receiving, by three casts of people on three channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.channels import case_twilio as tw
from tests.crash.world import PHOTO, Call, Receipt, World, mail, telegram, whatsapp, whatsapp_status

START = datetime(2026, 3, 2, 4, 30, tzinfo=UTC)
"""A Monday morning in the business's zone."""
ROLES = {"riya": "requester", "dev": "approver", "sam": "store", "meera": "manager"}
CASTS = {
    "whatsapp": {"riya": "whatsapp", "dev": "whatsapp", "sam": "whatsapp", "meera": "whatsapp"},
    "telegram": {"riya": "telegram", "dev": "telegram", "sam": "telegram", "meera": "telegram"},
    "email": {"riya": "email", "dev": "telegram", "sam": "email", "meera": "email"},  # a mail never approves
    "mixed": {"riya": "whatsapp", "dev": "telegram", "sam": "email", "meera": "email"},
}
ADDRESSES = {
    "whatsapp": {"riya": "+919800000001", "dev": "+919800000002", "sam": "+919800000003", "meera": "+919800000004"},
    "telegram": {"riya": "5001", "dev": "5002", "sam": "5003", "meera": "5004"},
    "email": {"riya": "riya@example.org", "dev": "dev@example.org", "sam": "sam@example.org", "meera": "meera@example.org"},
}
MEDIA = f"/2010-04-01/Accounts/{tw.ACCOUNT}/Messages/MM{'5' * 32}/Media/ME{'1' * 32}"


@dataclass(frozen=True)
class Phones:
    """Speaks for the people of a cast. `receipts` is what has reached them so far."""

    cast: str
    world: World
    receipts: list[Receipt]
    at: datetime

    def address(self, who: str) -> str:
        return ADDRESSES[CASTS[self.cast][who]][who]

    def say(self, who: str, number: int, text: str) -> Call:
        match CASTS[self.cast][who]:
            case "whatsapp":
                return whatsapp(self.address(who), number, text)
            case "telegram":
                return telegram(self.address(who), number, text, at=self.at)
        return mail(self.address(who), number, text, answers=self.last(who), at=self.at)

    def photo(self, who: str, number: int) -> Call:
        match CASTS[self.cast][who]:
            case "whatsapp":
                self.world.twilio.files[MEDIA] = PHOTO
                return whatsapp(self.address(who), number, photo=f"https://api.twilio.com{MEDIA}")
            case "telegram":
                self.world.telegram.files["photo-1"] = PHOTO
                return telegram(self.address(who), number, photo="photo-1", at=self.at)
        return mail(self.address(who), number, "Here it is.", answers=self.last(who), photo=True, at=self.at)

    def tap(self, who: str, number: int, label: str) -> Call:
        """A button of the last message that has it; by mail, its words as an answer."""
        match CASTS[self.cast][who]:
            case "whatsapp":
                return whatsapp(self.address(who), number, tap=(label, self.token(who, label)))
            case "telegram":
                return telegram(self.address(who), number, tap=(label, self.token(who, label)), at=self.at)
        return mail(self.address(who), number, label, answers=self.last(who), at=self.at)

    def token(self, who: str, label: str) -> str:
        return next(
            dict(r.tokens)[label] for r in reversed(self.receipts) if r.to == self.address(who) and label in dict(r.tokens)
        )

    def last(self, who: str) -> Receipt | None:
        return next((r for r in reversed(self.receipts) if r.to == self.address(who)), None)


@dataclass(frozen=True)
class Step:
    """What happens next, and what must come of it: run events (kind, actor) and planned messages (contact, topic)."""

    name: str
    says: Callable[[Phones], tuple[Call, ...]] = lambda phones: ()
    wait: timedelta = timedelta(minutes=1)
    events: tuple[tuple[str, str], ...] = ()
    sends: tuple[tuple[str, str], ...] = ()
    outcome: str | None = ""


def _delivered(phones: Phones) -> tuple[Call, ...]:
    """Only one of the providers tells us that a message has arrived."""
    told = phones.last("sam")
    return (whatsapp_status(told, "delivered"),) if told and told.channel == "whatsapp" else ()


# The approver's first words carry a lower number than what the requester said before: providers deliver in any order.
STORY = (
    Step("install", outcome=None),
    Step(
        "start",
        lambda p: (p.say("riya", 101, "errand\nVendor: Sample Traders\nVendor e-mail: sales@example.net"),),
        events=(("begin", "riya"),),
        sends=(("riya", "question"),),
    ),
    Step("answer", lambda p: (p.say("riya", 103, "ten chairs"),), events=(("give", "riya"),), sends=(("riya", "collect"),)),
    Step("ask", lambda p: (p.say("dev", 102, "mine"),), sends=(("dev", "reply"),)),
    Step(
        "photo",
        lambda p: (p.photo("riya", 104),),
        events=(("file", "riya"),),
        sends=(("dev", "approve"), ("riya", "progress")),
    ),
    Step("remind", wait=timedelta(hours=2, minutes=5), events=(("fire", "system"),), sends=(("dev", "reminder"),)),
    Step(
        "approve",
        lambda p: (p.tap("dev", 105, "Approve"),),
        events=(("decide", "dev"), ("finish", "system")),
        sends=(("dev", "decided"), ("riya", "progress"), ("vendor", "notice"), ("sam", "do")),
    ),
    Step("delivered", _delivered),
    Step(
        "receive",
        lambda p: (p.tap("sam", 106, "Received"),),
        events=(("decide", "sam"),),
        sends=(("sam", "decided"), ("riya", "outcome")),
        outcome="completed",
    ),
)


def people(cast: str) -> list[dict[str, Any]]:
    """Everybody whom the business knows, as the child takes them. A contact's id is its name."""
    return [
        {"id": who, "channel": channel, "address": ADDRESSES[channel][who], "roles": [ROLES[who]]}
        for who, channel in CASTS[cast].items()
    ]


def whose(cast: str) -> dict[str, str]:
    """Whose each address is."""
    return {ADDRESSES[channel][who]: who for who, channel in CASTS[cast].items()}
