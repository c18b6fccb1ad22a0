"""T1 from the first word to the last, over three channels at once."""

from __future__ import annotations

import pypdfium2
import pytest

from flows import Status
from flows.decided import Voted
from flows.run import StepStatus
from tests.conversations.purchase import VENDOR, Purchase
from tests.conversations.world import World, pdf


def test_started_on_whatsapp_approved_on_telegram_and_finished_by_mail(either_world: World) -> None:
    world = either_world
    asha, fay, hana = world.whatsapp(), world.staff("Fay"), world.staff("Hana")
    pia, sam, vendor = world.staff("Pia"), world.staff("Sam"), world.mails(VENDOR, "Vera Vendor")

    assert asha.says("hello") == ["What would you like to do? Tap, or write the word.\n· Purchase approval: “purchase”"]
    receipt = asha.taps("Purchase approval")[0]
    assert receipt.startswith("PA-1001 · Purchase approval\nThank you, your request is recorded.")
    asked = [asha.says(word)[0] for word in ("10 pcs office chair @ 2500 +18%", "Example Traders", VENDOR)]
    assert [text.partition("\n")[0] for text in asked] == [f"PA-1001 · question {n} of 8" for n in (2, 3, 4)]
    asha.taps("Skip")
    for word in ("Office", "in 2 weeks"):
        asha.says(word)
    asha.taps("Urgent")
    assert asha.says("Chairs for new colleagues") == ["PA-1001 · documents\nPlease send: Quotes. A photo or a PDF is enough."]
    assert asha.sends(pdf()) == ["Thank you. PA-1001 goes on.\nNext: Budget check, with Fay Finance, by today 14:00."]

    assert fay.taps("Within budget") == ["Thank you. PA-1001: you said “Within budget”."]
    assert hana.taps("Approve") == ["Thank you. PA-1001: you approved it."]
    assert "PA-1001 · your approval is needed" in fay.last.text
    fay.taps("Approve")
    assert asha.last.text == "Good news: PA-1001 was approved.\nNext: Prepare the order, with Pia Purchase, by today 14:00."

    assert pia.last.text.endswith("PA-1001 · question 1 of 2\nWhat is the total of the order, with tax?")
    for word in ("30,000", "in 10 days"):
        pia.says(word)
    pia.taps("Ready")
    pia.taps("Send to vendor")

    order = vendor.bubbles()[0]
    assert order.text == "PA-1001\nPlease find attached our purchase order PO-2026-0001 for ₹30,000.00, delivery by 12 Mar 2026."
    name, kind, content = order.files[0]
    assert (name, kind) == ("PO-2026-0001.pdf", "application/pdf")
    printed = pypdfium2.PdfDocument(content)[0].get_textpage().get_text_bounded()
    assert "PO-2026-0001" in printed
    assert "office chair" in printed
    assert vendor.replies(vendor.last, "Acknowledged.") == ["Thank you. PA-1001: you said “Acknowledged”."]
    assert sam.replies(sam.last, "1") == ["Thank you. PA-1001: you said “All received”."]
    fay.taps("Matched")

    assert asha.last.text == "PA-1001\nYour purchase from Example Traders is complete: order PO-2026-0001, ₹30,000.00."
    run = world.run()
    assert (run.status, run.outcome, run.numbers) == (Status.ENDED, "completed", {"PO": "PO-2026-0001"})
    assert [name for name in ("Hana", "Fay") if world.contact(world.staff(name)) in _voters(world)] == ["Hana", "Fay"]
    assert world.timers() == []
    assert {row.state for row in world.outbox()} == {"sent"}
    world.whole()


def _voters(world: World) -> list[str]:
    return [fact.by for event in world.events() for fact in event.decided if isinstance(fact, Voted) and fact.choice == "approve"]


@pytest.mark.parametrize(
    ("rate", "quotes", "path", "deciders"),
    [
        ("10000", 1, "head_approval", ["Hana"]),
        ("100000", 1, "finance_approval", ["Hana", "Fay"]),
        ("500000", 3, "director_approval", ["Hana", "Fay", "Dora"]),
        ("500001", 3, "committee_approval", ["Dora", "Fay"]),
    ],
)
def test_each_amount_has_its_approvers(world: World, rate: str, quotes: int, path: str, deciders: list[str]) -> None:
    purchase = Purchase(world, rate=rate).asked().skipped()
    for n in range(quotes):
        assert purchase.open == ["quotes"]
        (answer,) = purchase.asker.sends(pdf(str(n)))
        missing = quotes - n - 1
        if missing:
            assert answer.endswith("A photo or a PDF is enough.")
            assert (f"({missing} more)" in answer) is (missing > 1)
    purchase.budgeted()
    for name in deciders:
        assert purchase.open == [path]
        purchase.approved(world.staff(name))
    assert purchase.open == ["po_prepare"]
    people = [world.contact(world.staff(name)) for name in deciders]
    assert _voters(world) == people
    if path == "committee_approval":
        assert "PA-1001: Fay Finance approved it. Nothing more to do." in world.staff("Hana").last.text
        assert "already approved by Fay Finance" in world.staff("Hana").taps("Approve")[0]
    world.whole()


@pytest.mark.parametrize(("total", "again"), [("8400", False), ("8400.01", True)])
def test_an_order_more_than_five_percent_above_is_approved_again(world: World, total: str, again: bool) -> None:
    purchase = Purchase(world).up_to("po_prepare").prepared(total)
    if again:
        assert purchase.open == ["po_approval"]
        assert "Order total: ₹8,400.01" in purchase.hana.last.text
        purchase.approved(purchase.hana, purchase.fay, purchase.dora)
    assert purchase.open == ["po_review"]
    world.whole()


def test_send_back_keeps_the_values_and_asks_every_approval_again(world: World) -> None:
    purchase = Purchase(world).up_to("head_approval")
    asker, fay, hana = purchase.asker, purchase.fay, purchase.hana
    before = dict(world.run().values)
    assert hana.taps("Send back") == ["PA-1001: please write the reason in your next message. Nothing is decided until then."]
    assert world.open() == ["head_approval"]
    assert hana.says("Which desk is it for?") == ["Thank you. PA-1001: you sent it back for changes."]
    assert asker.last.text == (
        "PA-1001 came back for changes from Hana Head.\nWhat they said: Which desk is it for?\n"
        "Send the corrections one a line, such as “Vendor: Sample Traders”, then tap Submit."
    )
    assert world.run().values == before
    assert asker.says("Reason: The cupboard of the front desk broke") == [
        "PA-1001 is changed. It now says:\nReason: The cupboard of the front desk broke\nSend more corrections, or tap Submit."
    ]
    asker.taps("Submit")
    assert world.open() == ["budget"]
    assert "already sent back" not in fay.taps("Within budget")[0]
    assert world.open() == ["head_approval"]
    assert world.run().steps["head_approval"].attempt == 2
    old = hana.bubbles()[1]
    world.post(*hana.presses(old, "Approve", old.buttons["Approve"]))
    world.settle()
    assert world.open() == ["head_approval"], "a button of the first attempt decides nothing"
    assert "already sent back for changes by you" in hana.last.text
    purchase.approved()
    assert world.open() == ["po_prepare"]
    assert asker.taps("Submit") == ["PA-1001: already answered by you, today 10:00. Nothing changed."]
    world.whole()


def test_a_file_may_be_added_while_a_request_is_being_corrected(world: World) -> None:
    purchase = Purchase(world).up_to("head_approval")
    purchase.hana.taps("Send back")
    purchase.hana.says("Please add another quote")
    before = len(world.run().files)
    assert purchase.asker.sends(pdf("another")) == ["PA-1001: added to the documents, thank you."]
    assert len(world.run().files) == before + 1
    assert world.open() == ["request"], "nothing is submitted by a file"
    purchase.asker.taps("Submit")
    assert world.open() == ["budget"]
    world.whole()


def test_reject_needs_a_reason_and_ends_it(world: World) -> None:
    purchase = Purchase(world).up_to("head_approval")
    purchase.hana.taps("Reject")
    assert world.run().status is Status.OPEN
    assert purchase.hana.taps("Go back")[0].startswith("PA-1001 · your approval is needed")
    purchase.hana.taps("Reject")
    assert purchase.hana.says("Too dear") == ["Thank you. PA-1001: you rejected it."]
    assert purchase.asker.last.text == "PA-1001 was rejected by Hana Head.\nReason: Too dear"
    run = world.run()
    assert (run.status, run.outcome, run.steps["head_approval"].status) == (Status.ENDED, "rejected", StepStatus.DONE)
    assert world.timers() == []
    assert purchase.hana.taps("Approve") == ["PA-1001: already rejected by you, today 10:00. Nothing changed."]
    world.whole()


def test_a_change_of_mind_is_no_reason(world: World) -> None:
    """Whoever tapped Reject and then writes Approve has not given the reason “Approve”."""
    hana = Purchase(world).up_to("head_approval").hana
    hana.taps("Reject")
    assert hana.says("Approve") == ["Thank you. PA-1001: you approved it."]
    assert world.open() == ["po_prepare"]


def test_a_split_order_is_pointed_out(world: World) -> None:
    Purchase(world).asked().skipped().quoted().budgeted()
    second = Purchase(world, reference="PA-1002").asked(vendor="EXAMPLE traders").skipped().quoted().budgeted()
    assert "⚠ Another request for this vendor was made in the last 7 days." in second.hana.last.text
    other = "⚠"
    assert other not in second.hana.bubbles()[1].text


def test_a_request_that_says_little_is_looked_at_first(world: World) -> None:
    purchase = Purchase(world).asked(reason="Need it").skipped().quoted()
    assert purchase.open == ["complete_request"]
    purchase.pia.taps("Send back")
    purchase.pia.says("Please say what for")
    assert "What they said: Please say what for" in purchase.asker.last.text
    assert purchase.open == ["request"]


def test_a_vendor_may_decline_by_mail_with_a_reason(world: World) -> None:
    purchase = Purchase(world).up_to("vendor_ack")
    vendor = purchase.vendor
    (asked,) = vendor.replies(vendor.last, "Cannot supply")
    assert "please write the reason" in asked
    assert purchase.open == ["vendor_ack"]
    assert vendor.replies(vendor.last, "Out of stock until May") == ["Thank you. PA-1001: you said “Cannot supply”."]
    assert purchase.open == ["po_prepare"]
    assert "It came back from Example Traders: Out of stock until May" in purchase.pia.last.text


def test_a_person_of_two_stages_decides_each_once(world: World) -> None:
    """Fay holds finance; as department head too, she is asked for both stages, and her first button decides only the first."""
    world.add("Fay Finance", ("telegram", "5000000011"), roles=("finance", "department_head"))
    world.add("Hana Head", ("whatsapp", "+919800000010"), roles=())
    purchase = Purchase(world, rate="50000").asked().skipped().quoted().budgeted()
    fay = purchase.fay
    fay.taps("Approve")
    assert purchase.open == ["finance_approval"]
    first = next(bubble for bubble in fay.bubbles() if "Approve" in bubble.buttons)
    world.post(*fay.presses(first, "Approve", first.buttons["Approve"]))
    world.settle()
    assert "already recorded" in fay.last.text
    assert purchase.open == ["finance_approval"]
    fay.taps("Approve")
    assert purchase.open == ["po_prepare"]
