"""The claim: each row once, in order within its lane, whoever dies or dawdles. Run over the inbox on both databases."""

from __future__ import annotations

import random
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from storage import Database, LostClaim, Unit
from storage import inbox as inbox_module
from storage.inbox import INBOUND, LANES
from storage.lanes import Lanes
from storage.rows import InboxRow
from storage.tables.base import table
from storage.tables.messages import Outbound, Work

LEASE = timedelta(minutes=1)
Do = Callable[[Callable[[Unit], Any]], Any]


def arrive(unit: Unit, number: int, sender: str, now: datetime, lane: str = "") -> int | None:
    return unit.inbox.insert("whatsapp", "us", "message", f"event-{number}", sender, {"n": number}, b"raw", now, lane)


class Watch:
    """What several claimers did: which rows they held, and whether two of one lane were ever in hand at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.in_hand: Counter[str] = Counter()
        self.order: dict[str, list[int]] = defaultdict(list)
        self.problems: list[str] = []

    def take(self, rows: list[InboxRow]) -> None:
        with self.lock:
            for row in rows:
                self.in_hand[row.lane] += 1
                self.order[row.lane].append(row.id)
                if self.in_hand[row.lane] > 1:
                    self.problems.append(f"two rows of lane {row.lane[:4]} in hand")

    def put_down(self, row: InboxRow) -> None:
        with self.lock:
            self.in_hand[row.lane] -= 1


def claim_with_eight_threads(database: Database, now: datetime) -> list[str]:
    """Work 12 lanes of 10 rows off. What broke order or was handled twice; [] where all is well."""
    watch, stop = Watch(), threading.Event()
    mixed = [f"sender-{n % 12}" for n in range(120)]
    random.Random(7).shuffle(mixed)
    database.write("fill", lambda unit: [arrive(unit, n, s, now) for n, s in enumerate(mixed)]).result(20)

    def work() -> None:
        while not stop.is_set():
            rows = database.write("claim", lambda unit: take(unit.inbox.claim(now, 4, LEASE))).result(20)
            for row in rows:
                watch.put_down(row)
                database.write("finish", lambda unit, row=row: unit.inbox.finish(row)).result(20)  # type: ignore[misc]
            if not rows and database.write("left", lambda unit: unit.inbox.pending(now).pending).result(20) == 0:
                stop.set()

    def take(rows: list[InboxRow]) -> list[InboxRow]:
        watch.take(rows)
        return rows

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    handled = [row_id for lane in watch.order.values() for row_id in lane]
    if len(set(handled)) != 120:
        watch.problems.append(f"{len(set(handled))} of 120 rows handled")
    if len(handled) != len(set(handled)):
        watch.problems.append("a row was handled twice")
    watch.problems += [f"lane {lane[:4]} out of order" for lane, ids in watch.order.items() if ids != sorted(ids)]
    return watch.problems


def test_eight_claimers_handle_each_row_once_and_in_order(database: Database, now: datetime) -> None:
    assert claim_with_eight_threads(database, now) == []


def test_planted_bug_a_claim_without_oldest_first_is_caught(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    every_row_its_own_lane = Lanes(INBOUND, INBOUND.c.event_id, INBOUND.c.received_at)
    monkeypatch.setattr(inbox_module, "LANES", every_row_its_own_lane)
    assert claim_with_eight_threads(database, now)


def test_a_lease_that_runs_out_lets_another_claim(do: Do, now: datetime) -> None:
    do(lambda unit: arrive(unit, 1, "a", now))
    (first,) = do(lambda unit: unit.inbox.claim(now, 10, LEASE))
    assert do(lambda unit: unit.inbox.claim(now + LEASE / 2, 10, LEASE)) == []
    (second,) = do(lambda unit: unit.inbox.claim(now + LEASE, 10, LEASE))
    assert (second.id, second.attempts, second.fence) == (first.id, 2, first.fence + 1)
    with pytest.raises(LostClaim):
        do(lambda unit: unit.inbox.finish(first))
    with pytest.raises(LostClaim):
        do(lambda unit: unit.inbox.fail(first, "late", now, LEASE))
    do(lambda unit: unit.inbox.finish(second))
    with pytest.raises(LostClaim):
        do(lambda unit: unit.inbox.finish(second))


def test_a_slow_holder_may_still_finish_while_nobody_else_took_the_row(do: Do, now: datetime) -> None:
    do(lambda unit: arrive(unit, 1, "a", now))
    (row,) = do(lambda unit: unit.inbox.claim(now, 10, LEASE))
    do(lambda unit: unit.inbox.finish(row))
    assert do(lambda unit: unit.inbox.claim(now + 2 * LEASE, 10, LEASE)) == []


def test_a_failing_row_holds_its_lane_and_is_parked_at_the_fifth_attempt(do: Do, now: datetime) -> None:
    do(lambda unit: [arrive(unit, 1, "a", now), arrive(unit, 2, "a", now), arrive(unit, 3, "b", now)])
    parked = []
    for _ in range(5):
        (row, *others) = do(lambda unit, at=now: unit.inbox.claim(at, 10, LEASE))
        assert row.inbound == {"n": 1}
        assert [other.inbound for other in others] in ([], [{"n": 3}])
        for other in others:
            do(lambda unit, row=other: unit.inbox.finish(row))
        parked.append(do(lambda unit, row=row, at=now: unit.inbox.fail(row, "boom", at, timedelta(seconds=10))))
        assert do(lambda unit, at=now: unit.inbox.claim(at + timedelta(seconds=9), 10, LEASE)) == [] or parked[-1]
        now += timedelta(seconds=10)
    assert parked == [False, False, False, False, True]
    waiting = do(lambda unit: unit.inbox.pending(now))
    assert (waiting.pending, waiting.parked) == (1, 1)


def test_a_parked_row_lets_its_lane_go_on(do: Do, now: datetime) -> None:
    do(lambda unit: [arrive(unit, 1, "a", now), arrive(unit, 2, "a", now)])
    (row,) = do(lambda unit: unit.inbox.claim(now, 10, LEASE))
    assert do(lambda unit: unit.inbox.fail(row, "boom", now, LEASE, park_after=1)) is True
    (following,) = do(lambda unit: unit.inbox.claim(now, 10, LEASE))
    assert following.inbound == {"n": 2}


def test_what_waits_is_counted_with_its_age(do: Do, now: datetime) -> None:
    assert do(lambda unit: unit.inbox.pending(now)).oldest_age_s == 0
    do(lambda unit: [arrive(unit, 1, "a", now - timedelta(minutes=5)), arrive(unit, 2, "b", now)])
    waiting = do(lambda unit: unit.inbox.pending(now))
    assert (waiting.pending, waiting.parked, waiting.oldest_age_s) == (2, 0, 300.0)


def test_work_without_a_lane_waits_for_nobody(do: Do, now: datetime) -> None:
    def plan(unit: Unit, lane: str) -> int:
        return unit.work.add("run", "step", 1, "generate", {"document": "d"}, now, lane)

    do(lambda unit: [plan(unit, ""), plan(unit, ""), plan(unit, "x"), plan(unit, "x")])
    rows = do(lambda unit: unit.work.claim(now, 10, LEASE))
    assert [row.id for row in rows] == [1, 2, 3]
    assert (rows[0].run_id, rows[0].path, rows[0].attempt, rows[0].kind) == ("run", "step", 1, "generate")
    assert rows[0].details == {"document": "d"}
    do(lambda unit: unit.work.finish(rows[2]))
    assert [row.id for row in do(lambda unit: unit.work.claim(now, 10, LEASE))] == [4]
    assert do(lambda unit: unit.work.fail(rows[0], "boom", now, LEASE, park_after=1)) is True
    with pytest.raises(LostClaim):
        do(lambda unit: unit.work.finish(rows[0]))
    assert do(lambda unit: unit.work.pending(now)).parked == 1


def plans(database: Database, lanes: Lanes) -> Iterator[str]:
    """How the database would run the statements that are run all day, with a long history."""
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    with database.read() as unit:
        for statement in (lanes._claim, lanes._waiting, lanes._stuck):
            sql = str(statement.compile(dialect=unit.conn.dialect))
            for name in ("now", "until"):
                sql = sql.replace(f"%({name})s", "'2026-01-01'").replace("LIMIT %(limit)s", "LIMIT 5")
            if database.dialect == "sqlite":
                rows = unit.conn.exec_driver_sql(explain + sql, tuple("0" for _ in range(sql.count("?"))))
                yield "\n".join(str(row[-1]) for row in rows)
            else:
                values = {f"param_{n}": 0 for n in range(9)}
                values |= {f"{name}_{n}": 1 for name in ("fence", "attempts", "ready_at") for n in range(9)}
                rows = unit.conn.exec_driver_sql(explain + sql, values | {"limit": 5})
                yield "\n".join(str(row[-1]) for row in rows)


def test_claims_read_the_backlog_not_the_history(database: Database, now: datetime) -> None:
    """With 20,000 finished rows, no statement of the lanes walks the table."""
    template = (
        "INSERT INTO inbound (channel, account, kind, event_id, sender, lane, inbound, raw, received_at, state,"
        " fence, attempts, note)"
        " SELECT 'c', 'a', 'k', 'old-' || n, 's', 'lane-' || n % 50, '', '', '2026-01-01', 'done', 1, 1, '' FROM numbers"
    )
    numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000) "
    database.write("history", lambda unit: unit.conn.execute(text(numbers + template)).rowcount).result(60)
    database.write("arrive", lambda unit: [arrive(unit, n, f"s{n}", now) for n in range(20)]).result(20)
    if database.dialect == "postgresql":
        database.write("analyse", lambda unit: unit.conn.exec_driver_sql("ANALYZE inbound").rowcount).result(60)
    for plan in plans(database, LANES):
        assert "ix_inbound_" in plan, plan
        assert "Seq Scan on inbound" not in plan, plan
        assert "SCAN inbound\n" not in plan + "\n", plan
    assert len(database.write("claim", lambda unit: unit.inbox.claim(now, 50, LEASE)).result(20)) == 20


def test_all_lane_tables_have_their_partial_indexes() -> None:
    for lane_table in (INBOUND, table(Outbound), table(Work)):
        partial = {str(i.name) for i in lane_table.indexes if i.dialect_options["sqlite"]["where"] is not None}
        assert {f"ix_{lane_table.name}_ready", f"ix_{lane_table.name}_lane"} <= partial
