"""Fills a new database as a business fills it over a year: people who have written before, and many runs that ended.

One approver would have to take all prompts one after another (sends go in order per address), and a flow's step belongs to the
holders of a role who all get the prompt. To spread the prompts with one prompt a run, the flow `approval.yaml` is published
LANES times, each copy with a start phrase, a role and an approver of its own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import psycopg
from sqlalchemy import Column, ColumnElement, Connection, Table, select, type_coerce, update
from sqlalchemy.types import NullType

from bot.bench.phones import OUR_NUMBER, Lane, lanes, requesters
from bot.bench.report import Options
from bot.book import FlowBook
from bot.calendars import business
from bot.flowfiles import read_folders
from bot.transition import Transitions
from flows import Event, Facts, Money, Value
from flows.events import Decide
from flows.loader import load
from storage import Database, Unit, keys
from storage.chain import link
from storage.engines import postgresql_engine, sqlite_engine
from storage.keys import address_subject
from storage.tables import messages, runs
from storage.tables.base import table

TEMPLATE = Path(__file__).with_name("approval.yaml")
YEAR = timedelta(days=365)
PATTERNS = 100
FLOWS = "published"
"""The folder for the flow files. Not "flows": a process started beside it would take it for the package."""
BATCH = 5000
PATIENCE = 60.0
"""Seconds that one step of the filling may take."""
INBOUND, OUTBOUND = table(messages.Inbound), table(messages.Outbound)
RUN, EVENT = table(runs.Run), table(runs.Event)


@dataclass(frozen=True, slots=True)
class Pattern:
    """The rows of a run that was really made (events oldest first, each with when it happened and was recorded); older runs are
    copies of it under names of their own."""

    run: dict[str, Any]
    events: Sequence[dict[str, Any]]
    times: Sequence[tuple[datetime, datetime]]


def flow_sources() -> dict[str, str]:
    """The copies of the flow by id."""
    template = TEMPLATE.read_text(encoding="utf-8")
    return {lane.flow: template.replace("NN", lane.role[-2:]) for lane in lanes()}


def prepare(url: str, home: Path, options: Options, now: datetime) -> None:
    """Fill the empty database at `url`, and put the flow files into `home`/published. Times are `now` and up to a year back."""
    folder = home / FLOWS
    folder.mkdir()
    for name, source in flow_sources().items():
        (folder / f"{name}.yaml").write_text(source, encoding="utf-8")
    with closing(Database.open(url, home)) as database:
        book = FlowBook()
        book.put(database, read_folders([folder], load), now - YEAR)
        transitions = Transitions(book, business("Asia/Kolkata", "IN", "INR", now.date()))
        people = {phone: uuid4().hex for phone in (*(lane.approver for lane in lanes()), *requesters(options.contacts))}
        _make_keys(database, url, home, people)
        database.write("bench.people", lambda unit: _people(unit, people, now)).result(PATIENCE)
        count = min(PATTERNS, options.older_runs)
        patterns = database.write("bench.patterns", lambda unit: _patterns(unit, transitions, people, now, count)).result(
            PATIENCE
        )
        for first in range(count, options.older_runs, BATCH):
            wanted = [(n, patterns[n % count]) for n in range(first, min(first + BATCH, options.older_runs))]
            database.write("bench.older", partial(_copies, wanted)).result(PATIENCE)
        database.write("bench.analyze", lambda unit: unit.conn.exec_driver_sql("ANALYZE")).result(PATIENCE)


# --- people ----------------------------------------------------------------------------------------------------------


def _people(unit: Unit, known: Mapping[str, str], now: datetime) -> None:
    """Store contacts (phone to id). All have written before, the approvers just now: the provider's window to them is open."""
    roles = {lane.approver: lane.role for lane in lanes()}
    for phone, contact_id in known.items():
        role = (roles[phone],) if phone in roles else ()
        name = f"{'Approver' if role else 'Requester'} {phone[-4:]}"
        unit.people.add(name, roles=role, addresses=(("whatsapp", phone),), now=now - YEAR, contact_id=contact_id)
        unit.inbox.insert("whatsapp", OUR_NUMBER, "message", f"SM{uuid4().hex}", phone, {"text": "hello"}, b"hello", now - YEAR)
        if role:
            unit.conversations.heard(unit.people.addresses(contact_id)[0].id, now)
    unit.conn.execute(update(INBOUND).values(state="done", ready_at=None))


def _make_keys(database: Database, url: str, home: Path, known: Mapping[str, str]) -> None:
    """Each contact's key and their address's, in one commit: one by one, as life brings them, they would take as many commits."""
    subjects = [*known.values(), *(address_subject(database.keys.blind("whatsapp", phone)) for phone in known)]
    if database.dialect == "sqlite":
        engine = sqlite_engine(home / "keys.db", begin="IMMEDIATE")
    else:
        engine = postgresql_engine(url, pool=1).execution_options(schema_translate_map={None: keys.SCHEMA})
    with engine.begin() as conn:
        conn.execute(keys.ADD, [{"subject": s, "id": os.urandom(8), "secret": os.urandom(32)} for s in subjects])
    engine.dispose()


# --- runs that were really made --------------------------------------------------------------------------------------


def _patterns(unit: Unit, transitions: Transitions, people: Mapping[str, str], now: datetime, count: int) -> list[Pattern]:
    """`count` approved runs spread over the past year, made and stored by the product itself; their messages count as sent."""
    approvers = lanes()
    askers = [contact for phone, contact in people.items() if phone not in {lane.approver for lane in approvers}]
    made = []
    for number in range(count):
        lane, at = approvers[number % len(approvers)], now - YEAR * (count - number) / (count + 1)
        made.append(_approved(unit, transitions, lane, (askers[number * 7 % len(askers)], people[lane.approver]), at))
    unit.conn.execute(update(OUTBOUND).values(state="sent", ready_at=None))
    return [_pattern(unit.conn.connection, run_id) for run_id in made]


def _approved(unit: Unit, transitions: Transitions, lane: Lane, who: tuple[str, str], at: datetime) -> str:
    asker, approver = who
    published = transitions.book.started_by(lane.phrase)
    assert published is not None
    values: dict[str, Value] = {"item": "printer paper, A4, 80 g", "amount": Money(Decimal(4500), "INR")}
    begun = transitions.begin(unit, published, asker, values, at)
    loaded, later = unit.runs.load(begun.id), at + timedelta(minutes=20)
    assert loaded is not None

    def decide(facts: Facts) -> Event:
        return Decide(at=later, actor=approver, facts=facts, path="approval", attempt=1, choice="approve")

    return transitions.apply(unit, loaded, decide, later).id


def _pattern(conn: Connection, run_id: str) -> Pattern:
    [run] = _raw(conn, RUN, RUN.c.id == run_id)
    times = conn.execute(select(EVENT.c.at, EVENT.c.recorded_at).where(EVENT.c.run_id == run_id).order_by(EVENT.c.number))
    return Pattern(run, _raw(conn, EVENT, EVENT.c.run_id == run_id), [(at, recorded) for at, recorded in times])


def _columns(rows: Table) -> list[Column[Any]]:
    """All but a number that the database gives."""
    return [column for column in rows.c if column is not rows.autoincrement_column]


def _raw(conn: Connection, rows: Table, where: ColumnElement[bool]) -> list[dict[str, Any]]:
    """Rows in their first order, with values as the driver gives and takes them."""
    found = select(*(type_coerce(column, NullType()).label(column.name) for column in _columns(rows)))
    return [dict(row._mapping) for row in conn.execute(found.where(where).order_by(*rows.primary_key))]


# --- copies of them --------------------------------------------------------------------------------------------------


def _copies(wanted: Sequence[tuple[int, Pattern]], unit: Unit) -> None:
    """Store older runs `OLD-<number>` like their patterns, each with a chain of hashes of its own."""
    copies = [_copy(number, pattern) for number, pattern in wanted]
    _store(unit.conn.connection, RUN, [run for run, _ in copies])
    _store(unit.conn.connection, EVENT, [event for _, events in copies for event in events])


def _copy(number: int, pattern: Pattern) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    old_id, old_reference = pattern.run["id"], pattern.run["reference"]
    run_id, reference = uuid4().hex, f"OLD-{number}"

    def renamed(text: str) -> str:
        return text.replace(old_id, run_id).replace(old_reference, reference)

    events, hash = [], ""
    for event, times in zip(pattern.events, pattern.times, strict=True):
        body = renamed(event["body"])
        hash = link(hash, run_id, event["number"], event["kind"], event["actor"], *times, body)
        events.append({**event, "run_id": run_id, "body": body, "hash": hash})
    return {**pattern.run, "id": run_id, "reference": reference, "snapshot": renamed(pattern.run["snapshot"])}, events


def _store(conn: Connection, rows: Table, values: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows as `_raw` gives them, by the fastest way of each driver."""
    names = [column.name for column in _columns(rows)]
    tuples = [tuple(row.values()) for row in values]
    if conn.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in names)
        conn.exec_driver_sql(f"INSERT INTO {rows.name} ({', '.join(names)}) VALUES ({marks})", tuples)  # noqa: S608 - our names
        return
    driver = cast("psycopg.Connection", conn.connection.driver_connection)
    with driver.cursor() as cursor, cursor.copy(f"COPY {rows.name} ({', '.join(names)}) FROM STDIN") as copy:
        for row in tuples:
            copy.write_row(row)
