"""The checker: reads the recorded history and the final database with plain drivers, and imports nothing of the product.

The history is what the providers know: which requests we acknowledged, which messages they accepted. The database is read as
anybody could. `problems` says in words what is wrong; an empty list means that nothing was lost and nothing done twice.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

SAFE_TWICE = {"reminder", "notice"}
"""What the documentation declares safe to send again after a crash."""
GIVEN_UP = {"unknown", "failed", "held"}
"""States that are shown to a manager."""


@dataclass(frozen=True)
class Seen:
    """A message that a provider accepted: its id there, to whom, and what makes two of them copies. `part`: a file alone."""

    id: str
    to: str
    copy_of: object
    part: bool


@dataclass(frozen=True)
class Expected:
    """What must have come of the messages so far. `events` (kind, actor) in order, `sends` (contact, topic) in any order,
    `outcome` "" while the run is open, None before it began. `doubtful`: the crash came after messages were claimed for
    sending, so that some may be `unknown`. `addresses`: whose each is; everybody else is the vendor."""

    events: tuple[tuple[str, str], ...]
    sends: tuple[tuple[str, str], ...]
    outcome: str | None
    doubtful: bool
    addresses: Mapping[str, str]

    def who(self, contact_or_address: str) -> str:
        known = self.addresses.get(contact_or_address, contact_or_address)
        return known if known in self.addresses.values() else "vendor"


Rows = list[dict[str, Any]]


class Books:
    """The tables that tell what happened."""

    def __init__(self, query: Callable[[str], Rows]) -> None:
        self.inbound = query("SELECT channel, account, kind, event_id, state, ready_at FROM inbound ORDER BY id")
        self.outbound = query("SELECT id, run_id, contact_id, path, topic, klass, state, ready_at FROM outbound ORDER BY id")
        self.ids = query("SELECT message_id, outbound_id FROM outbound_id")
        self.work = query("SELECT id, kind, state, ready_at, note FROM work")
        self.runs = query("SELECT id, status, outcome FROM run")
        self.events = query("SELECT run_id, number, kind, actor FROM event ORDER BY id")
        self.owners = query("SELECT run_id, path, contact_id FROM run_owner")
        self.timers = query("SELECT run_id, path, state FROM timer")

    @property
    def unknown(self) -> int:
        """How many messages ended as `unknown`."""
        return sum(row["state"] == "unknown" for row in self.outbound)


def read(database: str) -> Books:
    """What stands in a SQLite file or behind a postgresql:// URL."""
    if database.startswith("postgresql://"):
        with psycopg.connect(database, row_factory=dict_row) as conn:
            return Books(lambda query: conn.execute(query.encode()).fetchall())
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as file:
        file.row_factory = sqlite3.Row
        return Books(lambda query: [dict(row) for row in file.execute(query)])


def problems(books: Books, acked: Iterable[str], seen: tuple[Seen, ...], expected: Expected) -> list[str]:
    """Everything that is wrong, in words."""
    return [
        *_inbox(books, acked),
        *_transitions(books, expected),
        *_planned(books, expected),
        *_sent(books, seen),
        *_copies(books, seen, expected),
        *_waiting(books, expected),
    ]


# --- in --------------------------------------------------------------------------------------------------------------------


def _inbox(books: Books, acked: Iterable[str]) -> Iterator[str]:
    kept = Counter("/".join((row["channel"], row["account"], row["kind"], row["event_id"])) for row in books.inbound)
    for event in acked:
        if kept[event] != 1:
            yield f"acknowledged {event}, which the inbox has {kept[event]} times"
    for row in books.inbound:
        if row["state"] != "done" or row["ready_at"] is not None:
            yield f"an inbox row is left {row['state']}: {row['channel']} {row['kind']} {row['event_id']}"
    for row in books.work:
        if row["state"] != "done" or row["ready_at"] is not None:
            yield f"work {row['id']} ({row['kind']}) is left {row['state']}: {row['note']}"


def _transitions(books: Books, expected: Expected) -> Iterator[str]:
    """Each message and each timer did what it should, once and in order."""
    found = tuple((row["kind"], row["actor"]) for row in books.events)
    if found != expected.events:
        yield f"the events are {found}, not {expected.events}"
    if len(books.runs) != (expected.outcome is not None):
        yield f"there are {len(books.runs)} runs"
    for run in books.runs:
        numbers = [row["number"] for row in books.events if row["run_id"] == run["id"]]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"the events of a run are numbered {numbers}"
        if (run["status"], run["outcome"]) != ("ended" if expected.outcome else "open", expected.outcome):
            yield f"the run is {run['status']} {run['outcome']!r}, not {expected.outcome!r}"


# --- out -------------------------------------------------------------------------------------------------------------------


def _planned(books: Books, expected: Expected) -> Iterator[str]:
    """Exactly the messages that should be told were planned, and each has come to an end."""
    planned = Counter((expected.who(row["contact_id"]), row["topic"]) for row in books.outbound)
    for who, topic in (planned - Counter(expected.sends)).elements():
        yield f"{who} is told {topic} once too often"
    for who, topic in (Counter(expected.sends) - planned).elements():
        yield f"{who} is never told {topic}"
    for row in books.outbound:
        if row["ready_at"] is not None or row["state"] not in {"sent", *GIVEN_UP}:
            yield f"message {row['id']} ({row['topic']}) is left {row['state']}"
        elif row["state"] != "sent" and not expected.doubtful:
            yield f"message {row['id']} ({row['topic']}) is {row['state']}, though nothing was being sent"
        elif row["state"] in GIVEN_UP and row["klass"] in SAFE_TWICE:
            yield f"message {row['id']} ({row['topic']}) is {row['state']}, though it could be sent again"


def _sent(books: Books, seen: tuple[Seen, ...]) -> Iterator[str]:
    """What we call sent the provider has."""
    accepted = {message.id for message in seen}
    for row in books.outbound:
        names = {one["message_id"] for one in books.ids if one["outbound_id"] == row["id"]}
        if row["state"] == "sent" and not names & accepted:
            yield f"message {row['id']} ({row['topic']}) is called sent, and no provider has it"


def _copies(books: Books, seen: tuple[Seen, ...], expected: Expected) -> Iterator[str]:
    """What the provider has and we have no record of is a copy that does no harm, or stands as unknown."""
    row_of = {one["message_id"]: one["outbound_id"] for one in books.ids}
    klass = {row["id"]: row["klass"] for row in books.outbound}
    harmless = {message.copy_of for message in seen if klass.get(row_of.get(message.id)) in SAFE_TWICE}
    for part in (False, True):
        stray = Counter(
            expected.who(message.to)
            for message in seen
            if message.part is part and message.id not in row_of and message.copy_of not in harmless
        )
        doubtful = Counter(expected.who(row["contact_id"]) for row in books.outbound if row["state"] == "unknown")
        for who, count in (stray - doubtful).items():
            yield f"{who} got {count} messages more than the outbox can answer for"


def _waiting(books: Books, expected: Expected) -> Iterator[str]:
    """An open run waits for people who were told so (or a manager sees that they may not have been), and somebody will chase."""
    if expected.outcome != "":
        return
    if not books.owners:
        yield "the run is open, and nobody owns it"
    told = {(row["run_id"], row["path"], row["contact_id"]) for row in books.outbound if row["state"] in {"sent", *GIVEN_UP}}
    for owner in books.owners:
        if (owner["run_id"], owner["path"], owner["contact_id"]) not in told:
            yield f"{expected.who(owner['contact_id'])} owns {owner['path']} and was not told"
        if not any(timer["state"] == "live" and timer["path"] == owner["path"] for timer in books.timers):
            yield f"nothing will remind anybody of {owner['path']}"
