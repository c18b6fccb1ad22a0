"""Units of work: grouped, alone in failure, durable before anybody hears of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from storage import Conflict, Database, DatabaseUnavailable, StorageError, Unit
from storage import database as database_module
from storage import writer as writing
from storage.queue import Task, TaskQueue


class Crash(BaseException):
    """The process stops here."""


@contextmanager
def opened(url: str, home: Path, reach: Callable[[str], None] = lambda point: None) -> Iterator[Database]:
    database = Database.open(url, home, reach=reach)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def held(database: Database) -> Iterator[None]:
    """Keep every writer thread busy, so that what is written inside waits and goes together."""
    threads = 1 if database.dialect == "sqlite" else 8
    inside, go = threading.Semaphore(0), threading.Event()

    def wait(unit: Unit) -> None:
        inside.release()
        go.wait(20)

    gates = [database.write("gate", wait) for _ in range(threads)]
    for _ in gates:
        assert inside.acquire(timeout=20)
    try:
        yield
    finally:
        go.set()
        for gate in gates:
            gate.exception(20)


def put(name: str, value: str = "1") -> Callable[[Unit], None]:
    return lambda unit: unit.settings.put(name, value)


def stored(database: Database, *names: str) -> set[str]:
    with database.read() as unit:
        return {name for name in names if unit.settings.get(name) is not None}


def put_and_raise(unit: Unit) -> None:
    unit.settings.put("bad", "1")
    raise KeyError("this unit fails")


def test_units_that_wait_share_one_commit(database_url: str, home: Path) -> None:
    points: list[str] = []
    with opened(database_url, home, points.append) as database:
        with held(database):
            points.clear()
            futures = [database.write(f"unit-{n % 3}", put(f"s{n}")) for n in range(30)]
        for future in futures:
            future.result(20)
        commits = points.count("before:commit:unit-0")
        assert commits == (1 if database.dialect == "sqlite" else 10)
        assert points.count("after:commit:unit-0") == commits
        assert stored(database, *(f"s{n}" for n in range(30))) == {f"s{n}" for n in range(30)}


def settled_before_commit(url: str, home: Path) -> bool:
    """Whether anybody heard of a unit before its commit."""
    futures: list[Future[None]] = []
    early: list[bool] = []

    def reach(point: str) -> None:
        if point == "before:commit:unit":
            early.append(any(future.done() for future in futures))

    with opened(url, home, reach) as database:
        with held(database):
            futures.extend(database.write("unit", put(f"s{n}")) for n in range(1 if database.dialect == "postgresql" else 5))
        for future in futures:
            future.result(20)
    assert early
    return any(early)


def test_a_future_resolves_only_after_the_commit(database_url: str, home: Path) -> None:
    assert not settled_before_commit(database_url, home)


def test_planted_bug_settling_before_the_commit_is_caught(database_url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Eager(Task):
        """Tells its caller as soon as the unit ran."""

        def __init__(self, name: str, work: Callable[[Unit], Any], urgent: bool) -> None:
            super().__init__(name, lambda unit: self.tell(work(unit)), urgent)

        def tell(self, result: Any) -> Any:
            self.future.set_result(result)
            return result

    settle = writing.settle
    monkeypatch.setattr(database_module, "Task", Eager)
    monkeypatch.setattr(writing, "settle", lambda tasks: settle([task for task in tasks if not task.future.done()]))
    assert settled_before_commit(database_url, home)


def left_by_a_failing_neighbour(database: Database) -> set[str]:
    with held(database):
        before = database.write("unit", put("before"))
        bad = database.write("unit", put_and_raise)
        after = database.write("unit", put("after"))
    before.result(20)
    after.result(20)
    with pytest.raises(KeyError):
        bad.result(20)
    return stored(database, "before", "bad", "after")


def test_a_unit_that_raises_disturbs_no_neighbour(database: Database) -> None:
    assert left_by_a_failing_neighbour(database) == {"before", "after"}


def test_planted_bug_without_a_savepoint_is_caught(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def keep(conn: Connection) -> None:
        conn.exec_driver_sql("RELEASE unit")

    monkeypatch.setattr(writing, "undo", keep)
    with opened(f"sqlite:///{home}/baton.db", home) as database:
        assert left_by_a_failing_neighbour(database) == {"before", "bad", "after"}


def test_where_the_commit_fails_every_unit_fails_and_nothing_is_stored(database_url: str, home: Path) -> None:
    broken = threading.Event()

    def reach(point: str) -> None:
        if point == "before:commit:unit" and broken.is_set():
            raise OSError("no room on the disk")

    with opened(database_url, home, reach) as database:
        broken.set()
        with held(database):
            futures = [database.write("unit", put(f"s{n}")) for n in range(3)]
        for future in futures:
            with pytest.raises(OSError, match="no room"):
                future.result(20)
        assert stored(database, "s0", "s1", "s2") == set()
        broken.clear()
        database.write("unit", put("s0")).result(20)
        assert stored(database, "s0") == {"s0"}


@pytest.mark.parametrize("point", ["before:commit:unit", "after:commit:unit"])
def test_a_crash_point_stops_the_writer_where_it_stands(database_url: str, home: Path, point: str) -> None:
    def reach(at: str) -> None:
        if at == point:
            raise Crash(at)

    with opened(database_url, home, reach) as database:
        with pytest.raises(Crash):
            database.write("unit", put("s")).result(20)
        if database.dialect == "sqlite":
            with pytest.raises(DatabaseUnavailable):
                database.write("other", put("t")).result(20)
    with opened(database_url, home) as database:
        assert stored(database, "s", "t") == ({"s"} if point.startswith("after") else set())


def test_a_batch_that_sqlite_rolled_back_by_itself_fails_whole(home: Path) -> None:
    """After a full disk SQLite is outside any transaction: going on would commit the rest piece by piece."""

    def roll_back(unit: Unit) -> None:
        unit.conn.exec_driver_sql("ROLLBACK")
        raise KeyError("the disk is full")

    with opened(f"sqlite:///{home}/baton.db", home) as database:
        with held(database):
            first = database.write("unit", put("first"))
            bad = database.write("unit", roll_back)
            last = database.write("unit", put("last"))
        with pytest.raises(DatabaseUnavailable):
            first.result(20)
        with pytest.raises(KeyError):
            bad.result(20)
        last.result(20)
        assert stored(database, "first", "last") == {"last"}


def test_a_conflict_runs_the_unit_again_and_at_last_gives_up(database: Database) -> None:
    tries: list[int] = []

    def third_time(unit: Unit) -> int:
        tries.append(1)
        unit.settings.put(f"try-{len(tries)}", "1")
        if len(tries) < 3:
            raise Conflict("moved on")
        return len(tries)

    def never(unit: Unit) -> None:
        tries.append(1)
        raise Conflict("moved on")

    assert database.write("unit", third_time).result(20) == 3
    assert stored(database, "try-1", "try-2", "try-3") == {"try-3"}
    tries.clear()
    with pytest.raises(Conflict):
        database.write("unit", never).result(20)
    assert len(tries) == writing.ATTEMPTS


def test_calls_after_the_commit_run_only_where_it_came(database: Database) -> None:
    called: list[str] = []

    def work(name: str, error: Exception | None = None) -> Callable[[Unit], None]:
        def unit_of_work(unit: Unit) -> None:
            unit.after_commit(lambda: called.append(name))
            unit.after_commit(lambda: called.append(f"{name} raises") or 1 / 0)  # type: ignore[func-returns-value]
            unit.after_commit(lambda: database.write("from a call", put(name)))
            if error is not None:
                raise error

        return unit_of_work

    database.write("unit", work("good")).result(20)
    with pytest.raises(KeyError):
        database.write("unit", work("bad", KeyError())).result(20)
    database.close()
    assert called == ["good", "good raises"]


def test_urgent_units_go_first_and_the_others_still_get_their_turn() -> None:
    queue = TaskQueue()
    for n in range(5):
        queue.put(Task(f"other-{n}", lambda unit: None, urgent=False))
    for n in range(5):
        queue.put(Task(f"urgent-{n}", lambda unit: None, urgent=True))
    order = [task.name for task in iter(queue.draw_now, None)]
    assert order[:5] == ["urgent-0", "urgent-1", "urgent-2", "other-0", "urgent-3"]
    assert len(order) == 10


def test_a_full_queue_makes_its_senders_wait_and_then_refuses() -> None:
    queue = TaskQueue(capacity=2, patience_s=0.05)
    tasks = [Task(str(n), lambda unit: None, urgent=False) for n in range(4)]
    queue.put(tasks[0])
    queue.put(tasks[1])
    with pytest.raises(DatabaseUnavailable):
        queue.put(tasks[2])
    patient = TaskQueue(capacity=1, patience_s=20)
    patient.put(tasks[0])
    sender = threading.Thread(target=patient.put, args=(tasks[1],))
    sender.start()
    assert patient.draw() is tasks[0]
    assert patient.draw() is tasks[1]
    sender.join(20)


def test_closing_does_what_was_taken_and_takes_no_more(database: Database) -> None:
    with held(database):
        futures = [database.write("unit", put(f"s{n}")) for n in range(20)]
        closing = threading.Thread(target=database.close)
        closing.start()
    closing.join(20)
    for future in futures:
        future.result(0)
    with pytest.raises(DatabaseUnavailable):
        database.write("unit", put("late"))
    database.close()


def test_reading_is_a_snapshot_that_waits_for_nobody(database: Database) -> None:
    database.write("unit", put("s", "old")).result(20)
    with database.read() as unit:
        assert unit.settings.get("s") == "old"
        database.write("unit", put("s", "new")).result(20)
        assert unit.settings.get("s") == "old"
    with database.read() as unit:
        assert unit.settings.get("s") == "new"


def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match=r"read-?only|readonly"), database.read() as unit:
        unit.settings.put("s", "1")
    assert stored(database, "s") == set()


def test_a_database_that_is_gone_is_said_to_be(postgresql: Any, home: Path) -> None:
    with postgresql.database() as url, opened(url, home) as database:
        database.write("unit", put("s")).result(20)
        name = url.rsplit("/", 1)[1]
        postgresql.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        postgresql.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        with pytest.raises(DatabaseUnavailable):
            database.write("unit", put("t")).result(20)
        with pytest.raises(DatabaseUnavailable), database.read() as unit:
            unit.settings.get("s")
        postgresql.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        database.write("unit", put("u")).result(20)
        assert stored(database, "s", "t", "u") == {"s", "u"}


def test_the_durability_in_force_is_read_back(database: Database) -> None:
    settings = database.pragmas()
    if database.dialect == "sqlite":
        wanted = {"journal_mode": "wal", "synchronous": "full", "foreign_keys": "1", "secure_delete": "1"}
        assert wanted.items() <= settings.items()
    else:
        assert settings["synchronous_commit"] == "on"


def test_a_read_only_database_refuses_to_write(database_url: str, home: Path) -> None:
    with opened(database_url, home) as database:
        database.write("unit", put("s")).result(20)
        beside = Database.open(database_url, home, read_only=True)
        assert stored(beside, "s") == {"s"}
        with pytest.raises(StorageError, match="reading only"):
            beside.write("unit", put("t"))
        beside.close()
