"""One purchase approval being talked through, state by state."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.conversations.phones import Phone
from tests.conversations.world import World, pdf

VENDOR = "sales@example.net"
FORM = """purchase
Items: 1 pcs cupboard @ {rate}
Vendor: {vendor}
Vendor's e-mail: sales@example.net
Cost centre: Office
Needed by: in 2 weeks
Urgency: normal
Reason: {reason}"""


class Purchase:
    """The people of one world, and the request that `asker` makes."""

    def __init__(self, world: World, asker: Phone | None = None, rate: str = "8000", reference: str = "PA-1001") -> None:
        self.world, self.rate, self.reference = world, rate, reference
        self.asker = asker or world.whatsapp()
        self.hana, self.fay, self.dora = (world.staff(name) for name in ("Hana", "Fay", "Dora"))
        self.pia, self.sam, self.mia = (world.staff(name) for name in ("Pia", "Sam", "Mia"))
        self.vendor = world.mails(VENDOR, "Vera Vendor")

    @property
    def open(self) -> list[str]:
        return self.world.open(self.reference)

    def asked(self, reason: str = "The old one broke down", vendor: str = "Example Traders") -> Purchase:
        self.asker.says(FORM.format(rate=self.rate, reason=reason, vendor=vendor))
        return self

    def skipped(self) -> Purchase:
        self.asker.says("skip")
        return self

    def quoted(self, count: int = 1) -> Purchase:
        for n in range(count):
            self.asker.sends(pdf(f"{self.reference} {n}"))
        return self

    def budgeted(self) -> Purchase:
        self.fay.taps("Within budget", self.reference)
        return self

    def approved(self, *people: Phone) -> Purchase:
        for person in people or (self.hana,):
            person.taps("Approve", self.reference)
        return self

    def prepared(self, total: str = "8000") -> Purchase:
        self.pia.says(total)
        self.pia.says("in 10 days")
        self.pia.taps("Ready", self.reference)
        return self

    def ordered(self) -> Purchase:
        self.pia.taps("Send to vendor", self.reference)
        return self

    def acknowledged(self) -> Purchase:
        self.vendor.replies(self.vendor.asked("1. Acknowledged"), "Acknowledged")
        return self

    def received(self) -> Purchase:
        self.sam.replies(self.sam.asked("1. All received"), "All received")
        return self

    def matched(self) -> Purchase:
        self.fay.taps("Matched", self.reference)
        return self

    def up_to(self, state: str) -> Purchase:
        """Talk until the run waits at `state`."""
        for name, step in STATES.items():
            step(self)
            if name == state:
                return self
        raise KeyError(state)


STATES: Mapping[str, Callable[[Purchase], Purchase]] = {
    "request": Purchase.asked,
    "quotes": Purchase.skipped,
    "budget": Purchase.quoted,
    "head_approval": Purchase.budgeted,
    "po_prepare": Purchase.approved,
    "po_review": Purchase.prepared,
    "vendor_ack": Purchase.ordered,
    "goods_receipt": Purchase.acknowledged,
    "match": Purchase.received,
    "ended": Purchase.matched,
}
"""Where the run waits after each word, in the order of the flow (a request of up to 10,000)."""
