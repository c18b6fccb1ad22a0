"""Leave on both databases: one at a time, counted by the moment, and read with a role's holders in one statement."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from flows.values import Money
from storage import Database, Leave, Unit
from storage.engines import sqlite_engine
from storage.migrations import config, migrate
from tests.storage.samples import ASHA, MEERA, RAVI, folded, life, store

Do = Callable[[Callable[[Unit], Any]], Any]
DAY = timedelta(days=1)
RUPEES = Money(Decimal("50000.50"), "INR")


@pytest.fixture
def people(do: Do, now: datetime) -> list[str]:
    """Three managers, the last one suspended."""
    ids = [do(lambda unit, name=name: unit.people.add(name, roles=["manager"], now=now)).id for name in ("Asha", "Ravi", "Sam")]
    do(lambda unit: unit.people.suspend(ids[2]))
    return ids


def test_a_leave_reads_as_it_was_taken(do: Do, now: datetime, people: list[str]) -> None:
    asha, ravi, _ = people
    do(lambda unit: unit.leave.take(asha, now, now + DAY, "person", ravi, RUPEES))
    do(lambda unit: unit.leave.take(ravi, now + DAY, now + 2 * DAY, "role", "finance", None))
    assert do(lambda unit: unit.leave.of_contact(asha, now)) == (Leave(asha, now, now + DAY, "person", ravi, RUPEES),)
    assert do(lambda unit: unit.leave.of_contact(ravi, now)) == (Leave(ravi, now + DAY, now + 2 * DAY, "role", "finance", None),)
    with pytest.raises(ValueError, match="end after it starts"):
        do(lambda unit: unit.leave.take(asha, now, now, "person", ravi, None))


@pytest.mark.parametrize(
    ("after", "on"), [(-timedelta.resolution, False), (timedelta(), True), (DAY - timedelta.resolution, True), (DAY, False)]
)
def test_it_begins_with_its_first_moment_and_ends_before_its_last(
    do: Do, now: datetime, people: list[str], after: timedelta, on: bool
) -> None:
    asha, ravi, _ = people
    do(lambda unit: unit.leave.take(asha, now, now + DAY, "person", ravi, None))
    holders, absent = do(lambda unit: unit.leave.holders_and_absent("manager", now + after))
    assert (holders, list(absent)) == ((asha, ravi), [asha] if on else [])


def test_holders_are_those_that_people_has_and_everybody_on_leave_is_there(do: Do, now: datetime, people: list[str]) -> None:
    other = do(lambda unit: unit.people.add("Meera", roles=["store"], now=now)).id
    for one in (other, people[0]):
        do(lambda unit, one=one: unit.leave.take(one, now, now + DAY, "role", "manager", RUPEES))
    for role in ("manager", "store", "none"):
        holders, absent = do(lambda unit, role=role: unit.leave.holders_and_absent(role, now))
        assert holders == do(lambda unit, role=role: unit.people.holders([role]))[role]
        assert set(absent) == {other, people[0]}
        assert absent[other] == Leave(other, now, now + DAY, "role", "manager", RUPEES)


def test_a_new_leave_replaces_what_it_meets_and_nothing_else(do: Do, now: datetime, people: list[str]) -> None:
    asha, ravi, _ = people

    def take(first: int, last: int, who: str = asha) -> None:
        do(lambda unit: unit.leave.take(who, now + first * DAY, now + last * DAY, "role", f"{first}-{last}", None))

    for days in ((0, 2), (2, 4), (10, 12)):
        take(*days)
    take(0, 30, ravi)
    take(1, 3)
    assert [one.cover for one in do(lambda unit: unit.leave.of_contact(asha, now))] == ["1-3", "10-12"]
    assert [one.cover for one in do(lambda unit: unit.leave.of_contact(ravi, now))] == ["0-30"]
    meeting = do(lambda unit: unit.leave.between(now + 3 * DAY, now + 10 * DAY))
    assert [one.cover for one in meeting] == ["0-30"]


def test_coming_back_ends_what_is_on_and_forgets_what_was_planned(do: Do, now: datetime, people: list[str]) -> None:
    asha, ravi, _ = people
    for first in (0, 10):
        do(lambda unit, first=first: unit.leave.take(asha, now + first * DAY, now + (first + 2) * DAY, "person", ravi, None))
    later = now + DAY
    assert len(do(lambda unit: unit.leave.off(asha, later))) == 2
    assert do(lambda unit: unit.leave.of_contact(asha, later)) == ()
    assert do(lambda unit: unit.leave.holders_and_absent("manager", later))[1] == {}
    assert [one.ends_at for one in do(lambda unit: unit.leave.of_contact(asha, now))] == [later]
    assert do(lambda unit: unit.leave.off(asha, later)) == ()


def test_open_steps_are_counted_for_those_asked_about(do: Do) -> None:
    events = life()
    do(lambda unit: store(unit, events[:1]))
    waiting = Counter(owner for state in folded(events[:1]).open_steps() for owner in state.owners)
    assert waiting
    everybody = (ASHA, RAVI, MEERA)
    assert do(lambda unit: unit.runs.load_of(everybody)) == dict(waiting)
    assert do(lambda unit: unit.runs.load_of([one for one in everybody if one not in waiting])) == {}


def test_looking_up_leave_and_load_never_scans(home: Path, migrated_file: Path, now: datetime) -> None:
    """What every transition asks must not grow with what the business has ever stored."""
    database = Database.open(f"sqlite:///{shutil.copy(migrated_file, home / 'baton.db')}", home)

    def plans(unit: Unit) -> list[str]:
        said: list[str] = []
        driver: Any = unit.conn.connection.connection.driver_connection
        driver.set_trace_callback(said.append)
        unit.leave.holders_and_absent("manager", now)
        unit.runs.load_of([ASHA, RAVI])
        driver.set_trace_callback(None)
        assert len(said) == 2
        return [row[3] for sql in said for row in driver.execute(f"EXPLAIN QUERY PLAN {sql}")]

    steps = database.write("plans", plans).result()
    database.close()
    assert any("ix_leave_ends_at" in step for step in steps)
    assert any("COVERING INDEX ix_run_owner_contact" in step for step in steps)
    assert [step for step in steps if step.startswith("SCAN") and "CONSTANT" not in step] == []


def test_what_was_published_before_has_no_children(home: Path) -> None:
    file = home / "old.db"
    engine = sqlite_engine(file, begin="IMMEDIATE", foreign_keys=False)
    with engine.begin() as conn:
        command.upgrade(config(conn), "0001")
        columns = "flow, number, digest, source, published_at"
        conn.execute(text(f"INSERT INTO flow_version ({columns}) VALUES ('f', 1, 'd', 's', '2026-01-01 00:00:00')"))
    engine.dispose()
    migrate(f"sqlite:///{file}")
    engine = sqlite_engine(file, begin="IMMEDIATE")
    with engine.begin() as conn:
        assert conn.execute(text("SELECT flow, children FROM flow_version")).all() == [("f", "")]
        assert conn.execute(text("SELECT count(*) FROM leave")).scalar_one() == 0
    engine.dispose()
