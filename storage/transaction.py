"""The transaction that a unit of work runs in: what repositories share, without knowing one another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from storage.keys import KeyStore
from storage.prepared import Prepared


class Transaction:
    """`conn` is inside a transaction that nobody here ends. `home` holds the files (`home/documents`). `people_read` remembers
    contacts and addresses read in it, by id, until `forget_people`."""

    def __init__(self, conn: Connection, keys: KeyStore, home: Path) -> None:
        self.conn, self.keys, self.home = Prepared(conn), keys, home
        self.dialect = conn.dialect.name
        self.calls: list[Callable[[], None]] = []
        self.people_read: dict[tuple[str, str], Any] = {}

    def after_commit(self, call: Callable[[], None]) -> None:
        """Run `call` once the commit is durable (a wake-up): never where the unit failed. It must be quick."""
        self.calls.append(call)

    def forget_people(self) -> None:
        """Somebody was changed in this transaction: read them again."""
        self.people_read.clear()
