"""The check finds each thing that can be wrong in the database, planted one at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, update

from bot.bench.check import EXPECTED, IDS, INBOUND, OUTBOUND, RUN, TIMER, problems
from storage import Database, Unit

SINCE = datetime(2026, 3, 2, 10, tzinfo=UTC)
NOW = SINCE + timedelta(minutes=1)
RUNS = 3
LEASE = timedelta(minutes=1)


def _finished(unit: Unit) -> list[str]:
    """RUNS approved runs with all their messages; gives the provider's ids."""
    contact = unit.people.add("Requester", addresses=(("whatsapp", "+919800000001"),), now=SINCE)
    address = unit.people.addresses(contact.id)[0].id
    version = unit.flows.publish("bench-00", 1, "flow: bench-00", SINCE)
    sids = []
    for number in range(RUNS):
        unit.conn.execute(insert(RUN), _run(number, contact.id, version))
        for topic in EXPECTED:
            unit.outbox.add(contact.id, address, topic, "prompt", {"text": topic}, NOW, run_id=f"run{number}")
        for which in (0, 1):
            unit.inbox.insert("whatsapp", "us", "message", f"SM{number}{which}", "+919800000001", {}, b"", NOW)
    while rows := unit.outbox.claim(NOW, 9, LEASE):
        for row in rows:
            sids.append(f"MM{row.id}")
            unit.outbox.sent(row, "whatsapp", (f"MM{row.id}",), "sent", 2, NOW)
    while events := unit.inbox.claim(NOW, 9, LEASE):
        for event in events:
            unit.inbox.finish(event)
    return sids


def _run(number: int, requester: str, version: int) -> dict[str, object]:
    names = {"id": f"run{number}", "reference": f"BN-{number}", "flow": "bench-00", "requester": requester}
    ends = {"status": "ended", "outcome": "approved", "path": "", "court": "", "blocked": False, "lookup_key": ""}
    times = {"opened_at": NOW, "due_at": NOW, "created_at": NOW, "ended_at": NOW}
    return {**names, **ends, **times, "flow_version_id": version, "title": b"", "version": 2, "snapshot": "{}"}


def checked(tmp_path, plant=None, sids=lambda given: given) -> list[str]:
    database = Database.open(f"sqlite:///{tmp_path}/baton.db", tmp_path)
    try:
        given = database.write("make", _finished).result()
        if plant is not None:
            database.write("plant", plant).result()
        return problems(database, SINCE, RUNS, sids(given))
    finally:
        database.close()


def test_runs_as_they_should_be_have_no_problem(tmp_path):
    assert checked(tmp_path) == []


def executing(statement):
    return lambda unit: unit.conn.execute(statement)


def _timer(unit: Unit) -> None:
    unit.timers.plan("run1", "approval", 1, "remind50", NOW, NOW)


PLANTED = {
    "a run is open": (executing(update(RUN).where(RUN.c.id == "run1").values(status="open", outcome="")), "ended approved"),
    "a run was rejected": (executing(update(RUN).where(RUN.c.id == "run1").values(outcome="rejected")), "ended approved"),
    "a message waits": (executing(update(OUTBOUND).where(OUTBOUND.c.id == 2).values(state="pending", ready_at=NOW)), "in outbox"),
    "a message failed": (executing(update(OUTBOUND).where(OUTBOUND.c.id == 2).values(state="failed")), "in outbox"),
    "an inbound waits": (executing(update(INBOUND).where(INBOUND.c.id == 2).values(state="new", ready_at=NOW)), "in inbox"),
    "an inbound is parked": (executing(update(INBOUND).where(INBOUND.c.id == 2).values(state="parked")), "in inbox"),
    "an inbound is missing": (executing(delete(INBOUND).where(INBOUND.c.id == 2)), "messages in the inbox"),
    "a timer is live": (_timer, "in timers"),
    "a topic twice": (executing(update(OUTBOUND).where(OUTBOUND.c.id == 2).values(topic="receipt")), "sent {'receipt': 2"),
    "a message of no run": (executing(update(OUTBOUND).where(OUTBOUND.c.id == 2).values(run_id="")), "belong to no run"),
    "an id is missing": (executing(delete(IDS).where(IDS.c.message_id == "MM2")), "MM2 was accepted and is not"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(tmp_path, name):
    plant, words = PLANTED[name]
    assert any(words in problem for problem in checked(tmp_path, plant)), name


@pytest.mark.parametrize(
    ("sids", "words"),
    [
        (lambda given: [*given, "MM99"], "MM99 was accepted and is not in the outbox"),
        (lambda given: [*given, given[0]], "MM1 was accepted and is not in the outbox"),
        (lambda given: given[1:], "MM1 is in the outbox and was never accepted"),
    ],
    ids=["accepted but unknown", "accepted twice", "recorded but never accepted"],
)
def test_the_providers_log_must_match_the_outbox(tmp_path, sids, words):
    assert words in checked(tmp_path, sids=sids)


def test_live_timers_are_the_only_ones_counted(tmp_path):
    def plant(unit: Unit) -> None:
        _timer(unit)
        unit.conn.execute(update(TIMER).values(state="dropped"))

    assert checked(tmp_path, plant) == []
