"""Diaries: who has taken which seat of which slot."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from storage.errors import Conflict
from storage.repository import Repository
from storage.tables.base import table
from storage.tables.steps import Booking

BOOKING = table(Booking)
TAKEN = (
    select(BOOKING.c.starts_at)
    .where(BOOKING.c.resource == bindparam("diary"), BOOKING.c.starts_at >= bindparam("since"))
    .order_by(BOOKING.c.starts_at)
)
SEATS = select(BOOKING.c.seat).where(BOOKING.c.resource == bindparam("diary"), BOOKING.c.starts_at == bindparam("slot"))
RELEASE = delete(BOOKING).where(BOOKING.c.run_id == bindparam("run"))


class Bookings(Repository):
    def taken(self, resource: str, since: datetime) -> tuple[datetime, ...]:
        """The slots from `since` on that are booked in a diary: one entry a booking."""
        return tuple(self.conn.scalars(TAKEN, {"diary": resource, "since": since}))

    def book(self, resource: str, slot: datetime, capacity: int, run_id: str, path: str, attempt: int) -> None:
        """Take the first free seat. Raises Conflict where all are taken; of two that take the last one at once, one fails on the
        unique seat: either way the unit is run again, and sees who was first."""
        seats = set(self.conn.scalars(SEATS, {"diary": resource, "slot": slot}))
        seat = next((seat for seat in range(capacity) if seat not in seats), None)
        if seat is None:
            raise Conflict(f"no seat is left in the diary of {resource}")
        row = {"resource": resource, "starts_at": slot, "seat": seat, "run_id": run_id, "path": path, "attempt": attempt}
        self.conn.execute(insert(BOOKING), row)

    def release(self, run_id: str, path: str = "") -> None:
        """Free what a run has booked: at one of its steps, or all of it."""
        of_step = RELEASE.where(BOOKING.c.path == bindparam("step"))
        self.conn.execute(of_step if path else RELEASE, {"run": run_id} | ({"step": path} if path else {}))
