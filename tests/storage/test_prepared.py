"""The short way to the driver gives the same answers as SQLAlchemy's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError, MultipleResultsFound, NoResultFound

from storage import Database
from storage.prepared import Answer, hot
from storage.tables.base import table
from storage.tables.steps import Setting, Timer

TIMER, SETTING = table(Timer), table(Setting)
ADD = hot(insert(TIMER).returning(TIMER.c.id))
ADD_PLAIN = insert(TIMER).returning(TIMER.c.id)
DUE = hot(select(TIMER).where(TIMER.c.due <= bindparam("now"), TIMER.c.state == "live").order_by(TIMER.c.id))
DUE_PLAIN = select(TIMER).where(TIMER.c.due <= bindparam("now"), TIMER.c.state == "live").order_by(TIMER.c.id)
FIRE = hot(update(TIMER).where(TIMER.c.run_id == bindparam("run")).values(state="fired"))
AMONG = hot(select(TIMER.c.rung).where(TIMER.c.rung.in_(bindparam("rungs", expanding=True))).order_by(TIMER.c.rung))
PUT = hot(insert(SETTING))

Do = Callable[[Callable[[Any], Any]], Any]


def timer(now: datetime, rung: str) -> dict[str, Any]:
    key = {"run_id": "r", "path": "p", "attempt": 1, "rung": rung}
    return key | {"due": now, "planned_at": now, "generation": 1, "state": "live"}


def test_rows_and_conversions_are_the_same(database: Database, do: Do, now: datetime) -> None:
    def both(unit: Any) -> tuple[Any, Any]:
        first = unit.conn.execute(ADD, timer(now, "a")).scalar_one()
        second = unit.conn.connection.execute(ADD_PLAIN, timer(now, "b")).scalar_one()
        assert second == first + 1
        values = {"now": now + timedelta(seconds=1)}
        return unit.conn.execute(DUE, values).all(), unit.conn.connection.execute(DUE_PLAIN, values).all()

    ours, theirs = do(both)
    assert [tuple(row) for row in ours] == [tuple(row) for row in theirs]
    assert [row.rung for row in ours] == ["a", "b"]
    assert ours[0].due == now
    assert ours[0].due.tzinfo is not None


def test_the_short_way_is_taken_on_sqlite_and_only_for_constants(database: Database, do: Do, now: datetime) -> None:
    values = {"now": now}
    taken = do(lambda unit: isinstance(unit.conn.execute(DUE, values), Answer))
    assert taken is (database.dialect == "sqlite")
    assert do(lambda unit: isinstance(unit.conn.execute(DUE_PLAIN, values), Answer)) is False
    do(lambda unit: unit.conn.execute(ADD, timer(now, "a")).all())
    assert do(lambda unit: unit.conn.execute(AMONG, {"rungs": ["a", "z"]}).scalars().all()) == ["a"]


def test_counts_many_rows_and_refuses_what_is_not_one(database: Database, do: Do, now: datetime) -> None:
    do(lambda unit: unit.conn.execute(hot(insert(TIMER)), [timer(now, rung) for rung in "abc"]))
    assert do(lambda unit: unit.conn.execute(FIRE, {"run": "r"}).rowcount) == 3
    do(lambda unit: unit.conn.execute(hot(insert(TIMER)), [timer(now, rung) for rung in "de"]))
    with pytest.raises(MultipleResultsFound):
        do(lambda unit: unit.conn.execute(DUE, {"now": now}).one_or_none())
    with pytest.raises(NoResultFound):
        do(lambda unit: unit.conn.execute(DUE, {"now": now - timedelta(days=1)}).one())


def test_the_drivers_errors_come_in_sqlalchemys_words_without_values(home: Path) -> None:
    database = Database.open(f"sqlite:///{home}/baton.db", home)
    try:
        put = {"name": "n", "value": "a secret value"}
        database.write("put", lambda unit: unit.conn.execute(PUT, put)).result(20)
        with pytest.raises(IntegrityError) as refused:
            database.write("put", lambda unit: unit.conn.execute(PUT, put)).result(20)
        assert "a secret value" not in str(refused.value)
    finally:
        database.close()
