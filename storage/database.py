"""Opening a database, and the two ways into it: `write` a unit of work, `read` a snapshot."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TypeVar, cast

from sqlalchemy import Engine

from storage.commits import Reach, nowhere
from storage.engines import PRAGMAS, postgresql_engine, sqlite_engine, sqlite_path, translated
from storage.errors import AlreadyRunning, StorageError, WrongKeys
from storage.keys import KeyStore
from storage.migrations import migrate, require_head
from storage.queue import Task
from storage.unit import Unit
from storage.writer import GroupWriter, MakeUnit, ThreadWriter, Writer

T = TypeVar("T")

SERVER_SETTINGS = ("server_version", "fsync", "synchronous_commit", "full_page_writes")


class Database:
    """One business's data. Safe from any thread."""

    def __init__(self, home: Path, keys: KeyStore, reader: Engine, writer: Writer | None) -> None:
        self._home, self.keys, self._reader, self._writer = home, keys, reader, writer
        self._held = ExitStack()
        self.dialect = reader.dialect.name

    @staticmethod
    def open(
        url: str,
        home: Path,
        *,
        reach: Reach = nowhere,
        pool: int = 8,
        keys_url: str = "",
        read_only: bool = False,
        beside: bool = False,
    ) -> Database:
        """Open `sqlite:///…` or `postgresql://…`, bring its schema to this version, and start writing.

        `home` holds documents and, on SQLite, `keys.db`; `keys_url` puts the keys elsewhere. `reach` is told before and after
        every commit. `pool` is how many units PostgreSQL writes at once, and readers share. `read_only` may be opened beside a
        running Baton, and refuses to write or migrate; `beside` may too and writes (people, say), but does not migrate.
        Raises AlreadyRunning, NewerSchema, OlderSchema, WrongKeys, DatabaseUnavailable.
        """
        home.mkdir(parents=True, exist_ok=True)
        file = sqlite_path(url)
        with ExitStack() as held, translated():
            if file is not None and not (read_only or beside):
                held.enter_context(lock_file(file))
            reader = sqlite_engine(file, begin="DEFERRED", pool=pool) if file else postgresql_engine(url, pool=pool, reading=True)
            held.callback(reader.dispose)
            if read_only or beside:
                require_head(reader)
            else:
                migrate(url, reach)
            keys = KeyStore(keys_url or keys_beside(url, home), reach=reach, read_only=read_only)
            held.callback(keys.close)
            writer = None if read_only else writer_for(url, pool, reach, lambda conn: Unit(conn, keys, home))
            if writer is not None:
                held.callback(writer.close)
            database = Database(home, keys, reader, writer)
            database._match_keys()
            database._held = held.pop_all()
            return database

    def write(self, name: str, work: Callable[[Unit], T], *, urgent: bool = False) -> Future[T]:
        """Run `work` in a transaction and commit. The future resolves once the commit is durable; where `work` raises it takes
        that exception and nothing is stored. `work` may be run several times, and must not wait for another write.

        Raises DatabaseUnavailable where too many units wait (or the future does, where the database does not answer). After
        such an error the unit may, rarely, have been committed: work must be safe twice."""
        if self._writer is None:
            raise StorageError("the database was opened for reading only")
        return cast("Future[T]", self._writer.submit(Task(name, work, urgent)))

    @contextmanager
    def read(self) -> Iterator[Unit]:
        """A consistent snapshot that never waits for writers, nor they for it. Raises DatabaseUnavailable."""
        with translated(), self._reader.connect() as conn, conn.begin() as snapshot:
            yield Unit(conn, self.keys, self._home)
            snapshot.rollback()

    def pragmas(self) -> Mapping[str, str]:
        """How durable a commit is, read back from the connection that commits."""
        return self.write("pragmas", _settings_in_force).result()

    def close(self) -> None:
        """Finish what was taken and let go. Safe twice."""
        self._held.close()

    def _match_keys(self) -> None:
        """Remember the key store at first; afterwards refuse another one."""
        with self.read() as unit:
            known = unit.settings.get("keys")
        ours = self.keys.fingerprint()
        if known is None and self._writer is not None:
            self.write("match-keys", lambda unit: unit.settings.put("keys", ours)).result()
        elif known != ours:
            raise WrongKeys("this is not the key store that the database was written with: restore the right one")


def keys_beside(url: str, home: Path) -> str:
    """Where the keys are unless told otherwise."""
    return url if sqlite_path(url) is None else f"sqlite:///{home / 'keys.db'}"


def writer_for(url: str, pool: int, reach: Reach, make_unit: MakeUnit) -> Writer:
    """The one thread that writes to SQLite, or `pool` threads that write to PostgreSQL."""
    file = sqlite_path(url)
    if file is not None:
        return GroupWriter(sqlite_engine(file, begin="IMMEDIATE"), make_unit, reach)
    return ThreadWriter(postgresql_engine(url, pool=pool), make_unit, reach, threads=pool)


def lock_file(file: Path) -> IO[str]:
    """Hold the lock beside a SQLite file for as long as what is returned stays open. Raises AlreadyRunning."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = file.with_name(file.name + ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise AlreadyRunning(f"another Baton is running on {file}: stop it first, or give this one a BATON_HOME") from error
    return lock


def _settings_in_force(unit: Unit) -> dict[str, str]:
    if unit.dialect == "sqlite":
        names = {"synchronous": {0: "off", 1: "normal", 2: "full", 3: "extra"}}
        read = {name: unit.conn.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in PRAGMAS}
        return {name: str(names.get(name, {}).get(value, value)) for name, value in read.items()}
    return {name: str(unit.conn.exec_driver_sql(f"SHOW {name}").scalar_one()) for name in SERVER_SETTINGS}
