"""Timers: moved, dropped, fired once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from storage import Database, Unit

HOUR = timedelta(hours=1)
Do = Callable[[Callable[[Unit], Any]], Any]


def plan(unit: Unit, due: datetime, now: datetime, rung: str = "half", path: str = "approve", attempt: int = 1) -> None:
    unit.timers.plan("run", path, attempt, rung, due, now)


def test_a_timer_comes_due_and_fires_once(do: Do, now: datetime) -> None:
    assert do(lambda unit: unit.timers.next_due()) is None
    do(lambda unit: [plan(unit, now + 2 * HOUR, now, "late"), plan(unit, now + HOUR, now)])
    assert do(lambda unit: unit.timers.next_due()) == now + HOUR
    assert do(lambda unit: unit.timers.due(now, 10)) == []
    due = do(lambda unit: unit.timers.due(now + 2 * HOUR, 10))
    assert [(row.rung, row.due, row.run_id, row.path, row.attempt) for row in due] == [
        ("half", now + HOUR, "run", "approve", 1),
        ("late", now + 2 * HOUR, "run", "approve", 1),
    ]
    assert [row.rung for row in do(lambda unit: unit.timers.due(now + 2 * HOUR, 1))] == ["half"]
    assert do(lambda unit: unit.timers.take(due[0])) is True
    assert do(lambda unit: unit.timers.take(due[0])) is False
    assert [row.rung for row in do(lambda unit: unit.timers.of_run("run"))] == ["late"]


def test_planning_again_moves_it_and_an_older_firing_no_longer_counts(do: Do, now: datetime) -> None:
    do(lambda unit: plan(unit, now, now))
    (row,) = do(lambda unit: unit.timers.due(now, 10))
    do(lambda unit: plan(unit, now + HOUR, now))
    assert do(lambda unit: unit.timers.take(row)) is False
    (moved,) = do(lambda unit: unit.timers.of_run("run"))
    assert (moved.id, moved.due, moved.generation) == (row.id, now + HOUR, row.generation + 1)
    assert do(lambda unit: unit.timers.take(moved)) is True
    do(lambda unit: plan(unit, now, now))
    assert len(do(lambda unit: unit.timers.due(now, 10))) == 1


def test_a_closed_steps_timers_never_fire(do: Do, now: datetime) -> None:
    do(lambda unit: [plan(unit, now, now), plan(unit, now, now, "late"), plan(unit, now, now, path="other")])
    do(lambda unit: plan(unit, now, now, attempt=2))
    rows = do(lambda unit: unit.timers.due(now, 10))
    do(lambda unit: unit.timers.drop("run", "approve", 1))
    assert [do(lambda unit, row=row: unit.timers.take(row)) for row in rows] == [False, False, True, True]


def test_eight_who_take_one_timer_are_one(database: Database, do: Do, now: datetime) -> None:
    do(lambda unit: plan(unit, now, now))
    (row,) = do(lambda unit: unit.timers.due(now, 10))
    start = threading.Barrier(8)

    def take(_: int) -> bool:
        start.wait(20)
        return database.write("take", lambda unit: unit.timers.take(row)).result(20)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(take, range(8))) == 1


def test_one_rung_is_dropped_and_the_others_stay(do: Do, now: datetime) -> None:
    do(lambda unit: [plan(unit, now, now), plan(unit, now, now, "due"), plan(unit, now, now, path="other")])
    do(lambda unit: unit.timers.drop_one("run", "approve", 1, "half"))
    do(lambda unit: unit.timers.drop_one("run", "approve", 2, "due"))
    assert [(row.path, row.rung) for row in do(lambda unit: unit.timers.of_run("run"))] == [("approve", "due"), ("other", "half")]


def test_what_has_fired_is_known_and_what_was_dropped_is_not_among_it(do: Do, now: datetime) -> None:
    do(lambda unit: [plan(unit, now, now), plan(unit, now + HOUR, now, "due"), plan(unit, now, now, path="other")])
    fired, other = do(lambda unit: unit.timers.due(now, 10))
    do(lambda unit: [unit.timers.take(fired), unit.timers.drop_one("run", other.path, 1, "half")])
    assert do(lambda unit: unit.timers.fired("run")) == [("approve", 1, "half")]
    do(lambda unit: plan(unit, now + HOUR, now))
    assert do(lambda unit: unit.timers.fired("run")) == []
