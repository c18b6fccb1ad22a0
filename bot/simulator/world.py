"""What every part of the simulator shares: the phones, their memory, the clock and the road to the product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import OffsetClock
from bot.config import Settings
from bot.simulator.cast import Phone
from bot.simulator.post import Post
from bot.simulator.store import Bubble, Store, Wire

WINDOW = timedelta(hours=24)
"""How long after a person's last message WhatsApp takes anything but approved templates."""


class Refused(Exception):
    """A person's action that the phone does not take; the text says what to do instead."""


@dataclass(frozen=True, slots=True)
class World:
    settings: Settings
    clock: OffsetClock
    store: Store
    post: Post
    phones: Mapping[str, Phone]

    def phone_of(self, channel: str, address: str) -> Phone | None:
        return next((p for p in self.phones.values() if (p.channel, p.address) == (channel, address)), None)

    def heard(self, phone: Phone) -> None:
        """The person wrote just now: WhatsApp's 24 hours begin again."""
        self.store.put_fact(f"heard:{phone.id}", self.clock.now().isoformat())

    def window_open(self, phone: Phone) -> bool:
        """Whether the person wrote within 24 hours. Before their first message: since the simulator's first start, as if each
        had greeted the business then."""
        heard = self.store.fact(f"heard:{phone.id}")
        return heard is not None and self.clock.now() - datetime.fromisoformat(heard) <= WINDOW

    def carry(self, bubble: Bubble, wire: Wire) -> None:
        """Take a person's message, which is on their own screen already, to the product; the screen shows how it went."""
        self.store.put_wire(bubble.id, wire)

        def ended(problem: str) -> None:
            self.store.change(bubble.id, state="failed" if problem else "delivered", problem=problem)

        self.post.mail(bubble.phone, wire, ended)

    def carry_again(self, number: int) -> None:
        """Carry a person's message once more, with the same provider id. Raises Refused where there is nothing to carry."""
        wire = self.store.wire(number)
        if wire is None:
            raise Refused("This message cannot be sent again. Please write it anew.")
        self.carry(self.store.change(number, state="sending", problem=""), wire)

    def stranded(self) -> None:
        """After a stop: what was under way shows as not accepted, with a button to send it again."""
        for bubble in self.store.latest(200):
            if bubble.state == "sending":
                self.store.change(bubble.id, state="failed", problem="Baton was stopped")
            if bubble.waiting:
                self.store.change(bubble.id, waiting="")

    def note(self, phone: Phone, text: str) -> None:
        """A grey line on a screen: something that no message shows."""
        self.store.add(Bubble(phone=phone.id, author="note", at=self.clock.now(), text=text))
