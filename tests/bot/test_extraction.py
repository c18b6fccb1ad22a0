"""Values read out of text by rules, and the text of a PDF."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import typst

from bot import pdf_text as reader
from bot.extraction import extract
from bot.pdf_text import pdf_text
from flows.model import Field, FieldType, Wording
from flows.values import Money

TODAY = date(2026, 3, 2)
INVOICE = """
Example Traders
12 Sample Street, Pune    GSTIN: 27AAPFU0939F1ZV
TAX INVOICE
Invoice No: EX/2026/0042          Invoice Date: 28/02/2026
Due date: 30-03-2026
Order number PO-2026-0007
Paper A4         10 box   400.00    4,000.00
Subtotal                            4,000.00
IGST 18%                              720.00
Grand Total                       ₹ 4,720.00
Queries: billing@example.net
"""


def field(name: str, type: FieldType, title: str = "", **more: Any) -> Field:
    words = Wording({"en": title or name.replace("_", " ").title()})
    return Field(name, type, words, words, **more)


FIELDS = (
    field("invoice_no", FieldType.TEXT, "Invoice number"),
    field("invoice_date", FieldType.DATE),
    field("due_date", FieldType.DATE),
    field("invoice_total", FieldType.MONEY, currency="INR"),
    field("gstin", FieldType.GSTIN, "GSTIN"),
    field("po_no", FieldType.TEXT, "Order number"),
    field("mail", FieldType.EMAIL, "E-mail"),
    field("colour", FieldType.TEXT),
    field("urgent", FieldType.YES_NO),
)
READ = {
    "invoice_no": "EX/2026/0042", "invoice_date": date(2026, 2, 28), "due_date": date(2026, 3, 30), "gstin": "27AAPFU0939F1ZV",
    "invoice_total": Money(Decimal("4720.00"), "INR"), "po_no": "PO-2026-0007", "mail": "billing@example.net",
}  # fmt: skip


def test_an_invoice_is_read() -> None:
    assert extract(FIELDS, INVOICE, TODAY) == READ


def test_only_what_is_asked_is_read() -> None:
    assert extract(FIELDS[:1], INVOICE, TODAY) == {"invoice_no": "EX/2026/0042"}


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (field("gstin", FieldType.GSTIN), "GSTIN 27AAPFU0939F1ZW"),
        (field("invoice_date", FieldType.DATE), "28/02/2026 and 30/03/2026"),
        (field("total", FieldType.MONEY, currency="INR"), "Subtotal 4,000.00"),
        (field("total", FieldType.MONEY, currency="INR"), "4,720.00"),
        (field("invoice_no", FieldType.TEXT), "Invoice No: to follow"),
        (field("colour", FieldType.TEXT), "Discolouration 5%"),
        (field("count", FieldType.NUMBER), "42"),
        (field("total", FieldType.MONEY, currency="INR"), ""),
        (field("total", FieldType.MONEY, currency="INR"), "Total:"),
        (field("phone", FieldType.PHONE), "9876543210 is not said to be a phone"),
    ],
    ids=[
        "checksum",
        "two dates",
        "subtotal",
        "no label",
        "no number",
        "part of a word",
        "bare number",
        "nothing",
        "label alone",
        "bare phone",
    ],
)
def test_what_is_not_clear_is_left_to_people(one: Field, text: str) -> None:
    assert extract([one], text, TODAY) == {}


@pytest.mark.parametrize(
    ("one", "text", "value"),
    [
        (field("dated", FieldType.DATE), "Pune, 28 February 2026", date(2026, 2, 28)),
        (field("amount", FieldType.MONEY, currency="INR"), "Amount payable: Rs. 1,23,456.50", Money(Decimal("123456.50"), "INR")),
        (field("invoice_no", FieldType.TEXT), "INVOICE #\nA-77", "A-77"),
        (field("vendor", FieldType.TEXT), "Vendor: Example Traders | Pune", "Example Traders"),
        (field("boxes", FieldType.NUMBER), "Boxes 12", 12),
    ],
)
def test_other_forms(one: Field, text: str, value: object) -> None:
    assert extract([one], text, TODAY) == {one.name: value}


def made(text: str) -> bytes:
    """A PDF with this text."""
    source = "#set page(height: auto)\n```\n" + text + "\n```\n"
    return bytes(typst.compile(source.encode()))


def test_the_text_of_a_pdf_is_read_in_its_lines() -> None:
    assert extract(FIELDS, pdf_text(made(INVOICE)), TODAY) == READ


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4\n", b"\xff\xd8\xff\xe0 a photo", b"%PDF-1.7\n" + b"<" * 50_000])
def test_a_broken_file_has_no_text(content: bytes) -> None:
    assert pdf_text(content) == ""


def test_a_file_that_takes_too_long_has_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "SECONDS", 0)
    assert pdf_text(made("Invoice No: 1")) == ""
