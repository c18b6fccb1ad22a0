"""Over the wire: a loop, a milestone, a step taken out, and a cancelled request that is undone before it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.run import Status, StepStatus
from tests.conversations.conftest import MakeWorld
from tests.conversations.world import World

FLOW = """\
flow: hall-booking
prefix: HB
title: Hall booking
summary: "{hall}, {guests} guests"
start: {phrases: [book a hall]}
roles: {department_head: Head, finance: Finance, director: Director, manager: Manager}
fields:
  hall: {type: text, title: Hall, ask: Which hall?}
  guests: {type: number, title: Guests, ask: How many guests?}
  price: {type: money, currency: INR, title: Price, ask: What does it cost?}
  tax: {type: money, currency: INR, title: Tax, formula: "percent(18, price)"}
  cost: {type: money, currency: INR, title: Cost, formula: "sum(price, tax)"}
steps:
  - ask: request
    title: Request
    owner: requester
    due: 1bd
    fields: [hall, guests]
  - do: offer
    title: {en: Offer, hi: प्रस्ताव}
    owner: finance
    due: 1bd
    instruction: Ask the owner of the hall.
    fields: [price]
    outcomes: {offered: Offered, full: Fully booked}
  - branch: another
    cases:
      - case: look_again
        when: outcomes.offer == "full" && attempts.offer < 3
        back_to: request
      - otherwise: found
  - parallel: preparing
    blocks:
      - block: food
        steps:
          - do: menu
            title: Food
            owner: department_head
            due: 1bd
            instruction: Choose the food.
            outcomes: {chosen: Chosen}
            if_cancelled:
              - do: unmenu
                title: Call off the food
                owner: department_head
                due: 4bh
                instruction: Tell the cook.
                outcomes: {told: Told}
      - block: cards
        steps:
          - wait: settled
            title: Food is settled
            when: given("outcomes.menu") && outcomes.menu == "chosen"
            until: 5bd
          - do: cards
            title: Cards
            owner: director
            due: 1bd
            instruction: Print the cards.
            outcomes: {printed: Printed}
  - approve: consent
    title: Consent
    by: [department_head]
    due: 1bd
  - end: booked
    message: It is booked.
"""


@pytest.fixture
def hall(new_world: MakeWorld, tmp_path: Path) -> World:
    """A world with this flow, where somebody has asked for a hall."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "hall-booking.yaml").write_text(FLOW, encoding="utf-8")
    world = new_world(baton_flows=tmp_path / "flows")
    asked(world, "book a hall", "Old mill", "80")
    assert world.open("HB-1001") == ["offer"]
    return world


def asked(world: World, *said: str) -> None:
    for text in said:
        world.whatsapp().says(text)


def offered(world: World, price: str = "1000", outcome: str = "Offered") -> None:
    world.staff("Fay").says(price)
    world.staff("Fay").taps(outcome, "HB-1001")


def test_a_loop_asks_anew_and_says_why_it_went_back(hall: World) -> None:
    offered(hall, "1000", "Fully booked")
    assert hall.open("HB-1001") == ["request"]
    assert hall.run("HB-1001").values == {}
    assert "Which hall?" in hall.whatsapp().last.text
    asked(hall, "New mill", "90")
    offered(hall, "2000")
    assert str(hall.run("HB-1001").values["cost"].amount) == "2360.00"  # type: ignore[union-attr]
    assert hall.open("HB-1001") == ["menu", "settled"]
    why = hall.staff("Mia").says("why HB-1001")[0]
    assert 'took “look again” because outcomes.offer == "full" && attempts.offer < 3' in why
    assert "(outcomes.offer = full, attempts.offer = 1)" in why
    hall.whole()


def test_a_milestone_is_reached_by_somebody_else_s_work(hall: World) -> None:
    offered(hall)
    assert hall.open("HB-1001") == ["menu", "settled"]
    hall.staff("Hana").taps("Chosen", "HB-1001")
    assert hall.open("HB-1001") == ["cards"]
    assert hall.run("HB-1001").steps["settled"].outcome == "reached"
    assert [row.path for row in hall.timers("HB-1001") if row.path == "settled"] == []
    hall.staff("Dora").taps("Printed", "HB-1001")
    assert hall.open("HB-1001") == ["consent"]
    hall.whole()


def test_a_manager_takes_one_step_out(hall: World) -> None:
    offered(hall)
    mia, hana, asker = hall.staff("Mia"), hall.staff("Hana"), hall.whatsapp()
    for person in (asker, hana):
        assert hall.open("HB-1001") == ["menu", "settled"]
        person.says("drop HB-1001 Food because I say so")
    assert hall.run("HB-1001").steps["menu"].status is StepStatus.OPEN
    (how,) = mia.says("drop HB-1001")
    assert how.splitlines() == [
        "Write it like “drop HB-1001 Food because it was done by phone”.", "These steps are open:", "· Food", "· Food is settled",
    ]  # fmt: skip
    assert mia.says("drop HB-1001 Wine because nobody drinks") == [how]
    assert mia.says("drop HB-1001 Food") == [how], "a reason is needed"
    hana.new()
    (done,) = mia.says("drop HB-1001 food because they bring their own")
    assert done.startswith("HB-1001: “Food” is taken out.\nNext: Food is settled, waits until")
    assert hana.new() == [
        "HB-1001 · Food is no longer needed from you: Mia Manager took it out. Nothing more to do.\nReason: they bring their own"
    ]
    assert hall.open("HB-1001") == ["settled"]
    assert "“they bring their own”" in mia.says("why HB-1001")[0]
    assert hana.says("Chosen")[-1] != ""
    assert mia.says("drop HB-1001 settled because it never will be")[0].startswith("HB-1001: “Food is settled” is taken out.")
    assert hall.open("HB-1001") == ["cards"]
    hall.staff("Dora").taps("Printed", "HB-1001")
    (refused,) = mia.says("drop HB-1001 consent because we are late")
    assert refused.startswith("HB-1001: this step cannot be left out")
    assert hall.open("HB-1001") == ["consent"]
    hall.whole()


def test_a_step_is_named_in_any_language_and_never_by_mail(hall: World) -> None:
    hall.add("Mail Manager", ("email", "boss@example.org"), roles=("manager",))
    boss = hall.mails("boss@example.org", "Mail Manager")
    assert boss.says("drop HB-1001 offer because we know it") == [
        "A mail does not prove who wrote it. Please write this in the chat."
    ]
    hall.staff("Mia").says("drop HB-1001 प्रस्ताव क्योंकि we know it")
    assert hall.run("HB-1001").steps["offer"].outcome == "dropped"
    assert hall.run("HB-1001").steps["another"].reason == "The way on is not clear: outcomes.offer is missing."


def test_a_cancelled_request_is_undone_first_and_everybody_can_see_it(hall: World) -> None:
    offered(hall)
    hall.staff("Hana").taps("Chosen", "HB-1001")
    asker, dora, hana = hall.whatsapp(), hall.staff("Dora"), hall.staff("Hana")
    for person in (asker, dora, hana):
        person.new()
    asker.says("cancel HB-1001")
    assert dora.new() == ["HB-1001 was cancelled by Asha Asker. Nothing more to do."]
    assert asker.texts[-1] == (
        "HB-1001 is being cancelled by Asha Asker. First this is undone: Food. I will tell you when that is done."
    )
    (told,) = hana.new()
    assert told.startswith("HB-1001 · Call off the food\nHB-1001 is being cancelled, so this has to be undone.\nTell the cook.")
    assert (hall.run("HB-1001").status, hall.open("HB-1001")) == (Status.OPEN, ["unmenu"])
    status = asker.says("status HB-1001")[0]
    assert "Being cancelled by Asha Asker. Still to undo: Food" in status
    assert asker.says("cancel HB-1001") == [
        "HB-1001 is being cancelled already, by Asha Asker: what was done is undone first. Write “status HB-1001” to see how far "
        "that is."
    ]
    hana.taps("Told", "HB-1001")
    run = hall.run("HB-1001")
    assert (run.status, hall.timers("HB-1001")) == (Status.CANCELLED, [])
    assert asker.last.text == "HB-1001 was cancelled by Asha Asker. Nothing more to do."
    assert hall.events("HB-1001")
    hall.whole()


def test_who_has_to_undo_is_chased(hall: World) -> None:
    offered(hall)
    hall.staff("Hana").taps("Chosen", "HB-1001")
    hall.whatsapp().says("cancel HB-1001")
    hall.staff("Hana").new()
    hall.later(hours=6)
    assert any("Call off the food" in text for text in hall.staff("Hana").new())
    assert any("HB-1001" in text and "Late" in text for text in hall.staff("Mia").texts)
