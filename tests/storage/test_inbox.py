"""The inbox: stored once, sealed, opened by the claim."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from storage import Database, Unit
from storage import inbox as inbox_module
from storage.inbox import INBOUND
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
    return unit.inbox.insert(**event | changed, now=now)


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


def test_planted_bug_without_the_unique_key_is_caught(database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    drop = "DROP INDEX {0}" if database.dialect == "sqlite" else "ALTER TABLE inbound DROP CONSTRAINT {0}"
    if database.dialect == "postgresql":
        database.write("bug", lambda unit: unit.conn.exec_driver_sql(drop.format("uq_inbound_channel_account_kind_event_id")))
    else:
        # SQLite keeps a UNIQUE constraint for good: let the event id differ instead, as if it were not part of the key.
        monkeypatch.setattr(inbox_module, "INSERT", insert(INBOUND).prefix_with("OR IGNORE").returning(INBOUND.c.id))
        salt = iter(range(100))
        arrive_plain = inbox_module.Inbox.insert

        def salted(self: Any, channel: str, account: str, kind: str, event_id: str, *rest: Any, **more: Any) -> int | None:
            return arrive_plain(self, channel, account, kind, f"{event_id}{next(salt)}", *rest, **more)

        monkeypatch.setattr(inbox_module.Inbox, "insert", salted)
    told = insert_at_once(database, now)
    assert sum(row is not None for row in told) > 1


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
