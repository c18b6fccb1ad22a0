"""Reminders and escalations in working hours, the 24-hour window, and opting out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flows.decided import Reminded
from tests.conversations.conftest import MakeWorld
from tests.conversations.purchase import Purchase
from tests.conversations.world import World, monday

NOTICE = "HX" + "e" * 32


def rungs(world: World, path: str) -> list[str]:
    facts = (fact for event in world.events() for fact in event.decided)
    return [fact.rung for fact in facts if isinstance(fact, Reminded) and fact.path == path]


def test_reminders_at_half_at_nine_tenths_at_due_and_then_the_manager(world: World) -> None:
    """Four working hours from 10:00: 12:00, 13:36, 14:00, then the manager."""
    purchase = Purchase(world).up_to("head_approval")
    hana, mia = purchase.hana, purchase.mia
    hana.new(), mia.new()
    expected = {
        monday(11, 59): (0, 0),
        monday(12, 0): (1, 0),
        monday(13, 35): (0, 0),
        monday(13, 36): (1, 0),
        monday(13, 59): (0, 0),
        monday(14, 0): (1, 0),
    }
    for moment, counts in expected.items():
        world.later(seconds=(moment - world.clock.now()).total_seconds())
        world.settle()
        assert (len(hana.new()), len(mia.new())) == counts, moment
    assert hana.last.text.startswith("PA-1001 · Approval by department head is due now and waits for you.")
    assert hana.bubbles()[-2].text.startswith("Reminder: PA-1001 · Approval by department head waits for you, due today 14:00.")
    assert list(hana.last.buttons) == ["Approve", "Reject", "Send back"]
    world.later(hours=4)
    assert len(mia.new()) == 1
    assert mia.last.text == (
        "Late: PA-1001 · Approval by department head was due today 14:00 and waits for Hana Head.\nExample Traders, ₹8,000.00"
    )
    assert len(rungs(world, "head_approval")) == len(set(rungs(world, "head_approval"))) == 4
    assert hana.taps("Approve") == ["Thank you. PA-1001: you approved it."]
    hana.new(), mia.new()
    before = len(rungs(world, "head_approval"))
    world.later(days=3)
    assert len(rungs(world, "head_approval")) == before
    assert not [text for text in (*hana.new(), *mia.new()) if "department head" in text]
    world.whole()


def test_nobody_is_reminded_outside_working_hours_or_on_a_holiday(world: World) -> None:
    """Asked on Tuesday at 17:00 for four working hours; Wednesday 4 March 2026 is Holi: reminders come on Thursday."""
    world.clock.at = monday(17) + timedelta(days=1)
    world.greet()
    purchase = Purchase(world).up_to("head_approval")
    purchase.hana.new()
    moment = world.clock.now()
    sent = []
    while moment < monday(18) + timedelta(days=3):
        moment += timedelta(minutes=30)
        world.clock.at = moment
        world.settle()
        if any("waits for you" in text for text in rows(world, purchase)):
            sent.append(moment)
    assert sent
    local = [at + timedelta(hours=5, minutes=30) for at in sent]
    assert all(9 <= at.hour <= 18 for at in local), local
    assert {at.day for at in local} == {5}, local


def rows(world: World, purchase: Purchase) -> list[str]:
    """What was planned for Hana since the last look (her window may be closed by then)."""
    known = getattr(purchase, "seen", 0)
    told = [row for row in world.outbox() if row.contact_id == world.contact(purchase.hana)]
    purchase.seen = len(told)  # type: ignore[attr-defined]
    return [str(row.content["text"]) for row in told[known:]]


def test_after_a_long_outage_one_reminder_comes_not_three(world: World) -> None:
    purchase = Purchase(world).up_to("head_approval")
    purchase.hana.new(), purchase.mia.new()
    world.later(hours=8)
    assert len(purchase.hana.new()) == 1
    assert "was due today 14:00" in purchase.hana.last.text
    assert len(purchase.mia.new()) == 1
    assert len(rungs(world, "head_approval")) == 2
    world.settle()
    assert (purchase.hana.new(), purchase.mia.new()) == ([], [])


def test_a_reminder_of_a_question_says_it_again_and_its_buttons_work(world: World) -> None:
    asker = world.whatsapp()
    purchase = Purchase(world, asker).asked()
    asker.new()
    world.later(hours=5)
    (reminder,) = asker.new()
    assert reminder.startswith("Reminder: PA-1001 · Request waits for you, due tomorrow 10:00.\nExample Traders, ₹8,000.00\n")
    assert reminder.endswith("What is the vendor's GSTIN? You can skip this.")
    asker.taps("Skip")
    assert purchase.open == ["quotes"]


def test_a_closed_window_holds_the_message_until_they_write(world: World) -> None:
    purchase = Purchase(world).asked().skipped()
    world.later(hours=25)
    purchase.asker.sends(pdf_now())
    purchase.fay.taps("Within budget")
    hana = purchase.hana
    held = [row for row in world.outbox() if row.state == "held"]
    assert [row.contact_id for row in held] == [world.contact(hana)]
    mia = purchase.mia.says("status PA-1001")[-1]
    assert "Not delivered to Hana Head: they have not written for 24 hours; it goes out when they write" in mia
    answers = hana.says("hello")
    assert [text for text in answers if "your approval is needed" in text]
    assert [row.state for row in world.outbox() if row.contact_id == world.contact(hana)] == ["sent"]
    hana.taps("Approve")
    assert world.open() == ["po_prepare"]
    world.whole()


def pdf_now() -> bytes:
    from tests.conversations.world import pdf

    return pdf("late")


def test_a_closed_window_uses_the_approved_notice_where_there_is_one(new_world: MakeWorld) -> None:
    world = new_world(twilio_notice_content_sid=NOTICE)
    purchase = Purchase(world).asked().skipped()
    world.later(hours=25)
    purchase.asker.sends(pdf_now())
    purchase.fay.taps("Within budget")
    notice = purchase.hana.last
    assert notice.text.startswith("PA-1001 · your approval is needed · Example Traders, ₹8,000.00")
    assert notice.text.endswith("Write “mine” to answer.")
    assert notice.buttons == {}
    purchase.hana.says("mine")
    purchase.hana.taps("PA-1001")
    purchase.hana.taps("Approve")
    assert world.open() == ["po_prepare"]


def test_another_channel_is_taken_where_one_is_closed(world: World) -> None:
    world.add("Hana Head", ("whatsapp", "+919800000010"), ("telegram", "5000000055"), roles=("department_head",))
    purchase = Purchase(world).asked().skipped()
    world.later(hours=25)
    purchase.asker.sends(pdf_now())
    purchase.fay.taps("Within budget")
    telegram = world.telegrams("5000000055", "Hana Head")
    assert telegram.last.text.startswith("PA-1001 · your approval is needed")
    assert telegram.replies(telegram.last, "approve") == ["Thank you. PA-1001: you approved it."]


@pytest.mark.parametrize("word", ["STOP", "stop", "Unsubscribe", "बंद करो"])
def test_who_opts_out_hears_one_word_and_the_manager_is_warned(world: World, word: str) -> None:
    purchase = Purchase(world).up_to("head_approval")
    hana, mia = purchase.hana, purchase.mia
    mia.new()
    assert hana.says(word) == ["You will get no more messages here. Write “start” if you change your mind."]
    assert mia.new() == ["Hana Head has opted out of messages on whatsapp. Open steps that wait for them: 1."]
    assert hana.says(word) == []
    world.later(hours=3)
    assert hana.new() == []
    refused = [row for row in world.outbox() if row.state == "failed"]
    assert {row.problem for row in refused} == {"they opted out of messages"}
    assert "Not delivered to Hana Head: they opted out of messages" in mia.says("status PA-1001")[0]
    assert hana.says("start") == ["Welcome back: you will get messages here again. Write “mine” to see what waits for you."]
    assert world.open() == ["head_approval"]
    hana.says("mine")
    hana.taps("PA-1001")
    assert hana.taps("Approve") == ["Thank you. PA-1001: you approved it."]


def test_an_opt_out_that_the_provider_tells_counts(world: World) -> None:
    purchase = Purchase(world).up_to("head_approval")
    sent = purchase.hana.last
    world.post(*purchase.hana.status(sent.id, "failed", "63014"))
    world.settle()
    with world.product.database.read() as unit:
        address = unit.people.by_address("whatsapp", purchase.hana.address)
    assert address is not None
    assert address.opted_out
