"""PINs and codes: kept as hashes, checked a few times, gone with their owner."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage import Database, Unit
from storage.proofs import CODE_LIFE, LOCKED, PROOF, TRIES, Shown
from tests.conftest import FixedClock

ABOUT = "run|approval|1|0|approve|"


@pytest.fixture
def somebody(database: Database, clock: FixedClock) -> str:
    return database.write("add", lambda unit: unit.people.add("Asha", now=clock.now()).id).result()


def shown(database: Database, who: str, pin: str, clock: FixedClock) -> Shown:
    return database.write("check", lambda unit: unit.proofs.check_pin(who, pin, clock.now())).result()


def code_for(database: Database, who: str, clock: FixedClock, about: str = ABOUT) -> str:
    return database.write("code", lambda unit: unit.proofs.new_code(who, about, clock.now())).result()


def coded(database: Database, who: str, code: str, clock: FixedClock, about: str = ABOUT) -> Shown:
    return database.write("check", lambda unit: unit.proofs.check_code(who, about, code, clock.now())).result()


def test_only_their_pin_is_right_and_it_is_nowhere_to_be_read(database: Database, somebody: str, clock: FixedClock) -> None:
    assert shown(database, somebody, "4711", clock) is Shown.GONE
    database.write("set", lambda unit: unit.proofs.set_pin(somebody, "4711")).result()
    assert [shown(database, somebody, pin, clock) for pin in ("4712", "4711")] == [Shown.WRONG, Shown.RIGHT]
    with database.read() as unit:
        row = unit.conn.execute(PROOF.select()).one()
        assert b"4711" not in row.pin
        assert b"4711" not in (unit.keys.open(somebody, row.pin) or b"")


def test_three_wrong_ones_lock_it_for_a_while(database: Database, somebody: str, clock: FixedClock) -> None:
    database.write("set", lambda unit: unit.proofs.set_pin(somebody, "4711")).result()
    assert [shown(database, somebody, "0000", clock) for _ in range(TRIES)] == [Shown.WRONG, Shown.WRONG, Shown.LOCKED_NOW]
    assert shown(database, somebody, "4711", clock) is Shown.LOCKED
    clock.advance(LOCKED)
    assert shown(database, somebody, "4711", clock) is Shown.RIGHT


def test_a_right_one_starts_the_count_again(database: Database, somebody: str, clock: FixedClock) -> None:
    database.write("set", lambda unit: unit.proofs.set_pin(somebody, "4711")).result()
    tried = [shown(database, somebody, pin, clock) for pin in ("1", "2", "4711", "1", "2")]
    assert tried == [Shown.WRONG, Shown.WRONG, Shown.RIGHT, Shown.WRONG, Shown.WRONG]


def test_a_code_is_good_once_for_one_thing_and_ten_minutes(database: Database, somebody: str, clock: FixedClock) -> None:
    code = code_for(database, somebody, clock)
    assert (len(code), code.isdigit()) == (6, True)
    assert coded(database, somebody, code, clock, "run|approval|1|0|reject|") is Shown.WRONG
    assert [coded(database, somebody, code, clock) for _ in range(2)] == [Shown.RIGHT, Shown.GONE]
    late = code_for(database, somebody, clock)
    clock.advance(CODE_LIFE)
    assert coded(database, somebody, late, clock) is Shown.GONE


def test_a_new_code_takes_the_place_of_the_old_one(database: Database, somebody: str, clock: FixedClock) -> None:
    old, new = code_for(database, somebody, clock), code_for(database, somebody, clock)
    assert old == new or coded(database, somebody, old, clock) is Shown.WRONG
    assert coded(database, somebody, new, clock) is Shown.RIGHT


def test_who_is_erased_has_no_pin(database: Database, somebody: str, clock: FixedClock) -> None:
    def erase(unit: Unit) -> None:
        unit.keys.erase(somebody)

    database.write("set", lambda unit: unit.proofs.set_pin(somebody, "4711")).result()
    database.write("erase", erase).result()
    assert shown(database, somebody, "4711", clock) is Shown.WRONG
    assert timedelta(0) < LOCKED
