"""Diaries: a seat is taken once, whoever wants it at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from storage import Conflict, Database, Unit
from tests.conftest import Do

DIARY = "coordinator"


def taken(do: Do[Any], since: datetime) -> tuple[datetime, ...]:
    return do(lambda unit: unit.bookings.taken(DIARY, since))


def test_seats_are_taken_one_after_another_until_none_is_left(do: Do[Any], now: datetime) -> None:
    do(lambda unit: unit.bookings.book(DIARY, now, 2, "r1", "visit", 1))
    do(lambda unit: unit.bookings.book(DIARY, now, 2, "r2", "visit", 1))
    assert taken(do, now) == (now, now)

    def full(unit: Unit) -> None:
        with pytest.raises(Conflict):
            unit.bookings.book(DIARY, now, 2, "r3", "visit", 1)

    do(full)
    do(lambda unit: unit.bookings.book("another", now, 1, "r3", "visit", 1))
    assert taken(do, now) == (now, now)


def test_what_is_past_is_not_listed(do: Do[Any], now: datetime) -> None:
    later = now + timedelta(hours=1)
    for slot in (later, now):
        do(lambda unit, slot=slot: unit.bookings.book(DIARY, slot, 1, "r1", "visit", 1))
    assert (taken(do, now), taken(do, later)) == ((now, later), (later,))


def test_a_run_frees_one_step_or_all(do: Do[Any], now: datetime) -> None:
    slots = [now + timedelta(hours=n) for n in range(3)]
    for slot, run, path in zip(slots, ("r1", "r1", "r2"), ("visit", "call", "visit"), strict=True):
        do(lambda unit, slot=slot, run=run, path=path: unit.bookings.book(DIARY, slot, 1, run, path, 1))
    do(lambda unit: unit.bookings.release("r1", "visit"))
    assert taken(do, now) == tuple(slots[1:])
    do(lambda unit: unit.bookings.release("r1"))
    assert taken(do, now) == (slots[2],)
    do(lambda unit: unit.bookings.book(DIARY, slots[0], 1, "r3", "visit", 1))
    assert taken(do, now) == (slots[0], slots[2])


def race(database: Database, slot: datetime) -> list[bool]:
    """Two units that both see the one seat free before either has written: who has it in the end."""
    meet = threading.Barrier(2, timeout=20)

    def wanting(run: str) -> Callable[[Unit], bool]:
        looked = iter([True])

        def work(unit: Unit) -> bool:
            free = not unit.bookings.taken(DIARY, slot)
            if next(looked, False):
                meet.wait()
            if free:
                unit.bookings.book(DIARY, slot, 1, run, "visit", 1)
            return free

        return work

    futures = [database.write("book", wanting(run)) for run in ("r1", "r2")]
    return sorted(future.result(timeout=30) for future in futures)


def one_of_them(database: Database, slot: datetime) -> None:
    assert race(database, slot) == [False, True]
    with database.read() as unit:
        assert unit.bookings.taken(DIARY, slot) == (slot,)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_two_at_the_same_moment_one_has_the_seat(database: Database, now: datetime) -> None:
    one_of_them(database, now)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_planted_without_the_unique_seat_both_have_it_and_it_is_found(database: Database, now: datetime, do: Do[Any]) -> None:
    do(lambda unit: unit.conn.exec_driver_sql("ALTER TABLE booking DROP CONSTRAINT uq_booking_resource_starts_at_seat"))
    with pytest.raises(AssertionError):
        one_of_them(database, now)
