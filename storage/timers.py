"""Timers are rows: planned again they move, dropped they never fire, and one that fires does so once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.prepared import hot
from storage.repository import Repository
from storage.rows import TimerRow
from storage.tables.base import table
from storage.tables.steps import Timer

TIMER = table(Timer)
LIVE = TIMER.c.state == literal_column("'live'")
KEY = (TIMER.c.run_id, TIMER.c.path, TIMER.c.attempt, TIMER.c.rung)
FIELDS = tuple(TIMER.c[name] for name in TimerRow.__slots__)

_INSERT = insert(TIMER)
PLAN = hot(
    _INSERT.on_conflict_do_update(
        index_elements=KEY,
        set_={
            "due": _INSERT.excluded.due,
            "planned_at": _INSERT.excluded.planned_at,
            "generation": TIMER.c.generation + 1,
            "state": "live",
        },
    )
)
DROP = hot(
    update(TIMER)
    .where(TIMER.c.run_id == bindparam("run"), TIMER.c.path == bindparam("step"), TIMER.c.attempt == bindparam("nth"), LIVE)
    .values(state="dropped")
)
DROP_ONE = (
    update(TIMER)
    .where(TIMER.c.run_id == bindparam("run"), TIMER.c.path == bindparam("step"), TIMER.c.attempt == bindparam("nth"))
    .where(TIMER.c.rung == bindparam("one"), LIVE)
    .values(state="dropped")
)
FIRED = select(TIMER.c.path, TIMER.c.attempt, TIMER.c.rung).where(
    TIMER.c.run_id == bindparam("run"), TIMER.c.state == literal_column("'fired'")
)
DUE = hot(
    select(*FIELDS).where(LIVE, TIMER.c.due <= bindparam("now")).order_by(TIMER.c.due, TIMER.c.id).limit(bindparam("limit"))
)
NEXT = select(func.min(TIMER.c.due)).where(LIVE)
TAKE = hot(
    update(TIMER).where(TIMER.c.id == bindparam("timer"), TIMER.c.generation == bindparam("planned"), LIVE).values(state="fired")
)
OF_RUN = select(*FIELDS).where(LIVE, TIMER.c.run_id == bindparam("run")).order_by(TIMER.c.due, TIMER.c.id)


class Timers(Repository):
    def plan(self, run_id: str, path: str, attempt: int, rung: str, due: datetime, now: datetime) -> None:
        """Set the timer (run, path, attempt, rung) to `due`, live, whatever it was; its older firings no longer count."""
        values = {"run_id": run_id, "path": path, "attempt": attempt, "rung": rung, "due": due, "planned_at": now}
        self.conn.execute(PLAN, values | {"generation": 1, "state": "live"})

    def plan_all(self, run_id: str, timers: Iterable[tuple[str, int, str, datetime]], now: datetime) -> None:
        """`plan` for several (path, attempt, rung, due) at once."""
        rows = [
            {"run_id": run_id, "path": p, "attempt": n, "rung": r, "due": d, "planned_at": now, "generation": 1, "state": "live"}
            for p, n, r, d in timers
        ]
        if rows:
            self.conn.execute(PLAN, rows)

    def drop(self, run_id: str, path: str, attempt: int) -> None:
        """The step attempt closed: none of its timers fires any more."""
        self.conn.execute(DROP, {"run": run_id, "step": path, "nth": attempt})

    def drop_one(self, run_id: str, path: str, attempt: int, rung: str) -> None:
        """One rung of an open step attempt does not fire any more."""
        self.conn.execute(DROP_ONE, {"run": run_id, "step": path, "nth": attempt, "one": rung})

    def fired(self, run_id: str) -> list[tuple[str, int, str]]:
        """The (path, attempt, rung) of a run's timers that have fired."""
        return [(row.path, row.attempt, row.rung) for row in self.conn.execute(FIRED, {"run": run_id})]

    def due(self, now: datetime, limit: int) -> list[TimerRow]:
        """Live timers that are due, the longest due first. They stay live until `take`."""
        return [TimerRow(*row) for row in self.conn.execute(DUE, {"now": now, "limit": limit})]

    def take(self, row: TimerRow) -> bool:
        """Fire it: True for exactly one caller, False where it fired, moved or was dropped since it was read."""
        return bool(self.conn.execute(TAKE, {"timer": row.id, "planned": row.generation}).rowcount == 1)

    def next_due(self) -> datetime | None:
        due: datetime | None = self.conn.execute(NEXT).scalar_one()
        return due

    def of_run(self, run_id: str) -> list[TimerRow]:
        """A run's live timers, the next due first."""
        return [TimerRow(*row) for row in self.conn.execute(OF_RUN, {"run": run_id})]
