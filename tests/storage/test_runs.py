"""Runs are kept whole, moved on by one writer at a time, listed without being opened, and are the fold of their history."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event as hook
from sqlalchemy import select, text, update

from flows import events
from flows.run import Court, Run, StepState, StepStatus
from flows.values import Erased
from storage import Conflict, Database, Unit
from storage import runs as repository
from storage.audit import agree
from storage.privacy import ERASED
from storage.runs import EVENT, OWNER, RUN
from tests.storage.samples import ASHA, CALENDAR, MEERA, NOW, RAVI, SUBJECTS, TITLE, VENDOR, folded, life, store

ONE = "1" * 32
LIFE = life()


def hours(count: float) -> datetime:
    return NOW + timedelta(hours=count)


def kept(database: Database, upto: int) -> None:
    """The sample run after its first `upto` events."""
    database.write("store", lambda unit: store(unit, LIFE[:upto])).result()


# --- whole, and the fold of its history ------------------------------------------------------------------------------


@pytest.mark.parametrize("upto", range(1, len(LIFE) + 1))
def test_a_run_is_read_as_it_was_saved_and_is_the_fold_of_its_history(database: Database, upto: int) -> None:
    kept(database, upto)
    with database.read() as unit:
        loaded = unit.runs.load(ONE)
        assert loaded is not None
        assert (loaded.run, loaded.version) == (folded(LIFE[:upto]), upto)
        assert unit.runs.rebuild(ONE) == loaded.run


def test_a_run_that_nobody_stored(database: Database) -> None:
    with database.read() as unit:
        assert unit.runs.load(ONE) is None
        assert unit.runs.by_reference("PA-1001") is None
        assert unit.runs.events(ONE) == []
        with pytest.raises(ValueError, match="no history"):
            unit.runs.rebuild(ONE)
    event, decided = LIFE[0]
    with pytest.raises(KeyError):
        database.write("append", lambda unit: unit.runs.append(ONE, event, decided, NOW, subjects={})).result()


def test_history_is_read_opened_and_in_order(database: Database) -> None:
    kept(database, 6)
    with database.read() as unit:
        rows = unit.runs.events(ONE)
        assert [(row.number, row.kind, row.actor, row.at) for row in rows] == [
            (1, "begin", ASHA, hours(0)),
            (2, "give", ASHA, hours(1)),
            (3, "file", ASHA, hours(2)),
            (4, "decide", RAVI, hours(3)),
            (5, "decide", ASHA, hours(4)),
            (6, "decide", MEERA, hours(5)),
        ]
        assert [tuple(row.decided) for row in rows] == [decided for _, decided in LIFE]
        assert rows[0].facts["people"] == {"head": [RAVI], "finance": [MEERA]}
        assert unit.runs.inputs(ONE, CALENDAR) == [event for event, _ in LIFE]
        assert unit.runs.by_reference("PA-1001") == ONE


# --- one writer at a time --------------------------------------------------------------------------------------------


def race(database: Database) -> int:
    """How many of four who all read version 1 could save."""
    kept(database, 1)
    run = folded(LIFE[:1])

    def save(outcome: str) -> Future[None]:
        moved = replace(run, outcome=outcome)
        return database.write("race", lambda unit: unit.runs.save(moved, 1, NOW, TITLE, subjects=SUBJECTS))

    return sum(not isinstance(saving.exception(), Conflict) for saving in [save(f"outcome {n}") for n in range(4)])


def test_of_those_who_read_the_same_version_one_saves(database: Database) -> None:
    assert race(database) == 1


def test_the_race_catches_a_save_that_does_not_look_at_the_version(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: the condition on the version is left out of the UPDATE."""
    blind = update(RUN).where(RUN.c.id == repository.bindparam("run_id"))
    monkeypatch.setattr(repository, "SAVE", blind)
    assert race(database) > 1


def test_a_refused_save_changes_nothing(database: Database) -> None:
    kept(database, 4)
    ended = folded(LIFE)
    with pytest.raises(Conflict):
        database.write("late", lambda unit: unit.runs.save(ended, 3, NOW, "other", subjects={})).result()
    with database.read() as unit:
        loaded = unit.runs.load(ONE)
        assert loaded is not None
        assert (loaded.run, loaded.version) == (folded(LIFE[:4]), 4)
        assert [row.title for row in unit.runs.open_rows(contact=ASHA)] == [TITLE]


def test_two_who_append_the_same_link_at_once_both_get_one(database: Database) -> None:
    kept(database, 1)
    event, decided = events.Cancel(at=NOW, actor=ASHA, facts=LIFE[0][0].facts), ()
    writes = [
        database.write(f"append{n}", lambda unit: unit.runs.append(ONE, event, decided, NOW, subjects={})) for n in range(6)
    ]
    for write in writes:
        write.result()
    with database.read() as unit:
        assert [row.number for row in unit.runs.events(ONE)] == list(range(1, 8))


# --- lists -----------------------------------------------------------------------------------------------------------


def waiting(number: int, owners: tuple[str, ...], due: datetime | None, requester: str = ASHA, **more: Any) -> Run:
    step = StepState(
        "approval", 1, more.pop("status", StepStatus.OPEN), owners, hours(-1), due, court=more.pop("court", Court.US)
    )
    run = Run(f"{number:032x}", f"PA-{number}", "purchase", 1, requester, hours(-2), steps={"approval": step})
    return replace(run, **more)


def put(unit: Unit, *runs: Run, lookup_key: str = "", at: datetime = NOW) -> None:
    version_id = unit.flows.publish("purchase", 1, "flow: purchase", NOW)
    for run in runs:
        unit.runs.insert(run, version_id, f"title of {run.reference}", at, subjects={}, lookup_key=lookup_key)


@pytest.fixture
def board(database: Database) -> Iterator[Unit]:
    """Five open runs (2 late, 1 blocked, 1 without due time), and one ended."""

    def fill(unit: Unit) -> None:
        unit.people.add("Asha", contact_id=ASHA, now=NOW)
        put(
            unit,
            waiting(1, (RAVI,), hours(5)),
            waiting(2, (RAVI, MEERA), hours(-3), requester=RAVI),
            waiting(3, (MEERA,), None),
            waiting(4, (VENDOR,), hours(2), court=Court.THEM),
            waiting(5, (MEERA,), hours(-1), status=StepStatus.BLOCKED),
            replace(folded(LIFE), id="6" * 32, reference="PA-6"),
        )

    database.write("fill", fill).result()
    with database.read() as unit:
        yield unit


def references(rows: list[Any]) -> list[str]:
    return [row.reference.removeprefix("PA-") for row in rows]


def test_open_runs_are_listed_due_first(board: Unit) -> None:
    assert references(board.runs.open_rows()) == ["2", "5", "4", "1", "3"]
    assert references(board.runs.open_rows(limit=2, offset=1)) == ["5", "4"]
    assert references(board.runs.open_rows(late_before=NOW)) == ["2", "5"]
    assert references(board.runs.open_rows(contact=MEERA)) == ["2", "5", "3"]
    assert references(board.runs.open_rows(contact=MEERA, late_before=hours(-2))) == ["2"]
    assert references(board.runs.open_rows(requester=ASHA, contact=MEERA)) == ["5", "3"]
    assert board.runs.open_rows(contact="nobody") == []


def test_what_is_whose(board: Unit) -> None:
    assert references(board.runs.of_contact(RAVI)) == ["2", "1"], "owned twice, one of them asked for too"
    assert references(board.runs.of_contact(ASHA)) == ["5", "4", "1", "3"], "asked for; the ended one is left out"


def test_counts(board: Unit) -> None:
    counts = board.runs.counts(NOW)
    assert (counts.open, counts.late, counts.blocked) == (5, 2, 1)


def test_a_list_row_says_it_all(board: Unit) -> None:
    second, *_ = board.runs.open_rows()
    assert (second.id, second.requester, second.requester_name) == (f"{2:032x}", RAVI, "")
    assert (second.title, second.owners, second.path) == ("title of PA-2", (RAVI, MEERA), "approval")
    assert (second.opened_at, second.due_at, second.blocked, second.status) == (hours(-1), hours(-3), False, "open")
    (third,) = [row for row in board.runs.open_rows() if row.reference == "PA-3"]
    assert (third.due_at, third.requester_name) == (None, "Asha")
    assert [row.reference for row in board.runs.open_rows() if row.blocked] == ["PA-5"]


def test_the_court_is_theirs_only_while_an_outside_party_alone_can_act(board: Unit) -> None:
    courts = board.conn.execute(select(RUN.c.court).order_by(RUN.c.reference)).scalars().all()
    assert courts == ["us", "us", "us", "them", "us", ""]


def test_lists_open_no_snapshot(database: Database, board: Unit) -> None:
    database.write("spoil", lambda unit: unit.conn.execute(update(RUN).values(snapshot="spoilt"))).result()
    with database.read() as unit:
        assert len(unit.runs.open_rows()) == len(unit.runs.of_contact(MEERA)) + 2 == unit.runs.counts(NOW).open
        with pytest.raises(ValueError, match="unexpected"):
            unit.runs.load(f"{1:032x}")


def test_of_several_open_steps_the_one_due_first_is_listed(database: Database) -> None:
    run = waiting(1, (RAVI,), hours(5))
    sooner = StepState("budget", 1, StepStatus.OPEN, (MEERA, RAVI), hours(0), hours(3))
    database.write("put", lambda unit: put(unit, replace(run, steps={**run.steps, "budget": sooner}))).result()
    with database.read() as unit:
        (row,) = unit.runs.open_rows(contact=RAVI)
        assert (row.path, row.due_at, row.opened_at, row.owners) == ("budget", hours(3), hours(0), (MEERA, RAVI))
        assert unit.conn.execute(select(OWNER.c.path, OWNER.c.contact_id).order_by(OWNER.c.due_at, OWNER.c.place)).all() == [
            ("budget", MEERA), ("budget", RAVI), ("approval", RAVI),
        ]  # fmt: skip


def test_list_columns_follow_the_run_until_it_ends(database: Database) -> None:
    seen = []
    for upto in range(1, len(LIFE) + 1):
        database.write("step", lambda unit, upto=upto: store(unit, LIFE[upto - 1 : upto])).result()
        with database.read() as unit:
            seen += [(row.path, row.owners, row.due_at, row.blocked) for row in unit.runs.open_rows()] or [None]
    assert seen == [
        ("request", (ASHA,), hours(4), False),
        ("request", (ASHA,), hours(4), False),
        ("approval", (RAVI, MEERA), hours(6), False),
        ("request", (ASHA,), None, False),
        ("approval", (MEERA,), hours(9), True),
        None,
    ]
    with database.read() as unit:
        assert unit.conn.execute(select(OWNER)).all() == []
        ended = unit.conn.execute(select(RUN.c.status, RUN.c.outcome, RUN.c.ended_at)).one()
        assert ended == ("ended", "approved", hours(5))


def test_same_vendor_within_a_week(database: Database) -> None:
    def fill(unit: Unit) -> None:
        put(unit, waiting(1, (), None), lookup_key="sharma traders", at=hours(-24 * 8))
        put(unit, waiting(2, (), None), waiting(3, (), None), lookup_key="sharma traders")
        put(unit, waiting(4, (), None), lookup_key="other")
        put(unit, waiting(5, (), None))
        unit.runs.save(waiting(4, (), None), 1, NOW, "", subjects={}, lookup_key="sharma traders")
        unit.runs.save(waiting(3, (), None), 1, NOW, "", subjects={})

    database.write("fill", fill).result()
    with database.read() as unit:
        count = unit.runs.alike
        week = hours(-24 * 7)
        assert count("purchase", "sharma traders", since=week) == 3
        assert count("purchase", "sharma traders", f"{3:032x}", since=week) == 2
        assert count("purchase", "sharma traders", since=hours(-24 * 9)) == count("purchase", "sharma traders") == 4
        assert count("admission", "sharma traders", since=week) == count("purchase", "other") == 0
        assert "sharma" not in str(unit.conn.execute(select(RUN)).all())


# --- indexes ---------------------------------------------------------------------------------------------------------


@contextmanager
def plans(unit: Unit) -> Iterator[list[str]]:
    """The query plans of what runs inside, as the database tells them."""
    found: list[str] = []
    if unit.dialect == "postgresql":  # so few rows are read whole without asking an index
        unit.conn.execute(text("SET LOCAL enable_seqscan = off"))

    def explain(conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.startswith("EXPLAIN"):
            prefix = "EXPLAIN " if unit.dialect == "postgresql" else "EXPLAIN QUERY PLAN "
            found.append("\n".join(str(row) for row in conn.exec_driver_sql(prefix + statement, parameters)))

    hook.listen(unit.conn.connection, "before_cursor_execute", explain)
    yield found
    hook.remove(unit.conn.connection, "before_cursor_execute", explain)


def test_lists_are_read_through_their_indexes(board: Unit) -> None:
    with plans(board) as due:
        board.runs.open_rows()
        board.runs.open_rows(late_before=NOW)
    with plans(board) as counts:
        board.runs.counts(NOW)
    with plans(board) as owned:
        board.runs.open_rows(contact=MEERA)
        board.runs.of_contact(MEERA)
    with plans(board) as asked:
        board.runs.open_rows(requester=ASHA)
    with plans(board) as vendor:
        board.runs.alike("purchase", "sharma traders", since=NOW)
    assert all("ix_run_due" in plan for plan in (due[0], due[2]))
    assert "ix_run_" in counts[0], "PostgreSQL may count by either index over the open ones"
    assert all("ix_run_owner_contact" in plan for plan in (owned[0], owned[2]))
    assert "ix_run_requester" in asked[0]
    assert "ix_run_lookup" in vendor[0]
    if board.dialect == "sqlite":
        assert "COVERING INDEX ix_run_due" in counts[0]
        assert not any("B-TREE FOR ORDER BY" in plan for plan in (due[0], due[2], asked[0])), "the index has the order already"


# --- what is personal ------------------------------------------------------------------------------------------------


def test_no_personal_part_is_in_the_tables(database: Database) -> None:
    kept(database, 6)
    with database.read() as unit:
        rows = str([unit.conn.execute(select(one)).all() for one in (RUN, OWNER, EVENT)])
    assert ONE in rows
    assert [secret for secret in ("bad back", "sales@vendor", "dentist", "quote from", "Chair for") if secret in rows] == []


def test_after_an_erasure_a_run_is_read_folded_and_goes_on(database: Database) -> None:
    kept(database, 5)
    database.keys.erase(ASHA)
    with database.read() as unit:
        loaded = unit.runs.load(ONE)
        assert loaded is not None
        assert (loaded.run.values["reason"], loaded.run.values["vendor_email"]) == (Erased(), "sales@vendor.example")
        assert loaded.run.files[0].name == ERASED
        assert unit.runs.rebuild(ONE) == loaded.run
        assert agree(loaded.run, folded(LIFE[:5]))
        assert [(row.title, row.requester_name) for row in unit.runs.open_rows()] == [("", "")]
    database.write("on", lambda unit: store(unit, LIFE[5:])).result()
    with database.read() as unit:
        loaded = unit.runs.load(ONE)
        assert loaded is not None
        assert (loaded.run.outcome, loaded.run.values["reason"]) == ("approved", Erased())
        assert unit.runs.rebuild(ONE) == loaded.run
