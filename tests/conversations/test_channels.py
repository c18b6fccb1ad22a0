"""The same conversation on each channel, and what a mail may not do."""

from __future__ import annotations

import pytest

from flows.decided import Voted
from tests.conversations.phones import Phone
from tests.conversations.purchase import Purchase
from tests.conversations.world import World, pdf


def phone(world: World, channel: str, number: int, name: str) -> Phone:
    return {
        "whatsapp": lambda: world.whatsapp(f"+9198000001{number:02}", name),
        "telegram": lambda: world.telegrams(f"50000001{number:02}", name),
        "email": lambda: world.mails(f"person{number}@example.org", name),
    }[channel]()


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "email"])
def test_a_requester_on_each_channel(world: World, channel: str) -> None:
    asker = phone(world, channel, 1, "Rita Requester")
    purchase = Purchase(world, asker).asked()
    asked = asker.last
    assert "What is the vendor's GSTIN? You can skip this." in asked.text
    if channel == "email":
        assert "Please reply to this mail with one of these words, or its number:\n\n1. Skip" in asked.text
        asker.replies(asked, "1")
    else:
        asker.taps("Skip")
    assert asker.last.text.endswith("A photo or a PDF is enough.")
    assert asker.sends(pdf()) == ["Thank you. PA-1001 goes on.\nNext: Budget check, with Fay Finance, by today 14:00."]
    run = world.run()
    assert run.requester == world.contact(asker)
    assert (run.values["vendor"], run.values["reason"], len(run.files)) == ("Example Traders", "The old one broke down", 1)
    assert run.steps["request"].skipped == ("gstin",)
    purchase.budgeted().approved()
    assert asker.last.text.startswith("Good news: PA-1001 was approved.")
    assert {row.address_id for row in world.outbox() if row.contact_id == run.requester} == {_address(world, asker)}
    world.whole()


def _address(world: World, person: Phone) -> str:
    with world.product.database.read() as unit:
        address = unit.people.by_address(person.channel, person.address)
    assert address is not None
    return address.id


@pytest.mark.parametrize("channel", ["whatsapp", "telegram"])
@pytest.mark.parametrize("how", ["tap", "quote", "word", "number"])
def test_an_approver_on_each_chat_may_tap_quote_or_write(world: World, channel: str, how: str) -> None:
    head = phone(world, channel, 2, "Hugo Head")
    world.add("Hana Head", ("whatsapp", "+919800000010"), roles=())
    world.add(head.name, (channel, head.address), roles=("department_head",))
    head.says("hello")
    Purchase(world).up_to("head_approval")
    {
        "tap": lambda: head.taps("Approve"),
        "quote": lambda: head.replies(head.last, "approve"),
        "word": lambda: head.says("Approve!"),
        "number": lambda: head.says("1"),
    }[how]()
    assert head.last.text == "Thank you. PA-1001: you approved it."
    assert world.open() == ["po_prepare"]
    assert [vote.by for vote in world.run().steps["head_approval"].votes] == [world.contact(head)]


@pytest.mark.parametrize("words", ["Approve", "1", "Yes, approved", "approve PA-1001", "मंज़ूर"])
@pytest.mark.parametrize("quoting", [True, False])
def test_a_mail_never_approves(world: World, words: str, quoting: bool) -> None:
    head = world.mails("hugo@example.com", "Hugo Head")
    world.add("Hana Head", ("whatsapp", "+919800000010"), roles=())
    world.add(head.name, ("email", head.address), roles=("department_head",))
    Purchase(world).up_to("head_approval")
    asked = head.last
    assert asked.text.endswith(
        "A mail cannot decide this, because it does not prove who you are. Please write “mine” to us in the chat."
    )
    assert "1. Approve" not in asked.text
    before = world.run()
    answer = head.replies(asked, words) if quoting else head.says(words)
    assert len(answer) == 1
    assert "write “mine” to us in the chat" in answer[0]
    assert world.run() == before
    assert not [fact for event in world.events() for fact in event.decided if isinstance(fact, Voted) and "head" in fact.path]


def test_a_mail_report_needs_the_reply_to_our_own_mail(world: World) -> None:
    """A From line is free text: only the reply, which carries our tag, reports an outcome."""
    purchase = Purchase(world).up_to("vendor_ack")
    before = world.run()
    assert "reply" in purchase.vendor.says("Acknowledged")[0]
    assert world.run() == before
    assert purchase.vendor.replies(purchase.vendor.last, "acknowledged") == ["Thank you. PA-1001: you said “Acknowledged”."]
    assert world.open() == ["goods_receipt"]


def test_automatic_mail_is_recorded_and_never_answered(world: World) -> None:
    purchase = Purchase(world).up_to("vendor_ack")
    before, count = world.run(), world.inbox_count()
    assert purchase.vendor.replies(purchase.vendor.last, "Acknowledged", Auto_Submitted="auto-replied") == []
    assert (world.run(), world.inbox_count()) == (before, count + 1)


def test_a_machine_that_answers_every_mail_is_answered_three_times_at_most(world: World) -> None:
    robot = phone(world, "email", 77, "Robot")
    answered = [reply for number in range(8) for reply in robot.says(f"Ticket {number} was opened for your message")]
    assert 1 <= len(answered) <= 3
    assert robot.says("menu"), "one that makes sense is answered again"
