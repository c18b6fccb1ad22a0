"""The inbox: every event from a provider, once, handled in order within its lane."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.keys import address_subject
from storage.lanes import Lanes
from storage.prepared import hot
from storage.repository import Repository
from storage.rows import InboxRow, Pending
from storage.tables.base import table
from storage.tables.messages import Inbound

INBOUND = table(Inbound)
LANES = Lanes(INBOUND, INBOUND.c.lane, INBOUND.c.received_at)
# The grammar of ON CONFLICT is PostgreSQL's on both databases.
INSERT = hot(insert(INBOUND).on_conflict_do_nothing().returning(INBOUND.c.id))
ENTER_LANE = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("lane"), 0)))
HIDDEN = "••••"
UNTOUCHED = {"state": "new", "fence": 0, "attempts": 0, "note": ""}


class Inbox(Repository):
    def insert(
        self,
        channel: str,
        account: str,
        kind: str,
        event_id: str,
        sender: str,
        inbound: dict[str, Any],
        raw: bytes,
        now: datetime,
        lane: str = "",
    ) -> int | None:
        """Store an event: its row's id, or None where (channel, account, kind, event_id) was seen before. Safe twice.

        `lane` (no personal value) is for events that must not wait for the sender's messages; by default the sender is the lane.
        """
        blind = self.keys.blind(channel, sender)
        lane = lane or blind
        if self.transaction.dialect == "postgresql":
            # Ids are drawn before the commit: without this, two events of one lane could become visible youngest first.
            self.conn.execute(ENTER_LANE, {"lane": lane})
        subject = address_subject(blind)
        values = {
            "channel": channel,
            "account": account,
            "kind": kind,
            "event_id": event_id,
            "sender": blind,
            "lane": lane,
            "inbound": self.seal_json(subject, inbound),
            "raw": self.keys.seal(subject, raw),
            "received_at": now,
            "ready_at": now,
        }
        row: int | None = self.conn.execute(INSERT, values | UNTOUCHED).scalar_one_or_none()
        return row

    def claim(self, now: datetime, limit: int, lease: timedelta) -> list[InboxRow]:
        """Take the oldest unfinished event of each of at most `limit` lanes for the length of `lease`."""
        return [self._opened(row) for row in LANES.claim(self.conn, now, limit, lease)]

    def get(self, inbox_id: int) -> InboxRow | None:
        """A row whatever its state: work on what came with it happens after it is done."""
        row = self.conn.execute(select(INBOUND).where(INBOUND.c.id == inbox_id)).one_or_none()
        return None if row is None else self._opened(row)

    def finish(self, row: InboxRow, note: str = "") -> None:
        """The event is handled; the lane goes on. Raises LostClaim."""
        LANES.finish(self.conn, row, note)

    def hide(self, row: InboxRow) -> None:
        """What was written is kept no longer: it was a PIN or a code. The rest of the row stays."""
        subject = address_subject(self.conn.execute(select(INBOUND.c.sender).where(INBOUND.c.id == row.id)).scalar_one())
        inbound = self.seal_json(subject, row.inbound | {"text": HIDDEN})
        self.conn.execute(update(INBOUND).where(INBOUND.c.id == row.id).values(inbound=inbound, raw=self.keys.seal(subject, b"")))

    def fail(self, row: InboxRow, error: str, now: datetime, retry_in: timedelta, park_after: int = 5) -> bool:
        """Handling failed: the lane waits for `retry_in`, or the event is parked (True) after `park_after` attempts and the lane
        goes on. `error` is shown to people and must hold no personal value. Raises LostClaim."""
        return LANES.fail(self.conn, row, error, now + retry_in, park_after)

    def pending(self, now: datetime) -> Pending:
        return LANES.pending(self.conn, now)

    def _opened(self, row: Any) -> InboxRow:
        subject = address_subject(row.sender)
        inbound = self.open_json(subject, row.inbound)
        raw = self.keys.open(subject, row.raw) or b""
        return InboxRow(row.id, row.fence, row.attempts, row.lane, row.received_at, inbound, raw)
