"""Opening a database: its schema, its lock, and the points around every commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, event, inspect

import storage
from storage import AlreadyRunning, Database, NewerSchema, OlderSchema, Unit
from storage.engines import postgresql_engine, sqlite_engine
from storage.migrations import migrate
from storage.tables import metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, home: Path) -> Iterator[str]:
    """A database with nothing in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{home / 'empty.db'}"
    else:
        with request.getfixturevalue("postgresql").database(template="template1") as url:
            yield url


def engine_of(url: str) -> Engine:
    if url.startswith("sqlite"):
        return sqlite_engine(Path(url.removeprefix("sqlite:///")), begin="IMMEDIATE")
    return postgresql_engine(url, pool=1)


def schema(url: str) -> dict[str, list[str]]:
    """Everything the database itself knows of its tables."""

    def words(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: words(value) for name, value in sorted(part.items())}
        return [words(value) for value in part] if isinstance(part, list) else str(part)

    engine = engine_of(url)
    found = inspect(engine)
    parts = ("columns", "unique_constraints", "foreign_keys", "indexes")
    tables = [name for name in sorted(found.get_table_names()) if name != "alembic_version"]
    known = {
        f"{name}.{part}": sorted(map(str, map(words, getattr(found, f"get_{part}")(name)))) for name in tables for part in parts
    }
    known |= {f"{name}.pk": [str(words(found.get_pk_constraint(name)))] for name in tables}
    engine.dispose()
    return known


def test_a_fresh_schema_equals_all_migrations(empty_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    def made(url: str) -> dict[str, list[str]]:
        engine = engine_of(url)
        with engine.begin() as conn:
            metadata.create_all(conn)
        engine.dispose()
        return schema(url)

    migrate(empty_url)
    engine = engine_of(empty_url)
    with engine.connect() as conn, conn.begin():
        assert compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), metadata) == []
    engine.dispose()
    if empty_url.startswith("sqlite"):
        fresh = made(f"sqlite:///{tmp_path / 'fresh.db'}")
    else:
        with request.getfixturevalue("postgresql").database(template="template1") as url:
            fresh = made(url)
    assert {name.split(".")[0] for name in fresh} == set(metadata.tables)
    assert schema(empty_url) == fresh


def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    points: list[str] = []
    migrate(empty_url, points.append)
    migrate(empty_url, points.append)
    assert points == ["before:commit:migrate", "after:commit:migrate"]


def test_a_migration_that_stops_leaves_nothing_half_done(empty_url: str) -> None:
    def stop(point: str) -> None:
        raise OSError(point)

    with pytest.raises(OSError, match="before:commit:migrate"):
        migrate(empty_url, stop)
    engine = engine_of(empty_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    migrate(empty_url)


def test_a_newer_schema_is_refused(empty_url: str, home: Path) -> None:
    migrate(empty_url)
    engine = engine_of(empty_url)
    with engine.begin() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    for read_only in (False, True):
        with pytest.raises(NewerSchema, match="9999"):
            Database.open(empty_url, home, read_only=read_only)


def test_reading_only_never_migrates(empty_url: str, home: Path) -> None:
    with pytest.raises(OlderSchema):
        Database.open(empty_url, home, read_only=True)


def test_a_second_baton_on_one_sqlite_file_is_refused(home: Path) -> None:
    url = f"sqlite:///{home / 'baton.db'}"
    first = Database.open(url, home)
    with pytest.raises(AlreadyRunning, match=r"baton\.db"):
        Database.open(url, home)
    Database.open(url, home, read_only=True).close()
    first.close()
    Database.open(url, home).close()


def test_the_files_are_for_the_owner_only(home: Path) -> None:
    Database.open(f"sqlite:///{home / 'baton.db'}", home).close()
    assert {file.name: oct(file.stat().st_mode & 0o077) for file in home.glob("*.db")} == {"baton.db": "0o0", "keys.db": "0o0"}


@contextmanager
def commits_outside_the_points(points: list[str]) -> Iterator[list[str]]:
    """What the driver was told to commit without `reach` being told right before; found on the engines, not by a list."""
    missed: list[str] = []
    seen = 0

    def committing(conn: Any) -> None:
        nonlocal seen
        if len(points) == seen or not points[-1].startswith("before:commit:"):
            missed.append(points[-1] if points else "at the start")
        seen = len(points)

    event.listen(Engine, "commit", committing)
    try:
        yield missed
    finally:
        event.remove(Engine, "commit", committing)


def a_working_day(url: str, home: Path, now: datetime, more: Callable[[Unit], object] = lambda unit: None) -> list[str]:
    """Open, write, claim, erase, close; the commits that no crash point stands at."""
    points: list[str] = []
    with commits_outside_the_points(points) as missed:
        database = Database.open(url, home, reach=points.append)
        met = database.write("meet", lambda unit: unit.people.meet("whatsapp", "1", "us", "Ravi", now)).result(20)
        database.write("insert", lambda unit: unit.inbox.insert("whatsapp", "us", "m", "1", "1", {}, b"", now)).result(20)
        database.write("claim", lambda unit: unit.inbox.claim(now, 5, timedelta(minutes=1))).result(20)
        with database.read() as unit:
            unit.people.all()
        database.keys.erase(met.contact_id)
        database.write("more", more).exception(20)
        database.close()
    assert {"before:commit:meet", "after:commit:insert", "before:commit:keys"} <= set(points)
    return missed


def test_every_commit_is_a_crash_point(empty_url: str, home: Path, now: datetime) -> None:
    assert a_working_day(empty_url, home, now) == []


def test_planted_bug_a_commit_of_its_own_is_caught(empty_url: str, home: Path, now: datetime) -> None:
    assert a_working_day(empty_url, home, now, more=lambda unit: unit.conn.connection.commit())


def test_the_file_is_sound_after_use(home: Path, now: datetime) -> None:
    a_working_day(f"sqlite:///{home / 'baton.db'}", home, now)
    with sqlite3.connect(home / "baton.db") as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
    conn.close()


def test_the_public_face() -> None:
    assert sorted(storage.__all__) == [*storage.__all__[:-1], "nowhere"] == storage.__all__
    assert all(hasattr(storage, name) for name in storage.__all__)
