"""The talk at one address: the session window, the focus, the misses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, update

from storage.prepared import hot
from storage.repository import Repository
from storage.tables import people as tables
from storage.tables.base import table

CONTACT, CONVERSATION = table(tables.Contact), table(tables.Conversation)
AT = hot(update(CONVERSATION).where(CONVERSATION.c.address_id == bindparam("address")))
SPEAKS = update(CONTACT).where(CONTACT.c.id == bindparam("contact"))


class Conversations(Repository):
    def heard(self, address_id: str, now: datetime) -> None:
        """They wrote: the provider's session window is open from now."""
        self.transaction.forget_people()
        self.conn.execute(AT, {"address": address_id, "last_inbound_at": now})

    def focus(self, address_id: str, run_id: str, until: datetime | None) -> None:
        """Answers and documents (never decisions) go to `run_id` until then; "" and None end it."""
        self.conn.execute(AT, {"address": address_id, "focus_run": run_id, "focus_until": until})

    def closed(self, address_id: str) -> None:
        """The provider says that the session window is closed, whatever we thought."""
        self.conn.execute(AT, {"address": address_id, "last_inbound_at": None})

    def expect(self, address_id: str, expecting: str, until: datetime | None) -> None:
        """The next plain message completes what `expecting` says (JSON of ids); "" and None end it."""
        self.conn.execute(AT, {"address": address_id, "expecting": expecting, "expecting_until": until})

    def misses(self, address_id: str, count: int) -> None:
        """How many messages in a row were not understood."""
        self.conn.execute(AT, {"address": address_id, "misses": count})

    def language(self, contact_id: str, code: str) -> None:
        """The language (BCP 47) in which the contact is spoken to."""
        self.transaction.forget_people()
        self.conn.execute(SPEAKS, {"contact": contact_id, "language": code})
