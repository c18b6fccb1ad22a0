"""A PIN or a code beside the tap, and two people for one figure, over the wire."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.events import Decide
from storage.inbox import HIDDEN, INBOUND
from tests.conversations.conftest import MakeWorld
from tests.conversations.lift import lift, up_to
from tests.conversations.world import World

PIN = "739154"


@pytest.fixture
def paying(new_world: MakeWorld, tmp_path: Path) -> World:
    """Only Fay's payment is left; her PIN is set."""
    world = up_to(lift(new_world, tmp_path / "flows"), "payment")
    fay = world.contact(world.staff("Fay"))
    world.product.database.write("pin", lambda unit: unit.proofs.set_pin(fay, PIN)).result()
    return world


@pytest.fixture
def coded(new_world: MakeWorld, tmp_path: Path) -> World:
    return up_to(lift(new_world, tmp_path / "flows", proof="code"), "payment")


def test_the_tap_alone_decides_nothing_the_pin_after_it_does(paying: World) -> None:
    fay = paying.staff("Fay")
    assert fay.taps("Approve", "LR-1001") == ["LR-1001: please write your PIN. Nothing is decided until then."]
    assert paying.open("LR-1001") == ["payment"]
    assert fay.says(PIN) == ["Thank you. LR-1001: you approved it."]
    assert paying.run("LR-1001").outcome == "completed"
    with paying.product.database.read() as unit:
        asked = unit.runs.inputs(paying.run("LR-1001").id, paying.product.transitions.business.calendar)
    assert [(event.actor, event.proof) for event in asked if isinstance(event, Decide) and event.proof] == [
        (paying.contact(fay), "pin")
    ]
    paying.whole()


def everything_kept(world: World) -> str:
    """All that the inbox, the events and the outbox hold, opened with the keys."""
    with world.product.database.read() as unit:
        rows = [unit.inbox.get(row.id) for row in unit.conn.execute(INBOUND.select())]
        inbox = "".join(f"{row.inbound} {row.raw!r}" for row in rows if row is not None)
        return inbox + "".join(str(event) for event in world.events("LR-1001")) + "".join(map(str, world.outbox("LR-1001")))


def test_the_pin_is_not_kept_where_it_was_written(paying: World) -> None:
    fay = paying.staff("Fay")
    fay.taps("Approve", "LR-1001")
    fay.says(PIN)
    assert PIN not in everything_kept(paying)
    assert HIDDEN in everything_kept(paying)


def test_three_wrong_pins_lock_it_and_a_manager_hears(paying: World) -> None:
    fay, mia = paying.staff("Fay"), paying.staff("Mia")
    mia.new()
    fay.taps("Approve", "LR-1001")
    assert fay.says("0000") == ["That is not right. Please write it again. Nothing is decided until then."]
    fay.says("0001")
    assert fay.says("0002")[0].startswith("Too many wrong tries. Nothing is decided, and I have told a manager.")
    assert mia.new() == ["Fay Finance could not prove who they are for LR-1001 (three wrong tries). It is locked for 15 minutes."]
    assert fay.taps("Approve", "LR-1001")[0].startswith("Too many wrong tries. Please tap again after today")
    fay.says(PIN)
    assert paying.open("LR-1001") == ["payment"]
    paying.later(minutes=15)
    fay.taps("Approve", "LR-1001")
    fay.says(PIN)
    assert paying.run("LR-1001").outcome == "completed"
    paying.whole()


def test_without_a_pin_they_are_told_how_to_get_one(new_world: MakeWorld, tmp_path: Path) -> None:
    world = up_to(lift(new_world, tmp_path / "flows"), "payment")
    fay = world.staff("Fay")
    assert fay.taps("Approve", "LR-1001")[0].startswith("LR-1001 needs your PIN, and you have none yet.")
    fay.says(PIN)
    assert world.open("LR-1001") == ["payment"]


def test_a_pin_that_nobody_asked_for_decides_nothing_and_a_no_needs_none(paying: World) -> None:
    fay = paying.staff("Fay")
    fay.says(PIN)
    assert paying.open("LR-1001") == ["payment"]
    fay.taps("Approve", "LR-1001")
    fay.taps("Go back")
    fay.says(PIN)
    assert paying.open("LR-1001") == ["payment"]
    fay.taps("Reject", "LR-1001")
    fay.says("No money")
    assert paying.run("LR-1001").outcome == "rejected"


def test_a_code_goes_to_another_address_of_theirs(coded: World) -> None:
    fay = coded.staff("Fay")
    coded.add("Fay Finance", ("telegram", fay.address), ("email", "fay@example.com"), roles=("finance", "committee"))
    box = coded.mails("fay@example.com", "Fay Finance")
    asked = fay.taps("Approve", "LR-1001")
    assert asked == [
        "LR-1001: please write the six digits of the code that I have sent you by e-mail. Nothing is decided until then."
    ]
    found = re.search(r"\b\d{6}\b", box.last.text)
    assert found
    assert box.says(found[0]) != ["Thank you. LR-1001: you approved it."]
    assert coded.open("LR-1001") == ["payment"]
    assert fay.says(found[0]) == ["Thank you. LR-1001: you approved it."]
    assert coded.run("LR-1001").outcome == "completed"


def test_with_one_address_the_code_comes_there_and_grows_old(coded: World) -> None:
    fay = coded.staff("Fay")
    codes = [re.search(r"\b\d{6}\b", text) for text in fay.taps("Approve", "LR-1001")]
    (first,) = [found[0] for found in codes if found]
    coded.later(minutes=11)
    fay.says(first)
    assert coded.open("LR-1001") == ["payment"]
    codes = [re.search(r"\b\d{6}\b", text) for text in fay.taps("Approve", "LR-1001")]
    (second,) = [found[0] for found in codes if found]
    fay.says(f"{second[:3]} {second[3:]}")
    assert coded.run("LR-1001").outcome == "completed"
    coded.whole()


# --- four eyes --------------------------------------------------------------------------------------------------------


def test_what_one_reads_another_confirms(new_world: MakeWorld, tmp_path: Path) -> None:
    world = up_to(lift(new_world, tmp_path / "flows"), "meter")
    pia, hana = world.staff("Pia"), world.staff("Hana")
    pia.says("42")
    assert pia.taps("Done") == ["Thank you. LR-1001: you said “Done”. Somebody else is asked to confirm it."]
    assert hana.last.text == (
        "LR-1001 · Meter: please check and confirm\nBlock B\nPia Purchase reported: Done\nReading: 42\n"
        "Please answer by tomorrow 10:00"
    )
    hana.taps("Does not match")
    hana.says("I read 43")
    assert "It came back from Hana Head: I read 43" in pia.last.text
    pia.says("Reading: 43")
    assert world.open("LR-1001") == ["meter"]
    pia.taps("Done")
    assert "Reading: 43" in hana.last.text
    assert hana.says("confirm") == ["Thank you. LR-1001: you said “Confirm”."]
    assert world.open("LR-1001") == ["payment"]
    world.events("LR-1001")
    world.whole()


def test_a_pin_is_set_from_the_command_line(new_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from bot.cli import app

    world = new_world()
    settings = {name: value for name, value in world.settings.model_dump().items() if isinstance(value, str) and value}
    for name, value in (settings | {"baton_home": str(world.settings.baton_home)}).items():
        monkeypatch.setenv(name.upper(), value)
    run = CliRunner().invoke
    for typed, problem in [("12\n12\n", "4 to 8 digits"), (f"{PIN}\n739155\n{PIN}\n739155\n", "")]:
        given = run(app, ["people", "pin", "Fay Finance"], input=typed)
        assert given.exit_code != 0
        assert problem in given.output
    assert run(app, ["people", "pin", "Nobody Known"], input=f"{PIN}\n{PIN}\n").exit_code == 2
    given = run(app, ["people", "pin", "Fay Finance"], input=f"{PIN}\n{PIN}\n")
    assert (given.exit_code, PIN in given.output) == (0, False)
    with world.product.database.read() as unit:
        assert unit.proofs.has_pin(world.contact(world.staff("Fay")))
