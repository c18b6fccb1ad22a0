"""The outbox: sent in order by address, and the truth about what became of each message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import Database, LostClaim, Unit
from storage.rows import Address, OutboxRow

LEASE = timedelta(minutes=1)
RANKS = {"queued": 1, "sent": 2, "delivered": 3, "read": 4, "failed": 5}
Do = Callable[[Callable[[Unit], Any]], Any]


@pytest.fixture
def address(do: Do, now: datetime) -> Address:
    return do(lambda unit: unit.people.meet("whatsapp", "+919800000001", "us", "Asha", now))


def plan(unit: Unit, to: Address, now: datetime, text: str = "hello", klass: str = "question", **more: Any) -> int:
    return unit.outbox.add(to.contact_id, to.id, "question", klass, {"text": text}, now, **more)


def claim(do: Do, now: datetime) -> list[OutboxRow]:
    return do(lambda unit: unit.outbox.claim(now, 10, LEASE))


def test_a_message_goes_out_and_is_found_by_its_ids(do: Do, address: Address, now: datetime) -> None:
    number = do(lambda unit: plan(unit, address, now, run_id="run", path="approve", attempt=2))
    (row,) = claim(do, now)
    assert (row.id, row.state, row.content, row.run_id, row.path, row.attempt) == (
        number, "sending", {"text": "hello"}, "run", "approve", 2,
    )  # fmt: skip
    assert do(lambda unit: unit.outbox.ids(number)) == ()
    do(lambda unit: unit.outbox.sent(row, "whatsapp", ("SM2", "SM1"), "sent", 2, now))
    found = do(lambda unit: unit.outbox.by_message("whatsapp", "SM1"))
    assert (found.id, found.state, found.status, found.sent_at) == (number, "sent", "sent", now)
    assert do(lambda unit: unit.outbox.ids(number)) == ("SM2", "SM1")
    assert do(lambda unit: unit.outbox.by_message("telegram", "SM1")) is None
    assert do(lambda unit: unit.outbox.pending(now)).pending == 0
    with pytest.raises(LostClaim):
        do(lambda unit: unit.outbox.sent(row, "whatsapp", ("SM3",), "sent", 2, now))


def test_one_address_gets_its_messages_in_order_and_waits_for_a_retry(do: Do, address: Address, now: datetime) -> None:
    other = do(lambda unit: unit.people.meet("telegram", "42", "bot", "Ravi", now))
    first = do(lambda unit: plan(unit, address, now))
    second = do(lambda unit: plan(unit, address, now))
    third = do(lambda unit: plan(unit, other, now))
    rows = claim(do, now)
    assert [row.id for row in rows] == [first, third]
    later = now + timedelta(seconds=30)
    do(lambda unit: unit.outbox.retry(rows[0], "429", "too many requests", later))
    assert claim(do, now) == []
    (again,) = claim(do, later)
    assert (again.id, again.attempts, again.code) == (first, 2, "429")
    do(lambda unit: unit.outbox.failed(again, "63016", "outside the window", later))
    assert [row.id for row in claim(do, later)] == [second]
    (shown,) = do(lambda unit: unit.outbox.undelivered())
    assert (shown.id, shown.state, shown.code, shown.problem) == (first, "failed", "63016", "outside the window")
    assert do(lambda unit: unit.outbox.pending(later)).parked == 1


def test_not_before(do: Do, address: Address, now: datetime) -> None:
    do(lambda unit: plan(unit, address, now, not_before=now + LEASE))
    assert claim(do, now) == []
    assert len(claim(do, now + LEASE)) == 1


def test_held_messages_leave_the_lane_until_released(do: Do, address: Address, now: datetime) -> None:
    numbers = [do(lambda unit: plan(unit, address, now, run_id="run")) for _ in range(3)]
    for _ in range(2):
        (row,) = claim(do, now)
        do(lambda unit, row=row: unit.outbox.held(row, "opted out", now))
    (third,) = claim(do, now)
    assert third.id == numbers[2]
    do(lambda unit: unit.outbox.unknown(third, now))
    states = {row.id: row.state for row in do(lambda unit: unit.outbox.undelivered("run"))}
    assert states == {numbers[0]: "held", numbers[1]: "held", numbers[2]: "unknown"}
    assert do(lambda unit: unit.outbox.undelivered("another run")) == []
    assert do(lambda unit: unit.outbox.release(address.id, now)) == 2
    assert [row.id for row in claim(do, now)] == [numbers[0]]
    assert [row.id for row in do(lambda unit: unit.outbox.of_run("run"))] == numbers


@pytest.mark.parametrize(("klass", "state"), [("question", "unknown"), ("reminder", "pending"), ("notice", "pending")])
def test_a_sender_that_died_leaves_the_truth_behind(do: Do, address: Address, now: datetime, klass: str, state: str) -> None:
    """A crash between "sent" and "recorded" is never resent unless a second copy does no harm."""
    number = do(lambda unit: plan(unit, address, now, klass=klass))
    behind = do(lambda unit: plan(unit, address, now))
    (row,) = claim(do, now)
    assert do(lambda unit: unit.outbox.expired(now + LEASE / 2)) == []
    later = now + LEASE
    assert claim(do, later) == [], "a claim must never take a message that may be on the wire"
    (lapsed,) = do(lambda unit: unit.outbox.expired(later))
    assert (lapsed.id, lapsed.state) == (number, state)
    with pytest.raises(LostClaim):
        do(lambda unit: unit.outbox.sent(row, "whatsapp", ("SM1",), "sent", 2, later))
    assert [row.id for row in claim(do, later)] == [behind if state == "unknown" else number]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reports=st.lists(st.sampled_from(sorted(RANKS)), max_size=6))
def test_a_delivery_report_never_steps_back(do: Do, address: Address, now: datetime, reports: list[str]) -> None:
    number = do(lambda unit: plan(unit, address, now))
    (row,) = claim(do, now)
    do(lambda unit: unit.outbox.sent(row, "whatsapp", (f"SM{number}",), "queued", 1, now))
    for report in reports:
        assert do(lambda unit, r=report: unit.outbox.status("whatsapp", f"SM{number}", r, RANKS[r], "", now)) is True
    shown = do(lambda unit: unit.outbox.get(number))
    expected = "failed" if "failed" in reports else max(["queued", *reports], key=RANKS.__getitem__)
    assert (shown.status, shown.rank) == (expected, RANKS[expected])
    assert shown.state == ("failed" if "failed" in reports else "sent")


def test_a_report_on_a_message_we_do_not_know_yet_says_so(do: Do, now: datetime) -> None:
    assert do(lambda unit: unit.outbox.status("whatsapp", "SM9", "delivered", 3, "", now)) is False


def test_a_message_that_is_not_there(do: Do) -> None:
    with pytest.raises(KeyError):
        do(lambda unit: unit.outbox.get(99))


def test_an_erased_contacts_messages_open_empty(database: Database, do: Do, address: Address, now: datetime) -> None:
    number = do(lambda unit: plan(unit, address, now))
    database.keys.erase(address.contact_id)
    assert do(lambda unit: unit.outbox.get(number)).content == {}
