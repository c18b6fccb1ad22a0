"""People: met once, linked on purpose, found by exact value only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from storage import AddressTaken, Database, Unit
from storage.people import CONSENT

Do = Callable[[Callable[[Unit], Any]], Any]


def test_a_contact_with_roles_and_addresses(do: Do, now: datetime) -> None:
    added = do(
        lambda unit: unit.people.add(
            "Asha Nair",
            "hi",
            "Asia/Kolkata",
            ("manager", "approver"),
            (("whatsapp", "+91980"), ("email", "a@example.com")),
            now=now,
        )
    )
    with_roles = do(lambda unit: unit.people.contact(added.id))
    assert with_roles == added
    assert (added.name, added.language, added.zone, added.roles) == ("Asha Nair", "hi", "Asia/Kolkata", ("approver", "manager"))
    assert [a.value for a in do(lambda unit: unit.people.addresses(added.id))] == ["+91980", "a@example.com"]
    found = do(lambda unit: unit.people.by_address("email", "a@example.com"))
    assert (found.contact_id, found.account, found.opted_out, found.last_inbound_at, found.misses) == (
        added.id,
        "",
        False,
        None,
        0,
    )
    assert do(lambda unit: unit.people.address(found.id)) == found
    assert do(lambda unit: unit.people.by_address("telegram", "a@example.com")) is None
    assert do(lambda unit: unit.people.contact("nobody")) is None


def test_a_stranger_becomes_a_participant_once(do: Do, now: datetime) -> None:
    met = do(lambda unit: unit.people.meet("telegram", "42", "bot", "Ravi", now))
    assert do(lambda unit: unit.people.meet("telegram", "42", "bot", "Other name", now)) == met
    contact = do(lambda unit: unit.people.contact(met.contact_id))
    assert (contact.name, contact.roles) == ("Ravi", ())
    moved = do(lambda unit: unit.people.meet("telegram", "42", "second bot", "Ravi", now))
    assert (moved.id, moved.account) == (met.id, "second bot")


def test_eight_meetings_at_once_make_one_contact(database: Database, do: Do, now: datetime) -> None:
    start = threading.Barrier(8)

    def meet(_: int) -> str:
        start.wait(20)
        return database.write("meet", lambda unit: unit.people.meet("telegram", "42", "bot", "Ravi", now)).result(20).id

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(meet, range(8)))) == 1
    assert len(do(lambda unit: unit.people.all())) == 1


def test_an_address_never_moves_silently(do: Do, now: datetime) -> None:
    one = do(lambda unit: unit.people.add("One", addresses=[("whatsapp", "+91980")], now=now))
    two = do(lambda unit: unit.people.add("Two", now=now))
    with pytest.raises(AddressTaken) as taken:
        do(lambda unit: unit.people.link(two.id, "whatsapp", "+91980", now))
    assert taken.value.contact_id == one.id
    with pytest.raises(AddressTaken):
        do(lambda unit: unit.people.add("Three", addresses=[("whatsapp", "+91980")], now=now))
    assert [contact.name for contact in do(lambda unit: unit.people.all())] == ["One", "Two"]
    linked = do(lambda unit: unit.people.link(two.id, "email", "two@example.com", now))
    assert do(lambda unit: unit.people.link(two.id, "email", "two@example.com", now)) == linked


def test_the_address_last_heard_from_comes_first(do: Do, now: datetime) -> None:
    contact = do(lambda unit: unit.people.add("One", addresses=[("whatsapp", "1"), ("telegram", "2"), ("email", "3")], now=now))
    by_channel = {a.channel: a.id for a in do(lambda unit: unit.people.addresses(contact.id))}
    do(lambda unit: unit.conversations.heard(by_channel["telegram"], now))
    do(lambda unit: unit.conversations.heard(by_channel["email"], now + timedelta(seconds=1)))
    order = [address.channel for address in do(lambda unit: unit.people.addresses(contact.id))]
    assert order == ["email", "telegram", "whatsapp"]


def test_holders_are_in_the_order_added_without_the_suspended(do: Do, now: datetime) -> None:
    people = [do(lambda unit, n=n: unit.people.add(f"P{n}", roles=["approver"], now=now)) for n in range(4)]
    do(lambda unit: unit.people.suspend(people[1].id))
    do(lambda unit: unit.people.set_roles(people[2].id, ["manager"]))
    holders = do(lambda unit: unit.people.holders(["manager", "approver", "nobody"]))
    assert holders == {"manager": (people[2].id,), "approver": (people[0].id, people[3].id), "nobody": ()}
    do(lambda unit: unit.people.suspend(people[1].id, False))
    assert do(lambda unit: unit.people.holders(["approver"]))["approver"] == (people[0].id, people[1].id, people[3].id)


def test_people_are_found_by_whole_name_or_role(do: Do, now: datetime) -> None:
    do(lambda unit: unit.people.add("Asha Nair", roles=["Finance"], now=now))
    renamed = do(lambda unit: unit.people.add("Ravi", now=now))
    do(lambda unit: unit.people.rename(renamed.id, "Ravi Rao"))

    def names(text: str) -> list[str]:
        return [contact.name for contact in do(lambda unit: unit.people.find(text))]

    assert names("asha  NAIR ") == ["Asha Nair"]
    assert names("finance") == ["Asha Nair"]
    assert names("ravi rao") == ["Ravi Rao"]
    assert names("Ravi") == names("Asha") == names("") == []


def test_consent_is_kept_as_a_history(do: Do, now: datetime) -> None:
    met = do(lambda unit: unit.people.meet("whatsapp", "1", "us", "Ravi", now))
    do(lambda unit: unit.people.opt_out(met.id, now, "STOP"))
    assert do(lambda unit: unit.people.address(met.id)).opted_out is True
    do(lambda unit: unit.people.opt_in(met.id, now, "START"))
    assert do(lambda unit: unit.people.address(met.id)).opted_out is False
    history = do(lambda unit: unit.conn.execute(select(CONSENT.c.given, CONSENT.c.source).order_by(CONSENT.c.id)).all())
    assert [tuple(row) for row in history] == [(False, "STOP"), (True, "START")]


def test_a_conversation_remembers(do: Do, now: datetime) -> None:
    met = do(lambda unit: unit.people.meet("whatsapp", "1", "us", "Ravi", now))
    do(lambda unit: unit.conversations.heard(met.id, now))
    do(lambda unit: unit.conversations.focus(met.id, "run", now + timedelta(minutes=30)))
    do(lambda unit: unit.conversations.misses(met.id, 2))
    do(lambda unit: unit.conversations.language(met.contact_id, "hi"))
    known = do(lambda unit: unit.people.address(met.id))
    assert (known.last_inbound_at, known.focus_run, known.focus_until, known.misses) == (
        now, "run", now + timedelta(minutes=30), 2,
    )  # fmt: skip
    assert do(lambda unit: unit.people.contact(met.contact_id)).language == "hi"


def test_an_erased_contact_stays_as_an_empty_one(database: Database, do: Do, now: datetime) -> None:
    met = do(lambda unit: unit.people.meet("whatsapp", "1", "us", "Ravi", now))
    subjects = do(lambda unit: unit.people.subjects(met.contact_id))
    assert subjects == (met.contact_id, f"address:{database.keys.blind('whatsapp', '1')}")
    database.keys.erase(*subjects)
    assert do(lambda unit: unit.people.contact(met.contact_id)).name == ""
    assert do(lambda unit: unit.people.address(met.id)).value == ""


def test_a_naive_time_is_refused(do: Do, now: datetime) -> None:
    with pytest.raises(Exception, match="must be aware"):
        do(lambda unit: unit.people.add("Asha", now=now.replace(tzinfo=None)))
