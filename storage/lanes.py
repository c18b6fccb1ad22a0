"""Order by the claim: only the oldest unfinished row of a lane can be taken, with a lease and a fencing number.

A lane table has `id`, `ready_at` (when a claim may take the row; null: finished), `fence` and `attempts`. A claim moves
`ready_at` to the end of its lease, so that a row whose holder died is there to take again. Who finishes a row names the fence.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, Row, Table, bindparam, exists, func, literal_column, select, update

from storage.errors import LostClaim
from storage.prepared import Prepared, hot
from storage.rows import Pending


class Claimed(Protocol):
    """A row that was claimed, as the repositories give it out."""

    @property
    def id(self) -> int: ...
    @property
    def fence(self) -> int: ...
    @property
    def attempts(self) -> int: ...


class Lanes:
    """The statements over one lane table, built once. `lane` is its lane column (null: a lane of its own); `since` tells a
    row's age; `only` narrows what may be claimed; `marks` are further columns that a claim sets; `stuck` are the rows that left
    their lane and wait for a person (a condition that has an index)."""

    def __init__(
        self,
        rows: Table,
        lane: Column[Any],
        since: Column[Any],
        only: Sequence[ColumnElement[bool]] = (),
        marks: dict[str, Any] | None = None,
        stuck: ColumnElement[bool] | None = None,
    ) -> None:
        older = rows.alias("older")
        blocked = exists().where(older.c[lane.name] == lane, older.c.id < rows.c.id, older.c.ready_at.is_not(None))
        heads = (
            select(rows.c.id)
            .where(rows.c.ready_at <= bindparam("now"), *only, ~blocked)
            .order_by(rows.c.ready_at, rows.c.id)
            .limit(bindparam("limit"))
            .with_for_update(skip_locked=True, of=rows)
            .cte("heads")
        )
        # A CTE, not a plain sub-select: PostgreSQL may run a sub-select several times, and so take more than the limit.
        self._claim = hot(
            update(rows)
            .where(rows.c.id.in_(select(heads.c.id)))
            .values(fence=rows.c.fence + 1, attempts=rows.c.attempts + 1, ready_at=bindparam("until"), **(marks or {}))
            .returning(rows)
        )
        self._settle = hot(
            update(rows).where(
                rows.c.id == bindparam("row_id"), rows.c.fence == bindparam("row_fence"), rows.c.ready_at.is_not(None)
            )
        )
        self._waiting = select(func.count(), func.min(since)).where(rows.c.ready_at.is_not(None))
        parked = rows.c.state == literal_column("'parked'")
        self._stuck = select(func.count()).select_from(rows).where(parked if stuck is None else stuck)

    def claim(self, conn: Prepared, now: datetime, limit: int, lease: timedelta) -> list[Row[Any]]:
        """At most `limit` heads of lanes, oldest first; nobody else gets them before `now + lease`."""
        taken = conn.execute(self._claim, {"now": now, "limit": limit, "until": now + lease})
        return sorted(taken, key=lambda row: row.id)

    def settle(self, conn: Prepared, row: Claimed, **values: Any) -> None:
        """Write `values` on a claimed row. Raises LostClaim where the claim is no longer the caller's."""
        if conn.execute(self._settle, {"row_id": row.id, "row_fence": row.fence, **values}).rowcount == 0:
            raise LostClaim(f"row {row.id} is no longer held by claim {row.fence}")

    def finish(self, conn: Prepared, row: Claimed, note: str) -> None:
        self.settle(conn, row, state="done", ready_at=None, note=note)

    def fail(self, conn: Prepared, row: Claimed, error: str, retry_at: datetime, park_after: int) -> bool:
        """Try again at `retry_at`, or, at the `park_after`-th attempt, park the row and let its lane go on: then True."""
        parked = row.attempts >= park_after
        again = {"state": "parked", "ready_at": None} if parked else {"ready_at": retry_at}
        self.settle(conn, row, note=error, **again)
        return parked

    def pending(self, conn: Prepared, now: datetime) -> Pending:
        count, oldest = conn.execute(self._waiting).one()
        stuck = conn.execute(self._stuck).scalar_one()
        return Pending(count, stuck, now - oldest if oldest is not None else timedelta())
