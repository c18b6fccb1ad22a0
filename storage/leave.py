"""Who is on leave, when, and who covers for them up to what."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, literal, null, select, union_all, update

from flows.values import Money
from storage.prepared import hot
from storage.repository import Repository
from storage.rows import Leave
from storage.tables import people as tables
from storage.tables.base import table

LEAVE, CONTACT, MEMBERSHIP = table(tables.Leave), table(tables.Contact), table(tables.Membership)

_OF_LEAVE = ("starts_at", "ends_at", "cover_kind", "cover", "most", "currency")
_holders = (
    select(
        literal(0).label("absent"),
        CONTACT.c.number.label("place"),
        CONTACT.c.id.label("contact_id"),
        *(null().cast(LEAVE.c[name].type).label(name) for name in _OF_LEAVE),
    )
    .join(MEMBERSHIP, MEMBERSHIP.c.contact_id == CONTACT.c.id)
    .where(MEMBERSHIP.c.role == bindparam("role"), CONTACT.c.suspended.is_(False))
)
_now = bindparam("now", type_=LEAVE.c.ends_at.type)
_absent = select(literal(1), LEAVE.c.id, LEAVE.c.contact_id, *(LEAVE.c[name] for name in _OF_LEAVE)).where(
    LEAVE.c.ends_at > _now, LEAVE.c.starts_at <= _now
)
HOLDERS_AND_ABSENT = hot(union_all(_holders, _absent).order_by("absent", "place"))
ADD = insert(LEAVE)


class Leaves(Repository):
    """A contact has at most one leave at a time, and may have others planned."""

    def take(self, contact_id: str, starts_at: datetime, ends_at: datetime, kind: str, cover: str, most: Money | None) -> None:
        """From `starts_at` until before `ends_at`, covered by `cover` ("person": a contact id, "role": a role). What the contact had
        planned in that time is replaced. Raises ValueError where it ends before it starts."""
        if ends_at <= starts_at:
            raise ValueError("a leave must end after it starts")
        meets = (LEAVE.c.starts_at < ends_at, LEAVE.c.ends_at > starts_at)
        self.conn.execute(delete(LEAVE).where(LEAVE.c.contact_id == contact_id, *meets))
        amount, currency = (str(most.amount), most.currency) if most else ("", "")
        values = {"contact_id": contact_id, "starts_at": starts_at, "ends_at": ends_at, "cover_kind": kind, "cover": cover}
        self.conn.execute(ADD, values | {"most": amount, "currency": currency})

    def off(self, contact_id: str, now: datetime) -> tuple[Leave, ...]:
        """They are back: what is on now ends now, what was planned is forgotten. Returns these."""
        ended = self.of_contact(contact_id, now)
        mine = LEAVE.c.contact_id == contact_id
        self.conn.execute(delete(LEAVE).where(mine, LEAVE.c.starts_at >= now))
        self.conn.execute(update(LEAVE).where(mine, LEAVE.c.ends_at > now).values(ends_at=now))
        return ended

    def of_contact(self, contact_id: str, now: datetime) -> tuple[Leave, ...]:
        """The one that is on and those planned, in order."""
        rows = select(LEAVE).where(LEAVE.c.contact_id == contact_id, LEAVE.c.ends_at > now).order_by(LEAVE.c.starts_at)
        return tuple(_leave(row) for row in self.conn.execute(rows))

    def between(self, starts_at: datetime, ends_at: datetime) -> tuple[Leave, ...]:
        """Everybody's leave that is on at some moment from `starts_at` until before `ends_at`."""
        rows = select(LEAVE).where(LEAVE.c.ends_at > starts_at, LEAVE.c.starts_at < ends_at).order_by(LEAVE.c.starts_at)
        return tuple(_leave(row) for row in self.conn.execute(rows))

    def holders_and_absent(self, role: str, now: datetime) -> tuple[tuple[str, ...], dict[str, Leave]]:
        """Who holds `role` (as `People.holders` has it), and who of all contacts is on leave now. Every transition needs to know both,
        so it is one statement."""
        rows = self.conn.execute(HOLDERS_AND_ABSENT, {"role": role, "now": now}).all()
        holders = tuple(row.contact_id for row in rows if not row.absent)
        return holders, {row.contact_id: _leave(row) for row in rows if row.absent}


def _leave(row: Row[Any]) -> Leave:
    most = Money(Decimal(row.most), row.currency) if row.most else None
    return Leave(row.contact_id, row.starts_at, row.ends_at, row.cover_kind, row.cover, most)
