"""Documents that the product makes: what is printed on them."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal

import pypdfium2
import pytest

from bot.pages import render
from flows import Line, Run
from flows.loader import load, templates
from flows.model import Flow, Generate, Wording

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)


def words_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return " ".join(document[0].get_textpage().get_text_range().split())


def flow() -> Flow:
    return load(templates()["purchase-approval"])


def a_run() -> Run:
    lines = (Line("desk lamp", Decimal(2), "pcs", Decimal(100), Decimal(18)),)
    return Run(
        "r1",
        "PA-1001",
        "purchase-approval",
        1,
        "asha",
        NOW,
        values={"vendor": "Example #Traders", "items": lines},
        numbers={"GP": "GP-1"},
    )


def test_a_record_prints_its_title_number_words_and_the_chosen_values_only() -> None:
    step = Generate(
        id="pass", title=Wording({"en": "Pass"}), template="record", output="spec", series="GP", fields=("vendor", "gstin"),
        text=Wording({"en": "Let the goods of {vendor} leave, {GP}."}),
    )  # fmt: skip
    said = words_of(render(step, flow(), a_run(), str, NOW, "Asia/Kolkata"))
    for part in (
        "Specification GP-1 02 Mar 2026",
        "Let the goods of Example #Traders leave, GP-1.",
        "Vendor Example #Traders",
        "desk lamp 2 pcs",
    ):
        assert part in said
    assert "GSTIN" not in said


def test_an_unknown_template_is_refused() -> None:
    step = Generate(id="x", title=Wording({"en": "X"}), template="../secret", output="spec")
    with pytest.raises(LookupError, match="no document template"):
        render(step, flow(), a_run(), str, NOW, "Asia/Kolkata")
