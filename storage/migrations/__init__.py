"""Bringing a database's schema to this version, from within the program."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from storage.commits import Reach, commit, nowhere
from storage.engines import postgresql_engine, sqlite_engine, sqlite_path
from storage.errors import NewerSchema, OlderSchema


def config(connection: Connection | None = None) -> Config:
    """Alembic's view of this package; `connection` is what the migrations run on."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    found.attributes["connection"] = connection
    return found


def migrate(url: str, reach: Reach = nowhere) -> None:
    """Run the missing migrations in one transaction. Safe twice, and from several nodes at once. Raises NewerSchema."""
    file = sqlite_path(url)
    # Rebuilding a table on SQLite drops the old one: with foreign keys on, that would take the rows that point to it.
    engine = sqlite_engine(file, begin="IMMEDIATE", foreign_keys=False) if file else postgresql_engine(url, pool=1)
    try:
        with engine.connect() as conn, conn.begin() as transaction:
            if file is None:
                conn.execute(text("SELECT pg_advisory_xact_lock(hashtext('baton_migrations'))"))
            if _behind(conn):
                command.upgrade(config(conn), "head")
                commit(transaction, ("migrate",), reach)
            else:
                transaction.rollback()  # leaving the block would commit, past the crash points
    finally:
        engine.dispose()


def require_head(engine: Engine) -> None:
    """Raises OlderSchema or NewerSchema where the schema is not this version's."""
    with engine.connect() as conn, conn.begin():
        if _behind(conn):
            raise OlderSchema("the database waits for a migration: start Baton once")


def _behind(conn: Connection) -> bool:
    scripts = ScriptDirectory.from_config(config())
    current = MigrationContext.configure(conn).get_current_revision()
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise NewerSchema(f"the database has schema {current}, which this Baton does not know: upgrade Baton")
    return current != scripts.get_current_head()
