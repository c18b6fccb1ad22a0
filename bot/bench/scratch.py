"""Databases for one measurement only: a file, or a database of its own on a PostgreSQL server, gone afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier


@contextmanager
def scratch_database(server: str, folder: Path, name: str) -> Iterator[str]:
    """The address of an empty database: in `folder` where `server` is "", else on that PostgreSQL server, whose user must be
    allowed to create databases. What the server holds already is not touched. Raises psycopg.Error."""
    if not server:
        yield f"sqlite:///{folder / name}.db"
        return
    scratch = Identifier(f"{name}_bench_{secrets.token_hex(6)}")
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(SQL("CREATE DATABASE {}").format(scratch))
        try:
            yield urlsplit(server)._replace(path=f"/{scratch.as_string(None).strip(chr(34))}").geturl()
        finally:
            admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(scratch))
