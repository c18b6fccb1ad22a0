"""The inbox: stored once, sealed, opened by the claim."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from storage import Database, Unit
from storage import inbox as inbox_module
from storage.inbox import Inbox
from storage.keys import address_subject

LEASE = timedelta(minutes=1)
Do = Callable[[Callable[[Unit], Any]], Any]


def arrive(unit: Unit, now: datetime, **changed: Any) -> int | None:
    event: dict[str, Any] = {
        "channel": "whatsapp",
        "account": "+910000000000",
        "kind": "message",
        "event_id": "SM1",
        "sender": "+919800000001",
        "inbound": {"text": "नमस्ते", "media": []},
        "raw": b"Body=%E0",
    }
    found = event | changed
    key = [found.pop(name) for name in ("channel", "account", "kind", "event_id")]
    return unit.inbox.insert(*key, **found, now=now)


def test_an_event_is_stored_once_and_its_key_is_all_four_parts(do: Do, now: datetime) -> None:
    first = do(lambda unit: arrive(unit, now))
    assert isinstance(first, int)
    assert do(lambda unit: arrive(unit, now, sender="+919800000002", raw=b"again")) is None
    others = [{"event_id": "SM2"}, {"kind": "status"}, {"account": "+911111111111"}, {"channel": "sms"}]
    for other in others:
        assert do(lambda unit, other=other: arrive(unit, now, **other)) is not None


def insert_at_once(database: Database, now: datetime) -> list[int | None]:
    """The same event from eight threads; what each was told."""
    start = threading.Barrier(8)

    def deliver(_: int) -> int | None:
        start.wait(20)
        return database.write("insert", lambda unit: arrive(unit, now), urgent=True).result(20)

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(deliver, range(8)))


def test_of_eight_deliveries_at_once_one_is_stored(database: Database, now: datetime) -> None:
    told = insert_at_once(database, now)
    assert sum(row is not None for row in told) == 1
    with database.read() as unit:
        assert unit.inbox.pending(now).pending == 1


def test_planted_bug_a_key_with_the_request_in_it_is_caught(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider that sends the same message again does so in a new request."""
    requests, insert = iter(range(100)), Inbox.insert

    def insert_per_request(
        self: Inbox, channel: str, account: str, kind: str, event_id: str, *rest: Any, **more: Any
    ) -> int | None:
        return insert(self, channel, account, kind, f"{event_id}/{next(requests)}", *rest, **more)

    monkeypatch.setattr(Inbox, "insert", insert_per_request)
    assert sum(row is not None for row in insert_at_once(database, now)) > 1


def test_a_claim_opens_what_was_sealed(do: Do, now: datetime) -> None:
    do(lambda unit: arrive(unit, now))
    (row,) = do(lambda unit: unit.inbox.claim(now, 10, LEASE))
    assert (row.inbound, row.raw, row.received_at, row.attempts) == ({"text": "नमस्ते", "media": []}, b"Body=%E0", now, 1)


def test_status_events_in_a_lane_of_their_own_pass_the_senders_messages(do: Do, now: datetime) -> None:
    do(lambda unit: arrive(unit, now))
    do(lambda unit: arrive(unit, now, event_id="SM2"))
    do(lambda unit: arrive(unit, now, event_id="SM3:read", kind="status", lane="status:SM3"))
    assert len(do(lambda unit: unit.inbox.claim(now, 10, LEASE))) == 2


def test_an_erased_senders_events_open_empty(database: Database, do: Do, now: datetime) -> None:
    do(lambda unit: arrive(unit, now))
    database.keys.erase(address_subject(database.keys.blind("whatsapp", "+919800000001")))
    (row,) = do(lambda unit: unit.inbox.claim(now, 10, LEASE))
    assert (row.inbound, row.raw) == ({}, b"")


def test_nothing_personal_lies_open_in_the_files(home: Path, now: datetime) -> None:
    database = Database.open(f"sqlite:///{home}/baton.db", home)
    database.write("insert", lambda unit: arrive(unit, now, inbound={"text": "canary-text"}, raw=b"canary-raw")).result(20)
    database.write("meet", lambda unit: unit.people.meet("whatsapp", "+919800000001", "us", "canary-name", now)).result(20)
    files = b"".join(file.read_bytes() for file in home.iterdir() if file.is_file())
    database.close()
    files += b"".join(file.read_bytes() for file in home.iterdir() if file.is_file())
    assert b"SM1" in files
    for canary in (b"canary", b"919800000001"):
        assert canary not in files


def claimed_first(database: Database, now: datetime) -> str:
    """One event of a sender is still being stored when the next one comes: which of them can be claimed first."""
    drawn, go = threading.Event(), threading.Event()

    def slow(unit: Unit) -> None:
        arrive(unit, now, event_id="first", raw=b"first")
        drawn.set()
        go.wait(20)

    first = database.write("slow", slow)
    assert drawn.wait(20)
    second = database.write("quick", lambda unit: arrive(unit, now, event_id="second", raw=b"second"))
    wait([second], timeout=0.3)
    early = database.write("claim", lambda unit: unit.inbox.claim(now, 10, LEASE)).result(20)
    go.set()
    wait([first, second], timeout=20)
    rows = early or database.write("claim", lambda unit: unit.inbox.claim(now, 10, LEASE)).result(20)
    return rows[0].raw.decode()


@pytest.mark.parametrize(("bug", "expected"), [(False, "first"), (True, "second")], ids=["sound", "planted bug: no lane lock"])
def test_several_writers_show_a_lanes_rows_in_order(
    postgresql: Any, home: Path, now: datetime, monkeypatch: pytest.MonkeyPatch, bug: bool, expected: str
) -> None:
    if bug:
        monkeypatch.setattr(inbox_module, "ENTER_LANE", select(1))
    with postgresql.database() as url:
        database = Database.open(url, home)
        assert claimed_first(database, now) == expected
        database.close()
