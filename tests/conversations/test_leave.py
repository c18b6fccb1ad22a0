"""Leave by chat, and what it does to who is asked; pools, turns, and people named by a field: over the wire."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conversations.conftest import MakeWorld
from tests.conversations.phones import Phone
from tests.conversations.world import World

FLOW = """\
flow: stock-count
prefix: SC
title: Stock count
summary: "{place}, {cost}"
start: {phrases: [count]}
amount: cost
roles: {finance: Finance, director: {en: Director, hi: निदेशक}, committee: Committee, manager: Manager}
fields:
  place: {type: text, title: Place, ask: Which place?}
  cost: {type: money, title: Cost, ask: What will it cost?, currency: INR}
  guard: {type: phone, title: Guard's phone, ask: "The guard's phone?"}
  boxes: {type: number, title: Boxes, ask: How many boxes?}
steps:
  - ask: request
    title: Request
    owner: requester
    due: 1bd
    fields: [place, cost, guard]
  - approve: consent
    title: Consent
    by: finance
    due: 1bd
  - do: counting
    title: Counting
    owner: pool committee
    due: 1bd
    instruction: Count the boxes.
    fields: [boxes]
    outcomes: {counted: Counted}
  - do: gate
    title: Gate
    owner: field guard
    due: 1bd
    instruction: Open the gate.
    outcomes: {opened: Opened}
  - do: check
    title: Check
    owner: in_turn committee
    due: 1bd
    instruction: Check the count.
    outcomes: {fine: Fine}
  - end: counted
    message: Counted.
"""
TILL_FRIDAY = "leave till Friday, Dora Director covers up to 50k"
GUARD = "+919800000077"


@pytest.fixture
def world(new_world: MakeWorld, tmp_path: Path) -> World:
    """Monday 10:00, with this flow."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "stock-count.yaml").write_text(FLOW, encoding="utf-8")
    world = new_world(baton_flows=tmp_path / "flows")
    for name in ("Fay", "Dora"):
        world.staff(name).says("hi")
    return world


def asked(world: World, cost: str = "40000", reference: str = "SC-1001") -> Phone:
    asker = world.whatsapp()
    for words in ("count", "The old mill", cost, GUARD):
        asker.says(words)
    assert world.open(reference) == ["consent"]
    return asker


def counting(world: World) -> None:
    asked(world)
    world.staff("Fay").taps("Approve")


# --- saying it --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "noted"),
    [
        (TILL_FRIDAY, "You are on leave till 6 Mar 2026, that day included. Dora Director covers for you up to ₹50,000.00."),
        ("Leave till 9 Mar, dora covers.", "You are on leave till 9 Mar 2026, that day included. Dora Director covers for you."),
        ("on leave until tomorrow, director covers", "You are on leave till 3 Mar 2026, that day included. Director covers for you."),
        (
            "leave from 3 Dec till 9 Dec, committee covers up to 2,00,000",
            "You are on leave from 3 Dec 2026 till 9 Dec 2026, that day included. Committee covers for you up to ₹2,00,000.00.",
        ),
        ("leave from 30 Dec to 2 Jan, Dora Director will cover for me", "from 30 Dec 2026 till 2 Jan 2027, that day included."),
        ("छुट्टी 9 मार्च तक, Dora Director 50 हज़ार तक संभालेंगी", "Dora Director covers for you up to ₹50,000.00."),
        ("छुट्टी शुक्रवार तक, निदेशक संभालेंगे", "till 6 Mar 2026, that day included. Director covers for you."),
    ],
)  # fmt: skip
def test_a_leave_is_noted_in_whole_sentences(world: World, words: str, noted: str) -> None:
    fay = world.staff("Fay")
    (answer,) = fay.says(words)
    assert noted in answer
    assert answer.endswith("Write “leave off” when you are back.")
    (shown,) = fay.says("leave")
    assert noted in shown
    assert "Fay Finance is on leave" in world.staff("Dora").last.text


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("leave till yesterday, Dora Director covers", "That is over already."),
        ("leave from 9 Mar till 5/3/2026, Dora Director covers", "The last day of your leave is before the first."),
        ("leave till Monday, Dora Director covers", "I am not sure which day this is."),
        ("leave till the rains, Dora Director covers", "I cannot read this as a date."),
        ("leave till Friday", "Write it like “leave till Friday, NAME covers up to 50k”"),
        ("leave till Friday, Nora Nobody covers", "I know nobody called “Nora Nobody”, and no such role."),
        ("leave till Friday, Fay Finance covers", "You cannot cover for yourself."),
        ("leave till Friday, finance covers", "Nobody but you holds the role Finance."),
        ("leave till Friday, Vera Vendor covers", "Vera Vendor holds no role here"),
        ("leave till Friday, Dora Director covers up to heaven", "I cannot read this as one amount of money."),
    ],
)
def test_what_cannot_be_noted_is_refused_kindly_and_changes_nothing(world: World, words: str, answer: str) -> None:
    world.add("Vera Vendor", ("email", "vera@example.com"))
    fay = world.staff("Fay")
    assert fay.says(words)[0].startswith(answer)
    assert fay.says("leave")[0].startswith("You are not on leave.")


def test_a_circle_is_refused(world: World) -> None:
    fay, dora, hana = (world.staff(name) for name in ("Fay", "Dora", "Hana"))
    fay.says("leave till 9 Mar, Dora Director covers")
    assert dora.says("leave till 5 Mar, Fay Finance covers")[0].startswith("Fay Finance is on leave in that time too")
    dora.says("leave till 5 Mar, Hana Head covers")
    assert hana.says("leave till 4 Mar, finance covers")[0].startswith("Finance is on leave in that time too")
    assert "You are on leave" in hana.says("leave from 6 Mar till 8 Mar, Dora Director covers")[0].replace("will be", "are")


def test_not_by_mail_and_not_by_strangers(world: World) -> None:
    assert world.staff("Sam").says("leave till Friday, Dora Director covers") == [
        "A mail does not prove who wrote it. Please write this in the chat."
    ]
    stranger = world.telegrams("5000000098", "Stan Stranger")
    assert stranger.says("leave till Friday, Dora Director covers")[0].startswith("This is for people who hold a role here.")
    now = world.clock.now()
    with world.product.database.read() as unit:
        assert unit.leave.between(now, now.replace(year=2100)) == ()


def test_an_answer_that_only_begins_like_it_is_an_answer(world: World) -> None:
    asker = world.whatsapp()
    asker.says("count")
    asker.says("leave it at the gate")
    assert world.run("SC-1001").values["place"] == "leave it at the gate"


# --- what it does -----------------------------------------------------------------------------------------------------


def test_the_cover_is_asked_decides_and_the_log_says_for_whom(world: World) -> None:
    fay, dora, mia = (world.staff(name) for name in ("Fay", "Dora", "Mia"))
    fay.says(TILL_FRIDAY)
    dora.new()
    asked(world, "50000")
    (prompt,) = dora.new()
    assert prompt.startswith(
        "SC-1001 · Consent comes to you in the place of Fay Finance, who is on leave.\n\nSC-1001 · your approval"
    )
    assert fay.new() == []
    dora.taps("Approve")
    assert world.open("SC-1001") == ["counting"]
    why = mia.says("why SC-1001")[0]
    assert "Consent: Dora Director for Fay Finance: Approve (today 10:00)" in why
    assert "Consent: Dora Director for Fay Finance, who is on leave, today 10:00" in why
    assert "handed over by" not in why
    world.whole()


def test_above_the_cap_it_stays_and_managers_hear_once(world: World) -> None:
    fay, dora, mia = (world.staff(name) for name in ("Fay", "Dora", "Mia"))
    fay.says(TILL_FRIDAY)
    dora.new()
    asked(world, "50001")
    assert dora.new() == []
    notices = [text for text in mia.texts if "on leave" in text]
    assert notices == [
        "SC-1001 · Consent waits for Fay Finance, on leave: the amount is more than who covers may decide.\n"
        "To give it to somebody: “reassign SC-1001 from NAME to NAME”."
    ]
    fay.taps("Approve")
    assert world.open("SC-1001") == ["counting"]


def test_it_ends_with_its_day_and_with_coming_back(world: World) -> None:
    fay, dora = world.staff("Fay"), world.staff("Dora")
    fay.says("leave till tomorrow, Dora Director covers")
    asked(world)
    assert world.run("SC-1001").steps["consent"].owners == (world.contact(dora),)
    assert fay.says("leave off")[0].startswith("Welcome back")
    assert dora.last.text == "Fay Finance is back: you cover for them no longer. What came to you stays with you."
    assert world.run("SC-1001").steps["consent"].owners == (world.contact(dora),)
    asked(world, reference="SC-1002")
    assert world.run("SC-1002").steps["consent"].owners == (world.contact(fay),)
    fay.says("leave till tomorrow, Dora Director covers")
    world.later(hours=37, minutes=59)  # Tuesday 23:59
    asked(world, reference="SC-1003")
    assert world.run("SC-1003").steps["consent"].owners == (world.contact(dora),)
    world.later(minutes=1)
    asked(world, reference="SC-1004")
    assert world.run("SC-1004").steps["consent"].owners == (world.contact(fay),)
    assert fay.says("leave off") == ["You are not on leave."]


def test_facts_hold_only_the_leave_that_the_flow_needs(world: World) -> None:
    world.staff("Pia").says("leave till Friday, Mia Manager covers")
    asked(world)
    assert not [row for row in world.events("SC-1001") if row.facts.get("leave")]
    world.staff("Fay").says("leave till Friday, Pia Purchase covers")
    world.staff("Fay").taps("Approve")
    assert set(world.events("SC-1001")[-1].facts["leave"]) == {
        world.contact(world.staff("Fay")), world.contact(world.staff("Pia")),
    }  # fmt: skip


# --- pools, turns, whom a field names ---------------------------------------------------------------------------------


def test_a_pool_in_words(world: World) -> None:
    counting(world)
    hana, fay, dora = (world.staff(name) for name in ("Hana", "Fay", "Dora"))
    offered = "SC-1001 · Counting: for one of you.\nThe old mill, ₹40,000.00\nIt is due tomorrow 10:00"
    for one in (hana, fay, dora):
        assert offered in one.last.text
        assert list(one.last.buttons) == ["I'll take it"]
    (asked_again,) = hana.says("12")
    assert asked_again.startswith("To be sure, please tap one of the buttons below.")
    assert world.run("SC-1001").values.get("boxes") is None
    (question,) = dora.taps("I'll take it")
    assert question.startswith("SC-1001 · Counting\nCount the boxes.")
    assert hana.last.text == fay.last.text == "SC-1001 · Counting: Dora Director has taken it. Nothing more to do."
    assert hana.taps("I'll take it") == ["SC-1001: Dora Director has taken it. Nothing changed."]
    assert dora.taps("I'll take it") == ["SC-1001: it is yours already. Write “mine”, and I ask you again."]
    assert "with Dora Director since" in world.staff("Mia").says("status SC-1001")[0]
    dora.says("12")
    dora.taps("Counted")
    assert world.open("SC-1001") == ["gate"]
    world.whole()


def test_a_pool_may_be_taken_in_words_and_reminds_all_until_then(world: World) -> None:
    counting(world)
    hana, dora = world.staff("Hana"), world.staff("Dora")
    world.later(hours=8)
    assert hana.last.text.startswith("Reminder: SC-1001 · Counting waits for you")
    assert list(hana.last.buttons) == list(dora.last.buttons) == ["I'll take it"]
    assert hana.says("I’ll take it")[0].startswith("SC-1001 · Counting\nCount the boxes.")
    assert world.run("SC-1001").steps["counting"].claimed


def test_whom_a_field_names_is_asked_and_sees_no_more(world: World) -> None:
    counting(world)
    dora = world.staff("Dora")
    dora.taps("I'll take it")
    dora.says("12")
    dora.taps("Counted")
    guard = world.whatsapp(GUARD, "Gita Guard")
    guard.says("hi")
    assert guard.button("Opened")
    told = "\n".join(guard.texts)
    assert not [name for name in ("Fay", "Dora", "Asha", "Boxes: 12") if name in told]
    status = guard.says("status SC-1001")[0]
    assert "Gate" in status
    assert not [name for name in ("Fay", "Dora", "Asha", "Consent") if name in status]
    guard.taps("Opened")
    assert world.open("SC-1001") == ["check"]


def test_turns_go_round_over_runs(world: World) -> None:
    asker, guard, given = world.whatsapp(), world.whatsapp(GUARD, "Gita Guard"), []
    guard.says("hi")
    people = {world.contact(world.staff(name)): name for name in ("Hana", "Fay", "Dora")}
    for number in range(1001, 1005):
        for words in ("count", "The old mill", "500", GUARD):
            asker.says(words)
        world.staff("Fay").taps("Approve", f"SC-{number}")
        world.staff("Fay").taps("I'll take it", f"SC-{number}")
        world.staff("Fay").says("12")
        world.staff("Fay").taps("Counted", f"SC-{number}")
        guard.taps("Opened", f"SC-{number}")
        (owner,) = world.run(f"SC-{number}").steps["check"].owners
        given.append(people[owner])
        world.staff(people[owner]).taps("Fine", f"SC-{number}")
    assert given == ["Hana", "Fay", "Dora", "Hana"]
