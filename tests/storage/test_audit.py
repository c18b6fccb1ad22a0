"""Whatever is done to the history behind Baton's back is found: by the chain, or by a checkpoint exported before."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import fields
from datetime import timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, column, create_engine, delete, func, insert, make_url, select, text, update

from flows import decided as told
from flows import events
from storage import Database, Unit, audit
from storage import runs as repository
from storage.audit import exported, imported
from storage.chain import Merkle, link
from storage.rows import Checkpoint
from storage.runs import EVENT, OWNER, RUN
from tests.storage.samples import ASHA, NOW, SUBJECTS, life, store

ONE, TWO, THREE = "1" * 32, "2" * 32, "3" * 32
LAST = 6
Tamper = Callable[[Connection], None]


@pytest.fixture
def history(database: Database) -> Database:
    """Three runs with six events each."""

    def fill(unit: Unit) -> None:
        for number, run_id in enumerate((ONE, TWO, THREE), 1):
            store(unit, life(run_id, f"PA-{number}", NOW + timedelta(days=number)), run_id)

    database.write("fill", fill).result()
    return database


@contextmanager
def behind(url: str) -> Iterator[Connection]:
    """The database past Baton and past its constraints, as whoever has its password reaches it."""
    engine = create_engine(make_url(url).set(drivername="sqlite" if url.startswith("sqlite") else "postgresql+psycopg"))
    with engine.connect() as conn:
        if engine.dialect.name == "postgresql":
            conn.execute(text("SET session_replication_role = replica"))
            conn.commit()
        yield conn
    engine.dispose()


def tamper(url: str, by: Tamper) -> None:
    with behind(url) as conn, conn.begin():
        by(conn)


def verify(database: Database, checkpoint: Checkpoint | None = None) -> list[str]:
    with database.read() as unit:
        return unit.audit.verify_against(checkpoint) if checkpoint else unit.audit.verify()


def checkpoint(database: Database) -> Checkpoint:
    return database.write("checkpoint", lambda unit: unit.audit.checkpoint(NOW)).result()


# --- ways to tamper --------------------------------------------------------------------------------------------------


def at(number: int, run_id: str = TWO) -> Any:
    return (EVENT.c.run_id == run_id) & (EVENT.c.number == number)


def rows(conn: Connection, run_id: str) -> list[dict[str, Any]]:
    found = conn.execute(select(EVENT).where(EVENT.c.run_id == run_id).order_by(EVENT.c.number))
    return [dict(row._mapping) for row in found]


def edit(number: int, /, **columns: Any) -> Tamper:
    return lambda conn: _changed(conn, update(EVENT).where(at(number)).values(**columns))


def edit_run(**columns: Any) -> Tamper:
    return lambda conn: _changed(conn, update(RUN).where(RUN.c.id == TWO).values(**columns))


def edit_body(number: int, change: Callable[[Any], None]) -> Tamper:
    def by(conn: Connection) -> None:
        body = orjson.loads(rows(conn, TWO)[number - 1]["body"])
        change(body)
        edit(number, body=orjson.dumps(body).decode())(conn)

    return by


def flip_ciphertext(number: int) -> Tamper:
    def change(body: Any) -> None:
        subject, sealed = next(iter(body["sealed"].items()))
        body["sealed"][subject] = ("B" if sealed[40] == "A" else "A").join((sealed[:40], sealed[41:]))

    return edit_body(number, change)


def remove(number: int) -> Tamper:
    return lambda conn: _changed(conn, delete(EVENT).where(at(number)))


def remove_and_close_the_gap(number: int) -> Tamper:
    def by(conn: Connection) -> None:
        remove(number)(conn)
        for later in range(number + 1, LAST + 1):
            edit(later, number=later - 1)(conn)

    return by


def put_in(number: int) -> Tamper:
    """A made-up event in the middle; those after it move on by one."""

    def by(conn: Connection) -> None:
        made = rows(conn, TWO)[number - 1]
        for later in range(LAST, number - 1, -1):
            edit(later, number=later + 1)(conn)
        conn.execute(insert(EVENT).values(**{name: value for name, value in made.items() if name != "id"}))

    return by


def put_at_the_end(conn: Connection) -> None:
    made = rows(conn, TWO)[-1] | {"number": LAST + 1}
    conn.execute(insert(EVENT).values(**{name: value for name, value in made.items() if name != "id"}))


def swap(one: int, other: int) -> Tamper:
    """Two events change places, with everything they hold."""

    def by(conn: Connection) -> None:
        edit(one, number=99)(conn)
        edit(other, number=one)(conn)
        edit(99, number=other)(conn)

    return by


def swap_between_runs(conn: Connection) -> None:
    two, three = rows(conn, TWO)[3]["body"], rows(conn, THREE)[3]["body"]
    conn.execute(update(EVENT).where(at(4)).values(body=three))
    conn.execute(update(EVENT).where(at(4, THREE)).values(body=two))


def rehash_one(conn: Connection) -> None:
    """One event is edited and its own hash made to fit."""
    before, row = rows(conn, TWO)[2]["hash"], rows(conn, TWO)[3]
    row["actor"] = ASHA
    edit(4, actor=ASHA, hash=_link(before, row))(conn)


def rechain(conn: Connection) -> None:
    """One event is edited and the whole chain after it made anew: flawless by itself."""
    before = ""
    for row in rows(conn, TWO):
        if row["number"] == 4:
            row["actor"] = ASHA
        before = _link(before, row)
        edit(row["number"], actor=row["actor"], hash=before)(conn)


def cut_off_the_end(conn: Connection) -> None:
    """The last event goes, and the run is put back to what it was before: flawless by itself."""
    other = _before_the_end(conn)
    remove(LAST)(conn)
    conn.execute(update(RUN).where(RUN.c.id == TWO).values(**other))


def remove_run(run_id: str = TWO) -> Tamper:
    def by(conn: Connection) -> None:
        for one in (EVENT, OWNER):
            conn.execute(delete(one).where(one.c.run_id == run_id))
        _changed(conn, delete(RUN).where(RUN.c.id == run_id))

    return by


def remove_all(conn: Connection) -> None:
    for run_id in (ONE, TWO, THREE):
        remove_run(run_id)(conn)


def put_another_run_in_its_place(conn: Connection) -> None:
    """Run two becomes a copy of run one under its own name, with a chain of its own: as many runs and events as before."""
    ids = [row["id"] for row in rows(conn, TWO)]
    remove_run(TWO)(conn)
    run = dict(conn.execute(select(RUN).where(RUN.c.id == ONE)).one()._mapping)
    made = {"id": TWO, "reference": "PA-2", "snapshot": _renamed(run["snapshot"])}
    conn.execute(insert(RUN).values(**run | made))
    before = ""
    for row_id, row in zip(ids, rows(conn, ONE), strict=True):
        row |= {"id": row_id, "run_id": TWO, "body": _renamed(row["body"])}
        before = row["hash"] = _link(before, row)
        conn.execute(insert(EVENT).values(**row))


def _renamed(text_of_one: str) -> str:
    return text_of_one.replace(ONE, TWO).replace("PA-1", "PA-2")


def _before_the_end(conn: Connection) -> dict[str, Any]:
    columns = [column(one.name, one.type) for one in RUN.c if one.name != "id"]
    return dict(conn.execute(select(*columns).select_from(text("run_before_the_end"))).one()._mapping)


def _link(before: str, row: dict[str, Any]) -> str:
    return link(before, *(row[name] for name in ("run_id", "number", "kind", "actor", "at", "recorded_at", "body")))


def _changed(conn: Connection, statement: Any) -> None:
    assert conn.execute(statement).rowcount == 1, "the test itself must reach a row"


def leave_the_snapshot_of_another(conn: Connection) -> None:
    other = conn.scalar(select(RUN.c.snapshot).where(RUN.c.id == ONE))
    edit_run(snapshot=other)(conn)


FOUND_BY_THE_CHAIN: dict[str, Tamper] = {
    "edit who": edit(4, actor=ASHA),
    "edit what kind": edit(4, kind="cancel"),
    "edit when": edit(4, at=NOW),
    "edit when recorded": edit(4, recorded_at=NOW),
    "edit a decision": edit_body(4, lambda body: body["event"][1].update(choice="approve")),
    "edit a fact": edit_body(1, lambda body: body["event"][1]["facts"]["people"].update(head=[])),
    "edit what was decided": edit_body(6, lambda body: body["decided"].pop()),
    "edit ciphertext": flip_ciphertext(2),
    "take a sealed part away": edit_body(2, lambda body: body["sealed"].clear()),
    "edit a hash": edit(3, hash="0" * 64),
    "edit the first": edit(1, actor="somebody"),
    "edit the last": edit(LAST, actor="somebody"),
    "edit and hash anew": rehash_one,
    "delete the first": remove(1),
    "delete one between": remove(3),
    "delete one and close the gap": remove_and_close_the_gap(3),
    "delete the first and close the gap": remove_and_close_the_gap(1),
    "insert one between": put_in(3),
    "insert one at the end": put_at_the_end,
    "swap neighbours": swap(3, 4),
    "swap first and last": swap(1, LAST),
    "swap between two runs": swap_between_runs,
    "give an event to another run": lambda conn: _changed(conn, update(EVENT).where(at(LAST)).values(run_id=THREE, number=7)),
    "cut off the end": remove(LAST),
    "delete the whole history": lambda conn: [remove(number)(conn) for number in range(1, LAST + 1)] and None,
    "delete the run, leave its history": lambda conn: _changed(conn, delete(RUN).where(RUN.c.id == TWO)),
    "edit how the run ended": edit_run(outcome="rejected"),
    "edit whose the run is": edit_run(requester="somebody"),
    "edit the run's state": edit_run(status="open", ended_at=None),
    "spoil the snapshot": edit_run(snapshot="{}"),
    "put another run's snapshot in": leave_the_snapshot_of_another,
    "put an older snapshot back": lambda conn: edit_run(snapshot=_before_the_end(conn)["snapshot"])(conn),
}
FOUND_BY_A_CHECKPOINT: dict[str, Tamper] = {
    "cut off the end and put the run back": cut_off_the_end,
    "edit and make the chain anew": rechain,
    "delete a whole run": remove_run(),
    "delete the first run": remove_run(ONE),
    "delete the last run": remove_run(THREE),
    "delete all runs": remove_all,
    "put another run in its place": put_another_run_in_its_place,
}


@pytest.fixture
def before_the_end(history: Database) -> Database:
    """`history`, with run two as it stood before its last event kept aside for whoever tampers."""

    def keep(unit: Unit) -> None:
        remove_run()(unit.conn)
        steps = life(TWO, "PA-2", NOW + timedelta(days=2))
        store(unit, steps[:-1], TWO)
        unit.conn.execute(text(f"CREATE TABLE run_before_the_end AS SELECT * FROM run WHERE id = '{TWO}'"))
        unit.conn.execute(text("ALTER TABLE run_before_the_end DROP COLUMN id"))
        store(unit, steps[-1:], TWO)

    history.write("keep", keep).result()
    return history


def looks(database: Database, url: str, ways: dict[str, Tamper]) -> Iterator[tuple[str, list[str], list[str]]]:
    """For each way of tampering, undone afterwards: what the chain finds, and what it finds with the checkpoint from before."""
    earlier = checkpoint(database)
    with behind(url) as conn:
        for way, by in ways.items():
            with conn.begin() as transaction:
                by(conn)
                looking = Unit(conn, database.keys, database._home).audit
                yield way, looking.verify(), looking.verify_against(earlier)
                transaction.rollback()


def test_the_chain_finds_every_change(before_the_end: Database, database_url: str) -> None:
    missed, elsewhere = [], []
    for way, problems, with_checkpoint in looks(before_the_end, database_url, FOUND_BY_THE_CHAIN):
        missed += [way] if not problems or not with_checkpoint else []
        elsewhere += [way] if not any(problem.startswith(("PA-2", TWO)) for problem in problems) else []
    assert missed == []
    assert elsewhere == [], "the run that was changed must be named"
    assert verify(before_the_end) == []


def test_a_checkpoint_finds_what_the_chain_cannot(before_the_end: Database, database_url: str) -> None:
    for way, problems, with_checkpoint in looks(before_the_end, database_url, FOUND_BY_A_CHECKPOINT):
        assert problems == [], f"{way} should leave no trace in the database itself"
        assert ["is not the one of that checkpoint" in problem for problem in with_checkpoint] == [True], way
    assert verify(before_the_end) == []


def test_one_run_can_be_verified_alone(history: Database, database_url: str) -> None:
    tamper(database_url, edit(4, actor=ASHA))
    with history.read() as unit:
        assert unit.audit.verify(ONE) == unit.audit.verify(THREE) == []
        assert unit.audit.verify(TWO) == ["PA-2: event 4 was changed, or stands where another one stood"]


def test_the_same_look_finds_a_chain_whose_links_do_not_hold(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: a link leaves out the one before it. Then an edit with its own hash made to fit is not found."""

    sound = link

    def loose(before: str, *rest: Any) -> str:
        return sound("", *rest)

    for module in (audit, repository):
        monkeypatch.setattr(module, "link", loose)
    monkeypatch.setitem(globals(), "link", loose)
    database.write("store", lambda unit: store(unit, life(TWO, "PA-2"), TWO)).result()
    tamper(database_url, rehash_one)
    assert verify(database) == []


# --- the honest case -------------------------------------------------------------------------------------------------


def test_an_honest_history_shows_no_problem(history: Database) -> None:
    """Runs begun and moved on after a checkpoint, units that failed, an erasure: none of these is a problem."""
    empty = Checkpoint(NOW, Merkle().root(), 0, 0, 0)
    earlier = checkpoint(history)
    assert (earlier.runs, earlier.events) == (3, 18)

    def fail(unit: Unit) -> None:
        store(unit, life("4" * 32, "PA-4"), "4" * 32)
        raise RuntimeError("later")

    with pytest.raises(RuntimeError):
        history.write("fail", fail).result()
    history.write("more", lambda unit: store(unit, life("0" * 32, "PA-5")[:3], "0" * 32)).result()
    cancel = events.Cancel(at=NOW, actor=ASHA, facts=life()[0][0].facts, reason="no longer needed")

    def move_on(unit: Unit) -> None:
        loaded = unit.runs.load("0" * 32)
        assert loaded is not None
        decided = (told.RunEnded("cancelled", True, ASHA, NOW, "no longer needed"),)
        unit.runs.append("0" * 32, cancel, decided, NOW, subjects=SUBJECTS)
        unit.runs.save(unit.runs.rebuild("0" * 32), loaded.version, NOW, "", subjects=SUBJECTS)

    history.write("on", move_on).result()
    later = checkpoint(history)
    assert (later.runs, later.events) == (4, 22)
    for erased in ((), (ASHA,)):
        history.keys.erase(*erased)
        assert [verify(history, one) for one in (empty, earlier, later)] == [[], [], []]
    with history.read() as unit:
        assert unit.audit.latest() == later


def test_a_database_without_runs(database: Database) -> None:
    with database.read() as unit:
        assert unit.audit.latest() is None
    first = checkpoint(database)
    assert (first.runs, first.events, first.last) == (0, 0, 0)
    assert verify(database, first) == []


def test_a_checkpoint_can_be_kept_as_json(history: Database) -> None:
    made = checkpoint(history)
    assert imported(json.loads(json.dumps(exported(made)))) == made
    assert set(exported(made)) == {field.name for field in fields(Checkpoint)}
    with pytest.raises(ValueError, match="not an exported checkpoint"):
        imported({"root": made.root})


# --- a checkpoint taken while others write ---------------------------------------------------------------------------


def taken_beside_a_slow_writer(database: Database) -> list[str]:
    """A link with a low row number is committed after one with a higher number, and a checkpoint is taken in between."""

    def store_one(run_id: str) -> Callable[[Unit], None]:
        return lambda unit: store(unit, life(run_id, f"PA-{run_id[0]}")[:1], run_id)

    database.write("first", store_one(ONE)).result()
    appended, finish = threading.Event(), threading.Event()

    def slow(unit: Unit) -> None:
        store_one(TWO)(unit)
        appended.set()
        assert finish.wait(10)

    writing = database.write("slow", slow)
    assert appended.wait(10)
    database.write("quick", store_one(THREE)).result()
    taking: Future[Checkpoint] = database.write("checkpoint", lambda unit: unit.audit.checkpoint(NOW))
    threading.Timer(0.3, finish.set).start()
    writing.result()
    return verify(database, taking.result())


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_checkpoint_waits_for_links_that_are_being_written(database: Database) -> None:
    assert taken_beside_a_slow_writer(database) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_same_look_finds_a_checkpoint_that_does_not_wait(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: the table is not locked."""
    monkeypatch.setattr(audit, "text", lambda _: select(func.now()))
    assert taken_beside_a_slow_writer(database) != []


# --- the tree --------------------------------------------------------------------------------------------------------

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize("size", ROOTS)
def test_the_tree_is_the_one_of_rfc_6962(size: int) -> None:
    """The vectors of certificate-transparency's own tests."""
    tree = Merkle()
    for leaf in LEAVES[:size]:
        tree.add(bytes.fromhex(leaf))
    assert tree.root() == ROOTS[size]


def split(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + split(leaves[:k]) + split(leaves[k:])).digest()


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=40))
def test_the_streamed_root_is_the_recursive_one(leaves: list[bytes]) -> None:
    tree = Merkle()
    for leaf in leaves:
        tree.add(leaf)
    assert (tree.root(), tree.count) == (split(leaves).hex(), len(leaves))


def test_a_link_covers_the_time_not_its_zone() -> None:
    india, later = NOW.astimezone(timezone(timedelta(hours=5, minutes=30))), NOW + timedelta(microseconds=1)
    parts: tuple[Any, ...] = ("", ONE, 1, "begin", ASHA)
    assert link(*parts, NOW, NOW, "{}") == link(*parts, india, india, "{}") != link(*parts, NOW, later, "{}")
