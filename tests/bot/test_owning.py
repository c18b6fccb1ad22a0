"""The people in a transition's facts: found by address, by field and by load, and no more of them than the flow needs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from bot.owning import Words, people, turn_of, words
from flows.events import Cover
from flows.model import Step
from flows.values import Money
from storage import Database, Unit
from tests.flows import build as b

DAY = timedelta(days=1)
ROLES = ("store", "finance", "manager")
STAFF = {"Sam": "store", "Sue": "store", "Fay": "finance", "Mia": "manager"}


@pytest.fixture
def writing(home: Path, migrated_file: Path, now: datetime) -> Iterator[Database]:
    """A database in which the staff is known, by first names that are their ids too."""
    database = Database.open(f"sqlite:///{copy(migrated_file, home / 'baton.db')}", home)

    def add(unit: Unit) -> None:
        for number, (name, role) in enumerate(STAFF.items()):
            addresses = (("email", f"{name.lower()}@example.net"), ("whatsapp", f"+91980000001{number}"))
            unit.people.add(name, roles=[role], addresses=addresses, now=now, contact_id=name)

    database.write("add", add).result()
    yield database
    database.close()


@pytest.fixture
def unit(writing: Database) -> Iterator[Unit]:
    with writing.read() as reading:
        yield reading


def known(unit: Unit, now: datetime, *steps: Step, requester: str = "", **values: Any) -> dict[str, Any]:
    flow = b.flow(*steps)
    return people(unit, flow, ROLES, words(flow), values, requester, now)


def away(unit: Unit, who: str, kind: str, cover: str, now: datetime, most: Money | None = None) -> None:
    unit.leave.take(who, now, now + DAY, kind, cover, most)


def test_the_words_of_a_flow_wherever_they_stand() -> None:
    flow = b.flow(
        b.ask("note", owner="person:a@example.net"),
        b.do(owner="turn:store", confirm_by="least:finance"),
        b.notify("field:mail"),
        b.collect("spec", id="more", owner="pool:store"),
    )
    assert words(flow) == Words(("person:a@example.net",), ("field:mail",), ("store",), ("finance",))
    assert words(b.purchase()) == Words()


def test_plain_roles_need_nothing_more(unit: Unit, now: datetime) -> None:
    assert known(unit, now, b.do()) == {
        "people": {"store": ("Sam", "Sue"), "finance": ("Fay",), "manager": ("Mia",)}, "leave": {}, "load": {}, "turns": {},
    }  # fmt: skip


def test_plain_roles_take_one_statement_each(unit: Unit, now: datetime) -> None:
    """Leave costs every transition no statement of its own."""
    said: list[str] = []
    driver: Any = unit.conn.connection.connection.driver_connection
    driver.set_trace_callback(said.append)
    known(unit, now, b.do(), b.approve("finance"), requester="Sam")
    driver.set_trace_callback(None)
    assert len(said) == len(ROLES)


@pytest.mark.parametrize(
    ("address", "found"),
    [("fay@example.net", ("Fay",)), ("+919800000012", ("Fay",)), ("nobody@example.net", ()), ("+919800000099", ())],
)
def test_a_person_is_found_by_address_and_never_made_up(unit: Unit, now: datetime, address: str, found: tuple[str, ...]) -> None:
    assert known(unit, now, b.do(owner=f"person:{address}"))["people"][f"person:{address}"] == found
    assert len(unit.people.all()) == len(STAFF)


def test_turns_and_load_only_where_the_flow_asks(unit: Unit, now: datetime) -> None:
    assert known(unit, now, b.do(owner="turn:store"))["turns"] == {"store": 0}
    assert known(unit, now, b.do(owner="least:store"))["load"] == {}
    assert turn_of("store") == "turn:store"


def test_whom_a_field_names_is_met(writing: Database, now: datetime) -> None:
    found = writing.write("meet", lambda unit: known(unit, now, b.do(owner="field:mail"), mail="new@example.net")).result()
    (contact,) = found["people"]["field:mail"]
    with writing.read() as unit:
        met = unit.people.by_address("email", "new@example.net")
        assert met is not None
        assert met.contact_id == contact
        assert known(unit, now, b.do(owner="field:mail"))["people"]["field:mail"] == ()
        assert known(unit, now, b.do(owner="field:mail"), mail="fay@example.net")["people"]["field:mail"] == ("Fay",)


def test_leave_is_followed_as_far_as_it_leads_and_no_further(writing: Database, now: datetime) -> None:
    cap = Money(Decimal(500), "INR")

    def note(unit: Unit) -> None:
        away(unit, "Fay", "person", "Sam", now, cap)
        away(unit, "Sam", "role", "store", now)
        unit.people.add("Ona", roles=["other"], now=now, contact_id="Ona")
        away(unit, "Ona", "role", "manager", now)

    writing.write("note", note).result()
    with writing.read() as unit:
        asked = people(unit, b.flow(), ("finance", "manager"), Words(), {}, "", now)
        assert asked["leave"] == {"Fay": Cover(("Sam",), cap), "Sam": Cover(("Sue",))}
        of_requester = people(unit, b.flow(), ("manager",), Words(), {}, "Ona", now)
        assert of_requester["leave"] == {"Ona": Cover(("Mia",))}
        assert people(unit, b.flow(), ("finance", "manager"), Words(), {}, "", now + DAY)["leave"] == {}


def test_a_cover_who_has_left_covers_nobody(writing: Database, now: datetime) -> None:
    def note(unit: Unit) -> None:
        away(unit, "Fay", "person", "Sam", now)
        unit.people.suspend("Sam")

    writing.write("note", note).result()
    with writing.read() as unit:
        assert known(unit, now)["leave"] == {"Fay": Cover(())}
        assert known(unit, now, b.do(owner="person:sam@example.net"))["people"]["person:sam@example.net"] == ()
