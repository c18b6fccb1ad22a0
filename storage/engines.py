"""Connections to SQLite and PostgreSQL, set up so that a transaction is what we say it is; and their errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from storage.errors import DatabaseUnavailable

PRAGMAS = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "foreign_keys": "ON",
    "secure_delete": "ON",
    "busy_timeout": "10000",
    "wal_autocheckpoint": "4000",
}


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


COMMON: dict[str, Any] = {"json_serializer": _json, "json_deserializer": orjson.loads, "hide_parameters": True}
"""`hide_parameters`: no personal value may reach a log through an error's text."""


def sqlite_path(url: str) -> Path | None:
    """The file behind a SQLite URL, None for another database."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def sqlite_engine(file: Path, *, begin: str, pool: int = 1, foreign_keys: bool = True) -> Engine:
    """`begin` IMMEDIATE takes the write lock at once; DEFERRED is a snapshot from the first read on and refuses to write.

    The driver's own transaction handling is switched off (isolation_level None) and BEGIN is ours: otherwise it would commit
    behind savepoints and DDL.
    """
    file.touch(mode=0o600)
    engine = create_engine(
        f"sqlite:///{file}",
        poolclass=QueuePool,
        pool_size=pool,
        max_overflow=0 if begin == "IMMEDIATE" else 4 * pool,
        connect_args={"check_same_thread": False, "timeout": 10},
        **COMMON,
    )
    pragmas = PRAGMAS | {"foreign_keys": "ON" if foreign_keys else "OFF"}
    if begin == "DEFERRED":
        pragmas["query_only"] = "ON"

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name} = {value}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {begin}")

    return engine


def postgresql_engine(url: str, *, pool: int, reading: bool = False) -> Engine:
    """READ COMMITTED for writing (claims rest on it), a read-only REPEATABLE READ snapshot for reading."""
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if reading else {}
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool,
        max_overflow=2 * pool if reading else 1,
        pool_pre_ping=reading,
        execution_options=options,
        connect_args={"connect_timeout": 10},
        **COMMON,
    )


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's five letters for an error ("" where it gives none)."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def in_our_words(error: BaseException) -> BaseException:
    """DatabaseUnavailable for a database that is gone, locked or full; every other error as it is."""
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
        problem = error.orig if isinstance(error, DBAPIError) else error
        ours = DatabaseUnavailable(f"the database did not answer: {type(problem).__name__}: {problem}")
        ours.__cause__ = error
        return ours
    return error


@contextmanager
def translated() -> Iterator[None]:
    """Raises DatabaseUnavailable in place of the driver's errors that mean it."""
    try:
        yield
    except Exception as error:
        ours = in_our_words(error)
        if ours is error:
            raise
        raise ours from error
