"""Running units of work: on SQLite one thread commits many together, on PostgreSQL several threads commit one each.

On both, a future resolves only after the commit that made its unit durable, and a unit that raises leaves nothing behind.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress

from sqlalchemy import Connection, Engine

from storage.commits import Reach, commit
from storage.engines import in_our_words, sqlstate
from storage.errors import Conflict, DatabaseUnavailable
from storage.queue import Task, TaskQueue
from storage.unit import Unit

ATTEMPTS = 8
BATCH = 64
SLICE_S = 0.02
"""A batch takes no further unit once it is this old: whoever waits for its first unit waits no longer than needed."""
PAUSE_S = 0.005
RACES = frozenset({"40001", "40P01", "23505"})
"""PostgreSQL: serialization failure, deadlock, unique violation by somebody who committed first."""

log = logging.getLogger(__name__)

MakeUnit = Callable[[Connection], Unit]


class Writer(ABC):
    """Runs tasks in threads of its own until closed."""

    def __init__(self, engine: Engine, make_unit: MakeUnit, reach: Reach, threads: int) -> None:
        self._engine, self._make_unit, self._reach = engine, make_unit, reach
        self._queue = TaskQueue()
        self._threads = [threading.Thread(target=self._run, name=f"baton-writer-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, task: Task) -> Future[object]:
        """Raises DatabaseUnavailable where too much waits, or the writer is closed."""
        self._queue.put(task, wait=threading.current_thread() not in self._threads)
        return task.future

    def close(self) -> None:
        """Take no more work, do what was taken, and stop. Safe twice."""
        self._queue.close()
        for thread in self._threads:
            thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        while (task := self._queue.draw()) is not None:
            try:
                self._write(task)
            except BaseException:
                # Something stopped the process where it stood (a crash point): this writer must not write another word.
                self._abandon()
                return

    @abstractmethod
    def _write(self, task: Task) -> None:
        """Run `task`, and others with it, to their commit, and settle their futures. Raises only what stops the process."""

    def _abandon(self) -> None:
        self._queue.close()
        while (task := self._queue.draw_now()) is not None:
            if task.future.set_running_or_notify_cancel():
                task.future.set_exception(DatabaseUnavailable("the writer stopped"))


class GroupWriter(Writer):
    """One thread, one transaction for all units that wait, each in a savepoint of its own."""

    def __init__(self, engine: Engine, make_unit: MakeUnit, reach: Reach) -> None:
        self._conn: Connection | None = None
        super().__init__(engine, make_unit, reach, threads=1)

    def close(self) -> None:
        super().close()
        self._drop_connection()

    def _write(self, task: Task) -> None:
        if not task.future.set_running_or_notify_cancel():
            return
        batch, ends = [task], time.monotonic() + SLICE_S
        try:
            conn = self._connection()
            with conn.begin() as transaction:
                self._attempt(conn, task)
                while len(batch) < BATCH and time.monotonic() < ends and (following := self._queue.draw_now()) is not None:
                    if following.future.set_running_or_notify_cancel():
                        batch.append(following)
                        self._attempt(conn, following)
                done = [t.name for t in batch if t.error is None]
                if done:
                    commit(transaction, done, self._reach)
                else:
                    transaction.rollback()
        except BaseException as error:
            self._drop_connection()
            for lost in batch:
                lost.error = lost.error or in_our_words(error)
            settle(batch)
            if not isinstance(error, Exception):
                raise
        else:
            settle(batch)

    def _connection(self) -> Connection:
        """The writer's one connection, kept while all goes well."""
        if self._conn is None:
            self._conn = self._engine.connect()
        return self._conn

    def _drop_connection(self) -> None:
        if self._conn is not None:
            with suppress(Exception):
                self._conn.close()
            self._conn = None

    def _attempt(self, conn: Connection, task: Task) -> None:
        """Run one unit in a savepoint, again on Conflict; what it raises stays with it."""
        driver = conn.connection.driver_connection  # savepoints are on the hot path: straight to the driver
        assert driver is not None
        for _ in range(ATTEMPTS):
            unit = self._make_unit(conn)
            driver.execute("SAVEPOINT unit")
            try:
                task.result = task.work(unit)
            except Exception as error:
                task.error = in_our_words(error)
                undo(conn)
                if not isinstance(error, Conflict):
                    return
            else:
                driver.execute("RELEASE unit")
                task.error, task.calls = None, tuple(unit.calls)
                return


class ThreadWriter(Writer):
    """Several threads, a transaction a unit; a unit that lost a race is run again."""

    def _write(self, task: Task) -> None:
        if not task.future.set_running_or_notify_cancel():
            return
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._once(task)
            except BaseException as error:
                task.error = in_our_words(error)
                if not isinstance(error, Exception):
                    settle([task])
                    raise
                if not lost_race(error):
                    break
                time.sleep(random.uniform(0, PAUSE_S * 2**attempt))  # noqa: S311 (spreads retries, keeps no secret)
            else:
                task.error = None
                break
        settle([task])

    def _once(self, task: Task) -> None:
        with self._engine.connect() as conn, conn.begin() as transaction:
            unit = self._make_unit(conn)
            task.result = task.work(unit)
            commit(transaction, (task.name,), self._reach)
            task.calls = tuple(unit.calls)


def lost_race(error: Exception) -> bool:
    """Whether running the unit again may succeed, and is safe: nothing of it was committed."""
    return isinstance(error, Conflict) or sqlstate(error) in RACES


def undo(conn: Connection) -> None:
    """Take back the unit alone. Where SQLite took back the whole transaction by itself (disk full, I/O error), going on would
    write outside any transaction: the batch must fail instead."""
    if not getattr(conn.connection.dbapi_connection, "in_transaction", False):
        raise DatabaseUnavailable("the database rolled the whole transaction back")
    conn.exec_driver_sql("ROLLBACK TO unit")
    conn.exec_driver_sql("RELEASE unit")


def settle(tasks: Iterable[Task]) -> None:
    """Tell every caller what became of their unit, then make the wake-ups of those that are durable."""
    calls: list[Callable[[], None]] = []
    for task in tasks:
        if task.error is None:
            calls.extend(task.calls)
            task.future.set_result(task.result)
        else:
            task.future.set_exception(task.error)
    for call in calls:
        try:
            call()
        except Exception:
            log.exception("a call after a commit failed")
