"""Several people at once in one run, over the wire: parallel blocks, waits, a percentage, comments and handing over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conversations.conftest import MakeWorld
from tests.conversations.world import World

FLOW = """\
flow: office-move
prefix: OM
title: Office move
summary: "{place}"
start: {phrases: [office move]}
roles:
  department_head: Head
  finance: Finance
  director: Director
  committee: Committee
  manager: Manager
fields:
  place: {type: text, title: Place, ask: Which place?}
  day: {type: date, title: Day, ask: Which day?, required: no}
steps:
  - ask: request
    title: Request
    owner: requester
    due: 1bd
    fields: [place]
  - parallel: preparation
    join: 2 of 3
    blocks:
      - block: money
        steps:
          - do: budget
            title: Budget
            owner: finance
            due: 1bd
            instruction: Is there money?
            outcomes: {yes_there_is: There is}
      - block: plan
        steps:
          - do: floor_plan
            title: Floor plan
            owner: department_head
            due: 1bd
            instruction: Draw the plan.
            outcomes: {drawn: Drawn}
      - block: day
        steps:
          - wait: moving_day
            title: Moving day
            until: 2bd
            owner: director
            fields: [day]
  - wait: rest
    title: Rest
    until: 4bh
  - approve: consent
    title: Consent
    by: [committee]
    policy: 60 percent
    due: 1bd
  - end: moved
    message: You may move.
"""


@pytest.fixture
def office(new_world: MakeWorld, tmp_path: Path) -> World:
    """A world with this flow, and a run that has reached its parallel step."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "office-move.yaml").write_text(FLOW, encoding="utf-8")
    world = new_world(baton_flows=tmp_path / "flows")
    asker = world.whatsapp()
    asker.says("office move")
    asker.says("The old mill")
    assert world.open("OM-1001") == ["budget", "floor_plan", "moving_day"]
    return world


def test_from_request_to_consent(office: World) -> None:
    asker, mia = office.whatsapp(), office.staff("Mia")
    hana, fay, dora = (office.staff(name) for name in ("Hana", "Fay", "Dora"))
    status = asker.says("status OM-1001")[0]
    assert "Budget: with Fay Finance" in status
    assert "Floor plan: with Hana Head" in status
    assert "Moving day: waits until Thu 10:00, or for Dora Director" in status
    fay.taps("There is", "OM-1001")
    dora.new()
    hana.taps("Drawn", "OM-1001")
    assert dora.new() == ["OM-1001 · Moving day is no longer needed from you: enough others are done. Nothing more to do."]
    assert office.open("OM-1001") == ["rest"]
    assert "▸ Rest: waits until today 14:0" in asker.says("status OM-1001")[0]
    assert "Rest · waits until today 14:0" in mia.says("status")[0]
    office.later(hours=5)
    assert office.open("OM-1001") == ["consent"]
    hana.taps("Approve", "OM-1001")
    assert office.open("OM-1001") == ["consent"]
    fay.taps("Approve", "OM-1001")
    assert office.run("OM-1001").outcome == "moved"
    assert office.timers("OM-1001") == []
    office.events("OM-1001")
    office.whole()


def test_an_answer_ends_the_wait(office: World) -> None:
    dora, hana = office.staff("Dora"), office.staff("Hana")
    dora.says("tomorrow")
    assert office.open("OM-1001") == ["budget", "floor_plan"]
    hana.taps("Drawn", "OM-1001")
    assert office.open("OM-1001") == ["rest"]


def test_a_comment_is_told_and_shown_and_none_of_a_strangers_business(office: World) -> None:
    fay, hana = office.staff("Fay"), office.staff("Hana")
    hana.new(), office.whatsapp().new()
    assert fay.says("comment OM-1001 What about the Piano?") == ["OM-1001: your comment is recorded."]
    assert hana.new() == ["OM-1001: Fay Finance says “What about the Piano?”"]
    asker = office.whatsapp()
    assert "OM-1001: Fay Finance says “What about the Piano?”" in asker.new()
    assert "Fay Finance (today 10:00): “What about the Piano?”" in asker.says("why OM-1001")[0]
    before = office.run("OM-1001")
    stranger = office.whatsapp("+919800000098", "Stan Stranger")
    assert stranger.says("comment OM-1001 hello")[0].startswith("I find nothing of yours")
    assert "Write it like" in fay.says("comment OM-1001")[0]
    assert office.run("OM-1001") == before
    assert "Piano" not in _stored(office), "a comment is sealed under its author"


def _stored(world: World) -> str:
    with world.product.database.read() as unit:
        rows = unit.conn.exec_driver_sql("SELECT snapshot FROM run UNION ALL SELECT body FROM event").scalars()
        return "\n".join(str(row) for row in rows)


def test_handing_over_and_the_old_buttons(office: World) -> None:
    fay, hana, dora, mia = (office.staff(name) for name in ("Fay", "Hana", "Dora", "Mia"))
    dora.new(), fay.new()
    answers = fay.says("delegate OM-1001 to Dora Director")
    assert "OM-1001 · Budget was handed over to Dora Director. Nothing more to do." in answers
    assert "OM-1001 · Budget waits for you now, in the place of Fay Finance (handed over by Fay Finance)." in dora.last.text
    assert list(dora.last.buttons) == ["I take it", "Decline"]
    dora.taps("I take it")
    assert "There is" in dora.last.buttons
    fay.taps("There is", "OM-1001")
    assert fay.last.text == "OM-1001 was handed over to Dora Director, so it no longer waits for you. Nothing changed."
    assert "budget" in office.open("OM-1001")
    assert "Several people have it now" in mia.says("reassign OM-1001 to Pia Purchase")[0]
    assert "cannot take this over" in mia.says("reassign OM-1001 from Hana Head to Pia Purchase")[0]
    assert "I know nobody called" in mia.says("reassign OM-1001 from Hana Head to Nobody Known")[0]
    mia.says("reassign OM-1001 from Hana Head to Fay Finance")
    fay.taps("I take it", "Floor plan")
    fay.taps("Drawn", "Floor plan")
    dora.taps("There is", "OM-1001")
    assert office.open("OM-1001") == ["rest"]
    why = mia.says("why OM-1001")[0]
    assert "Budget: Dora Director for Fay Finance: There is" in why
    assert "Floor plan: Fay Finance for Hana Head, handed over by Mia Manager" in why
    office.whole()
    assert hana.says("mine")[0].startswith("Nothing waits for you")


def test_a_mail_neither_comments_nor_hands_over(office: World) -> None:
    office.add("Sam Store", ("email", "sam@example.com"), roles=("manager",))
    before = office.run("OM-1001")
    for word in ("comment OM-1001 hello", "reassign OM-1001 from Fay Finance to Hana Head"):
        assert office.staff("Sam").says(word) == ["A mail does not prove who wrote it. Please write this in the chat."]
    assert office.run("OM-1001") == before
