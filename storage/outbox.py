"""The outbox: every message to one address, sent in order, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, literal_column, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert

from flows.said import sentence
from storage.lanes import Lanes
from storage.prepared import hot
from storage.repository import Repository
from storage.rows import OutboxRow, Pending
from storage.tables.base import table
from storage.tables.messages import Outbound, OutboundId
from storage.tables.people import Address

OUTBOUND, IDS, ADDRESS = table(Outbound), table(OutboundId), table(Address)
SAFE_TWICE = frozenset({"reminder", "notice"})
"""Classes of messages of which a second copy does no harm."""

UNDELIVERED = OUTBOUND.c.state.in_([literal_column(f"'{state}'") for state in ("failed", "unknown", "held")])
LANES = Lanes(
    OUTBOUND,
    OUTBOUND.c.address_id,
    OUTBOUND.c.created_at,
    only=(OUTBOUND.c.state == "pending",),
    marks={"state": "sending"},
    stuck=UNDELIVERED,
)
FRESH = {"sent_at": None, "fence": 0, "attempts": 0, "status": "", "rank": 0, "code": "", "problem": "", "state": "pending"}

INSERT = hot(plain_insert(OUTBOUND).returning(OUTBOUND.c.id))
ADD_ID = hot(insert(IDS).on_conflict_do_nothing())
RELEASE = hot(
    update(OUTBOUND)
    .where(OUTBOUND.c.address_id == bindparam("address"), UNDELIVERED, OUTBOUND.c.state == "held")
    .values(state="pending", ready_at=bindparam("now"), problem="")
)
# The fence moves on, so that a holder who wakes up late can no longer say what happened.
LAPSE = (
    update(OUTBOUND)
    .where(OUTBOUND.c.ready_at <= bindparam("now"), OUTBOUND.c.state == "sending")
    .values(fence=OUTBOUND.c.fence + 1)
    .returning(OUTBOUND)
)
KNOWN_AS = hot(
    select(OUTBOUND)
    .join(IDS, IDS.c.outbound_id == OUTBOUND.c.id)
    .where(IDS.c.channel == bindparam("channel"), IDS.c.message_id == bindparam("message_id"))
)
CLIMB = hot(
    update(OUTBOUND).where(
        OUTBOUND.c.id == bindparam("row_id"), OUTBOUND.c.rank < bindparam("step"), OUTBOUND.c.status != "failed"
    )
)
IDS_OF = select(IDS.c.message_id).where(IDS.c.outbound_id == bindparam("outbound_id")).order_by(IDS.c.position)
TROUBLE = select(OUTBOUND).where(UNDELIVERED).order_by(OUTBOUND.c.id.desc())
OF_RUN = select(OUTBOUND).where(OUTBOUND.c.run_id == bindparam("run_id"), OUTBOUND.c.run_id != literal_column("''"))


class Outbox(Repository):
    def add(
        self,
        contact_id: str,
        address_id: str,
        topic: str,
        klass: str,
        content: Mapping[str, Any],
        now: datetime,
        run_id: str = "",
        path: str = "",
        attempt: int = 0,
        not_before: datetime | None = None,
    ) -> int:
        """Plan a message; its row's id. `content` is sealed under the contact's key. `klass` in SAFE_TWICE may be sent again
        after a crash between "sent" and "recorded"; all others become `unknown`."""
        values = {
            "contact_id": contact_id,
            "address_id": address_id,
            "topic": topic,
            "klass": klass,
            "content": self.seal_json(contact_id, dict(content)),
            "run_id": run_id,
            "path": path,
            "attempt": attempt,
            "created_at": now,
            "ready_at": not_before or now,
        }
        return int(self.conn.execute(INSERT, values | FRESH).scalar_one())

    def claim(self, now: datetime, limit: int, lease: timedelta) -> list[OutboxRow]:
        """Take the oldest unfinished message of each of at most `limit` addresses; they become `sending`. One whose lease ran
        out is never taken again here: see `expired`."""
        return [self._opened(row) for row in LANES.claim(self.conn, now, limit, lease)]

    def sent(self, row: OutboxRow, channel: str, ids: tuple[str, ...], status: str, rank: int, now: datetime) -> None:
        """The provider of `channel` (the row's own, or the contact's other one) accepted the message under `ids`. Raises LostClaim."""
        LANES.settle(self.conn, row, state="sent", ready_at=None, status=status, rank=rank, sent_at=now, code="", problem="")
        if ids:
            names = [{"message_id": name, "position": place} for place, name in enumerate(ids)]
            self.conn.execute(ADD_ID, [{"channel": channel, "outbound_id": row.id} | name for name in names])

    def retry(self, row: OutboxRow, code: str, problem: str, at: datetime) -> None:
        """Not accepted, but may be at `at`; the address's later messages wait. Raises LostClaim."""
        LANES.settle(self.conn, row, state="pending", ready_at=at, code=code, problem=problem)

    def failed(self, row: OutboxRow, code: str, problem: str, now: datetime) -> None:
        """Never accepted; shown to people. The lane goes on. Raises LostClaim."""
        LANES.settle(self.conn, row, state="failed", ready_at=None, code=code, problem=problem)

    def unknown(self, row: OutboxRow, now: datetime) -> None:
        """The provider may or may not have it; shown to people. The lane goes on. Raises LostClaim."""
        LANES.settle(self.conn, row, state="unknown", ready_at=None)

    def held(self, row: OutboxRow, reason: str, now: datetime) -> None:
        """Must not go out now (opted out, window closed); it leaves the lane until `release`. Raises LostClaim."""
        LANES.settle(self.conn, row, state="held", ready_at=None, problem=reason)

    def release(self, address_id: str, now: datetime) -> int:
        """The address's held messages may go out, in their old order; how many."""
        return int(self.conn.execute(RELEASE, {"address": address_id, "now": now}).rowcount)

    def expired(self, now: datetime) -> list[OutboxRow]:
        """Messages whose sender died while sending: pending again where safe twice, else `unknown`. As they are now."""
        lapsed = [self._opened(row) for row in self.conn.execute(LAPSE, {"now": now})]
        for row in lapsed:
            if row.klass in SAFE_TWICE:
                LANES.settle(self.conn, row, state="pending", ready_at=now)
            else:
                LANES.settle(self.conn, row, state="unknown", ready_at=None)
        return [self.get(row.id) for row in sorted(lapsed, key=lambda row: row.id)]

    def status(self, channel: str, message_id: str, status: str, rank: int, code: str, now: datetime) -> bool:
        """A delivery report: never steps back, and "failed" is the last word. False where no message has that id (yet)."""
        found = self.conn.execute(KNOWN_AS, {"channel": channel, "message_id": message_id}).one_or_none()
        if found is None:
            return False
        failed = {"state": "failed", "problem": sentence("the provider could not deliver it")} if status == "failed" else {}
        self.conn.execute(CLIMB, {"row_id": found.id, "step": rank, "status": status, "rank": rank, "code": code, **failed})
        return True

    def get(self, outbound_id: int) -> OutboxRow:
        """The message as it stands. Raises KeyError where there is none."""
        row = self.conn.execute(select(OUTBOUND).where(OUTBOUND.c.id == outbound_id)).one_or_none()
        if row is None:
            raise KeyError(outbound_id)
        return self._opened(row)

    def by_message(self, channel: str, message_id: str) -> OutboxRow | None:
        """Our message with that provider id: what was quoted, answered or tapped."""
        found = self.conn.execute(KNOWN_AS, {"channel": channel, "message_id": message_id}).one_or_none()
        return None if found is None else self._opened(found)

    def ids(self, outbound_id: int) -> tuple[str, ...]:
        """The provider ids of a message of ours, the one with the buttons first; none before it was sent."""
        return tuple(self.conn.execute(IDS_OF, {"outbound_id": outbound_id}).scalars())

    def undelivered(self, run_id: str | None = None, newest: int = 100) -> list[OutboxRow]:
        """Failed, unknown and held messages, of one run or (None) of all: the `newest` ones, oldest first."""
        wanted = TROUBLE if run_id is None else TROUBLE.where(OUTBOUND.c.run_id == run_id)
        return [self._opened(row) for row in reversed(self.conn.execute(wanted.limit(newest)).all())]

    def of_run(self, run_id: str) -> list[OutboxRow]:
        """All messages of a run, in the order they were planned."""
        return [self._opened(row) for row in self.conn.execute(OF_RUN.order_by(OUTBOUND.c.id), {"run_id": run_id})]

    def pending(self, now: datetime) -> Pending:
        """`parked` counts what needs a person: failed, unknown and held."""
        return LANES.pending(self.conn, now)

    def _opened(self, row: Row[Any]) -> OutboxRow:
        fields = {name: getattr(row, name) for name in OutboxRow.__slots__}
        return OutboxRow(**fields | {"content": self.open_json(row.contact_id, row.content)})
