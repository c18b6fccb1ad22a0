"""Slow work of step attempts (fetch, generate), done outside transitions and claimed like messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import insert, select

from storage.lanes import Lanes
from storage.repository import Repository
from storage.rows import Pending, WorkRow
from storage.tables.base import table
from storage.tables.messages import Work

WORK = table(Work)
LANES = Lanes(WORK, WORK.c.lane, WORK.c.created_at)
INSERT = insert(WORK).returning(WORK.c.id)
UNTOUCHED = {"state": "new", "fence": 0, "attempts": 0, "note": ""}


class Works(Repository):
    def add(
        self, run_id: str, path: str, attempt: int, kind: str, details: Mapping[str, object], now: datetime, lane: str = ""
    ) -> int:
        """Plan work; its row's id. `details` hold ids only, never personal values. Rows of one `lane` run one after another,
        rows of none ("") wait for nobody."""
        values = {"run_id": run_id, "path": path, "attempt": attempt, "kind": kind, "details": dict(details)}
        times = {"lane": lane or None, "created_at": now, "ready_at": now}
        return int(self.conn.execute(INSERT, values | times | UNTOUCHED).scalar_one())

    def captions(self, run_id: str) -> list[str]:
        """What was written beside the files sent to a run, oldest first."""
        sent = select(WORK.c.details).where(WORK.c.run_id == run_id, WORK.c.kind == "fetch").order_by(WORK.c.id)
        return [str(details["caption"]) for details in self.conn.scalars(sent) if details.get("caption")]

    def claim(self, now: datetime, limit: int, lease: timedelta) -> list[WorkRow]:
        """Take the oldest unfinished work of each of at most `limit` lanes for the length of `lease`."""
        return [
            WorkRow(r.id, r.fence, r.attempts, r.run_id, r.path, r.attempt, r.kind, r.details)
            for r in LANES.claim(self.conn, now, limit, lease)
        ]

    def finish(self, row: WorkRow) -> None:
        """Raises LostClaim."""
        LANES.finish(self.conn, row, "")

    def fail(self, row: WorkRow, error: str, now: datetime, retry_in: timedelta, park_after: int = 5) -> bool:
        """As `Inbox.fail`."""
        return LANES.fail(self.conn, row, error, now + retry_in, park_after)

    def beside(self, row: WorkRow) -> int:
        """How many other rows of the same kind, run and sender (`details["by"]`) are on their way: not finished, and not failed yet."""
        others = self.conn.execute(
            select(WORK.c.details).where(
                WORK.c.run_id == row.run_id,
                WORK.c.kind == row.kind,
                WORK.c.id != row.id,
                WORK.c.ready_at.is_not(None),
                WORK.c.attempts <= 1,
            )
        )
        return sum(other.get("by") == row.details.get("by") for (other,) in others)

    def pending(self, now: datetime) -> Pending:
        return LANES.pending(self.conn, now)
