"""Slow work of step attempts (fetch, generate), done outside transitions and claimed like messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import insert

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

    def pending(self, now: datetime) -> Pending:
        return LANES.pending(self.conn, now)
