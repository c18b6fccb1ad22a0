"""Watches a process from outside: every commit of a database driver and every byte to a provider, between the points passed.

Nothing here knows where the product commits or calls. SQLite tells every statement to a trace callback, psycopg's commits are
wrapped, and so are the ways in which a socket sends.
"""

from __future__ import annotations

import socket
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER")
REQUESTS = (b"post ", b"get /", b"put /", b"mail ")
"""How a request of HTTP, and a mail by SMTP, begins."""


@dataclass(frozen=True)
class Seen:
    """`kind` is point, commit, bytes (to a provider) or request (bytes that begin one)."""

    thread: int
    kind: str
    what: str


@dataclass
class Trace:
    """What the process did, in order. `served` are ports that belong to providers in this process: what they send is not ours."""

    served: set[int]
    seen: list[Seen] = field(default_factory=list)

    def reach(self, point: str) -> None:
        self.note("point", point)

    def note(self, kind: str, what: str) -> None:
        self.seen.append(Seen(threading.get_ident(), kind, what))

    def wire(self, sock: socket.socket, what: str, data: Any = b"") -> None:
        if sock.family in (socket.AF_INET, socket.AF_INET6) and sock.getsockname()[1] not in self.served:
            self.note("request" if bytes(data[:5]).lower() in REQUESTS else "bytes", what)

    def statement(self, connection: Any, statement: str) -> None:
        """SQLite: a COMMIT, or a write that commits itself since no transaction is open."""
        if statement == "COMMIT" or (statement.lstrip().upper().startswith(WRITES) and not connection.in_transaction):
            self.note("commit", statement[:40])

    @contextmanager
    def watching(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("connect", "connect_ex", "send", "sendall", "sendto", "sendmsg"):
                patch.setattr(socket.socket, name, self._told(name, getattr(socket.socket, name)))
            patch.setattr(psycopg.Connection, "commit", self._commits(psycopg.Connection.commit))
            event.listen(Pool, "connect", self._connected)
            try:
                yield
            finally:
                event.remove(Pool, "connect", self._connected)

    def _told(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(sock: socket.socket, *given: Any) -> Any:
            self.wire(sock, name, given[0] if name in ("send", "sendall") else b"")
            return method(sock, *given)

        return call

    def _commits(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def commit(connection: Any) -> None:
            self.note("commit", "psycopg")
            method(connection)

        return commit

    def _connected(self, connection: Any, _record: Any) -> None:
        if hasattr(connection, "set_trace_callback"):
            connection.set_trace_callback(lambda statement: self.statement(connection, statement))


def unnamed(seen: Sequence[Seen]) -> list[str]:
    """Every commit and call that does not stand alone between its own two points, and every pair of points around nothing.

    A commit's points are passed by the thread that commits. A call's may be passed by another, since an SDK sends from a loop of
    its own; the test sees to it that only one call is under way at a time."""
    found: list[str] = []
    open_in: dict[int, list[str]] = defaultdict(list)
    inside: Counter[str] = Counter()
    for one in seen:
        mine, what = open_in[one.thread], one.what
        if one.kind == "point":
            when, _, name = what.partition(":")
            if when == "before":
                mine.append(name)
                inside[name] = 0
            elif name not in mine:
                found.append(f"{what} without its before")
            else:
                mine.remove(name)
                if not inside[name]:
                    found.append(f"nothing between before:{name} and {what}")
        elif one.kind == "commit":
            names = [name for name in mine if name.startswith("commit:")]
            found += [] if names else [f"a commit ({what}) between no points"]
            found += [f"a second commit ({what}) between the points of {name}" for name in names if inside[name]]
            inside.update(names)
        else:
            names = [name for names in open_in.values() for name in names if not name.startswith("commit:")]
            found += [] if names else [f"{one.kind} ({what}) to a provider between no points"]
            if one.kind == "request":
                found += [f"a second request between the points of {name}" for name in names if inside[f"request {name}"]]
                inside.update(f"request {name}" for name in names)
            inside.update(names)
            if len(names) > 1:
                found.append(f"calls at once: {names}")
        if one.kind == "point" and what.startswith("after:"):
            inside[f"request {what.removeprefix('after:')}"] = 0
    return found + [f"before:{name} without its after" for names in open_in.values() for name in names]
