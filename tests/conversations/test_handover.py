"""Handing over in the chat: one summary message, taken or declined, and never forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conversations.conftest import MakeWorld
from tests.conversations.lift import lift, up_to
from tests.conversations.purchase import Purchase
from tests.conversations.world import World


@pytest.fixture
def lifted(new_world: MakeWorld, tmp_path: Path) -> World:
    """Fay has given what waits for her on the board to Pia."""
    world = up_to(lift(new_world, tmp_path / "flows"), "board")
    world.staff("Hana").says("comment LR-1001 The doors too")
    world.staff("Pia").new()
    world.staff("Fay").says("delegate LR-1001 to Pia Purchase")
    return world


def test_the_new_owner_gets_one_message_with_all_they_need(lifted: World) -> None:
    pia = lifted.staff("Pia")
    assert pia.texts[-1:] == [
        "LR-1001 · Board waits for you now, in the place of Fay Finance (handed over by Fay Finance).\n"
        "Block B\nAsked by Asha Asker\nSo far:\n· Hana Head: Approve\n· Hana Head: “The doors too”\n"
        "Please answer by tomorrow 10:00\nDo you take it?"
    ]
    assert list(pia.last.buttons) == ["I take it", "Decline"]
    assert lifted.whatsapp().last.text == "LR-1001 · Board was handed over from Fay Finance to Pia Purchase."


def test_documents_go_along(world: World) -> None:
    purchase = Purchase(world).asked().skipped().quoted()
    purchase.fay.says("delegate PA-1001 to Dora Director")
    assert "Documents: Quotes 1.pdf" in "".join(purchase.dora.texts[-3:])
    assert any(bubble.files for bubble in purchase.dora.bubbles()[-3:])


@pytest.mark.parametrize("how", ["button", "word"])
def test_taken_it_is_asked_with_its_own_buttons(lifted: World, how: str) -> None:
    pia = lifted.staff("Pia")
    answers = pia.taps("I take it") if how == "button" else pia.says("i take it")
    assert answers[0].startswith("LR-1001 · your approval is needed")
    pia.taps("Approve", "LR-1001")
    lifted.staff("Dora").taps("Approve", "LR-1001")
    assert lifted.open("LR-1001") == ["meter"]
    lifted.later(hours=9)
    assert not any("has not taken it" in text for text in lifted.staff("Mia").texts)
    lifted.whole()


def test_declined_it_goes_back_with_the_reason(lifted: World) -> None:
    pia, fay, asha = lifted.staff("Pia"), lifted.staff("Fay"), lifted.whatsapp()
    fay.new()
    assert pia.taps("Decline")[0].startswith("LR-1001: please write the reason")
    assert lifted.run("LR-1001").steps["board"].untaken == (lifted.contact(pia),)
    assert pia.says("I am on a train") == [
        "LR-1001 · Board: thank you, it goes back to Fay Finance. Nothing more to do.\nReason: I am on a train"
    ]
    assert fay.new()[0].startswith("LR-1001 · Board waits for you again: Pia Purchase declined it.\nReason: I am on a train")
    assert asha.last.text.startswith("LR-1001 · Board: Pia Purchase declined it, so it waits for Fay Finance again.")
    fay.taps("Approve", "LR-1001")
    assert lifted.contact(fay) in {vote.by for vote in lifted.run("LR-1001").steps["board"].votes}
    assert "no longer waits for you" in pia.taps("I take it")[0]
    lifted.whole()


def test_nobody_takes_it_and_a_manager_gives_it_to_somebody_by_buttons(lifted: World) -> None:
    mia, pia, dora = lifted.staff("Mia"), lifted.staff("Pia"), lifted.staff("Dora")
    mia.new(), pia.new()
    lifted.later(hours=4)
    assert mia.new() == [
        "Late: LR-1001 · Board was handed over from Fay Finance to Pia Purchase, who has not taken it.\n"
        "Tap Reassign, or write “reassign LR-1001 from Pia Purchase to NAME”."
    ]
    assert "Do you take it?" in pia.new()[0]
    assert mia.taps("Reassign")[0].startswith("LR-1001: who shall take it from Pia Purchase?")
    assert "Mia Manager" not in mia.last.buttons
    assert next(iter(mia.last.buttons)) == "Fay Finance"
    mia.taps("Sam Store")
    assert lifted.run("LR-1001").steps["board"].untaken == (lifted.contact(lifted.staff("Sam")),)
    assert "handed over to Sam Store" in pia.last.text
    dora.taps("Approve", "LR-1001")
    lifted.whole()


def very_late(world: World) -> None:
    """Days pass; Mia and Hana look in now and then, so that messages reach them."""
    for _ in range(4):
        world.later(hours=20)
        for name in ("Mia", "Hana"):
            world.staff(name).says("mine")


def test_a_step_that_is_very_late_can_be_reassigned_from_the_escalation(new_world: MakeWorld, tmp_path: Path) -> None:
    world = lift(new_world, tmp_path / "flows")
    mia, hana = world.staff("Mia"), world.staff("Hana")
    very_late(world)
    assert mia.taps("Reassign", "LR-1001")[0].startswith("LR-1001: who shall take it from Hana Head?")
    assert "Asha Asker" not in mia.last.buttons
    mia.taps("Fay Finance")
    assert "handed over to Fay Finance" in hana.last.text
    world.staff("Fay").taps("I take it")
    world.staff("Fay").taps("Approve", "LR-1001")
    assert world.open("LR-1001") == ["board"]
    assert mia.taps("Reassign", "LR-1001")[0].endswith("Nothing changed. Write “status LR-1001” to see where it stands.")


def test_only_a_manager_reassigns_with_the_button(new_world: MakeWorld, tmp_path: Path) -> None:
    world = lift(new_world, tmp_path / "flows")
    very_late(world)
    mia = world.staff("Mia")
    world.add("Mia Manager", ("whatsapp", mia.address), roles=("store",))
    before = world.run("LR-1001")
    assert "no longer works for you" in mia.taps("Reassign", "LR-1001")[0]
    assert world.run("LR-1001") == before
