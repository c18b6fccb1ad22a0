"""Workers in a conversation: an invoice is read, a letter is worded, checks are gone through; a person confirms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typst

from bot import suggesting
from flows.decided import ValueSet
from tests.conftest import FixedClock
from tests.conversations.phones import Phone
from tests.conversations.world import World, pdf

FLOW = """
flow: bill
prefix: BL
title: {en: Bill, hi: बिल}
summary: {en: "Bill of {vendor}", hi: "{vendor} का बिल"}
start: {phrases: [bill]}
roles:
  finance: {en: Accounts, hi: लेखा}
  manager: {en: Manager, hi: प्रबंधक}
fields:
  vendor: {type: text, title: {en: Vendor, hi: विक्रेता}, ask: {en: "Whose bill is it?", hi: बिल किसका है?}}
  invoice_no: {type: text, title: {en: Invoice number, hi: बिल संख्या}, ask: {en: "What is the invoice number?", hi: बिल संख्या क्या है?}}
  total: {type: money, currency: INR, title: {en: Total, hi: कुल}, ask: {en: "What is the total?", hi: कुल कितना है?}}
  letter: {type: text, title: {en: Letter, hi: पत्र}, ask: {en: "What shall we write?", hi: क्या लिखें?}}
documents:
  invoice: {title: {en: Invoice, hi: बिल}, minimum: "1"}
checks:
  small:
    rule: total <= 5000
    warn: {en: The total is above 5000, hi: कुल 5000 से अधिक है}
steps:
  - ask: request
    title: {en: Vendor, hi: विक्रेता}
    owner: requester
    fields: [vendor]
  - collect: papers
    title: {en: Invoice, hi: बिल}
    owner: requester
    documents: [invoice]
  - worker: read_invoice
    title: {en: Read the invoice, hi: बिल पढ़ें}
    job: extract
    owner: finance
    documents: [invoice]
    fields: [invoice_no, total]
    due: 4bh
  - worker: look
    title: {en: Check the bill, hi: बिल जाँचें}
    job: check
    owner: finance
    checks: [small]
    due: 4bh
  - worker: answer
    title: {en: Answer the vendor, hi: विक्रेता को उत्तर}
    job: draft
    owner: finance
    fields: [letter]
    text: {en: "Dear {vendor}, we shall pay bill {invoice_no} of {total}.", hi: "{vendor}, हम बिल {invoice_no} ({total}) का भुगतान करेंगे।"}
    due: 4bh
  - end: completed
    message: {en: "{letter}", hi: "{letter}"}
"""


@pytest.fixture
def office(home: Path, migrated_file: Path, clock: FixedClock) -> Iterator[World]:
    (home / "baton.db").write_bytes(migrated_file.read_bytes())
    (home / "flows").mkdir()
    (home / "flows" / "bill.yaml").write_text(FLOW, encoding="utf-8")
    world = World(home, "", clock, baton_flows=home / "flows")
    yield world
    world.close()


def invoice(*lines: str) -> bytes:
    return bytes(typst.compile(("```\n" + "\n".join(lines) + "\n```").encode()))


BILL = ("TAX INVOICE", "Invoice No: EX/42", "Grand Total   Rs. 4,720.00")


def sent(office: World, content: bytes, caption: str = "") -> Phone:
    """A bill comes in with this file; back comes who reads it."""
    asker, fay = office.whatsapp(), office.staff("Fay")
    asker.says("bill")
    asker.says("Example Traders")
    fay.new()
    asker.sends(content, caption=caption)
    return fay


def values(office: World) -> dict[str, Any]:
    return {name: str(value) for name, value in office.run("BL-1001").values.items()}


def who_said(office: World) -> dict[str, str]:
    facts = [fact for event in office.events("BL-1001") for fact in event.decided if isinstance(fact, ValueSet)]
    return {fact.name: fact.by for fact in facts}


def test_a_bill_is_read_shown_and_counts_once_confirmed(office: World) -> None:
    fay = sent(office, invoice(*BILL))
    assert fay.new() == [
        "BL-1001 · Read the invoice\nPlease check what was found.\nInvoice number: EX/42\nTotal: ₹4,720.00\n"
        "Is something wrong? Write it as “Invoice number: ...”. Nothing counts until you confirm."
    ]
    assert "total" not in values(office)
    fay.taps("Confirm")
    assert (values(office)["invoice_no"], who_said(office)["total"]) == ("EX/42", office.contact(fay))
    assert office.open("BL-1001") == ["look"]
    office.whole()


def test_a_wrong_value_is_corrected_in_words(office: World) -> None:
    fay = sent(office, invoice(*BILL))
    (again,) = fay.says("Invoice number: EX/43")
    assert "Invoice number: EX/43\nTotal: ₹4,720.00" in again
    fay.taps("Confirm")
    assert values(office)["invoice_no"] == "EX/43"


def test_a_file_without_text_is_asked_by_hand(office: World) -> None:
    fay = sent(office, pdf("no text at all"))
    texts = fay.new()
    assert "Nothing could be suggested. Please answer yourself.\nInvoice number: not found\nTotal: not found" in texts[0]
    assert texts[-1].endswith("What is the invoice number?")
    fay.says("EX/1")
    fay.says("900")
    fay.taps("Confirm")
    assert values(office)["invoice_no"] == "EX/1"


def test_what_was_written_beside_the_file_is_read_too(office: World) -> None:
    fay = sent(office, pdf("no text at all"), "Invoice No: CAP-7, total Rs. 250")
    assert "Invoice number: CAP-7\nTotal: ₹250.00" in fay.new()[0]


def test_checks_are_gone_through_and_a_draft_can_be_changed(office: World) -> None:
    fay = sent(office, invoice("Invoice No: EX/42", "Grand Total   Rs. 14,720.00"))
    fay.taps("Confirm")
    assert "BL-1001 · Check the bill\nPlease check what was found.\n⚠ The total is above 5000" in fay.last.text
    fay.taps("Confirm", "Check the bill")
    assert "Letter: Dear Example Traders, we shall pay bill EX/42 of ₹14,720.00." in fay.last.text
    fay.says("Letter: We shall pay on Friday.")
    fay.taps("Confirm", "Answer the vendor")
    assert values(office)["letter"] == "We shall pay on Friday."
    assert office.run("BL-1001").outcome == "completed"


def test_checks_that_all_hold_say_so(office: World) -> None:
    fay = sent(office, invoice(*BILL))
    fay.taps("Confirm")
    assert fay.last.text == "BL-1001 · Check the bill\nAll checks hold."


def test_work_that_fails_again_and_again_is_asked_by_hand(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> dict[str, Any]:
        raise RuntimeError("planted")

    monkeypatch.setattr(suggesting, "extract", broken)
    fay = sent(office, invoice(*BILL))
    assert fay.new() == []
    for _ in range(6):
        office.later(minutes=5)
    texts = fay.new()
    assert "The work could not be done. Please answer yourself." in texts[0]
    fay.says("EX/1")
    fay.says("900")
    monkeypatch.undo()
    fay.taps("Confirm")
    assert office.open("BL-1001") == ["look"]
