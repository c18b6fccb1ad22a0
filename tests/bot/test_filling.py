"""Which item a file fills: captions in any language, misspelt, in any order; file names; what is still short."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.filling import filling, holder, named
from flows import Flow
from flows.model import Collect, DocumentItem, Wording
from flows.run import Verdict
from tests.flows import build as b
from tests.flows import papers as p

ITEMS = {
    "gstin": DocumentItem("gstin", Wording({"en": "GST certificate", "hi": "जीएसटी प्रमाणपत्र"}), p.ONE),
    "birth": DocumentItem("birth", Wording({"en": "Birth certificate", "hi": "जन्म प्रमाणपत्र"}), p.ONE),
    "quotes": DocumentItem("quotes", Wording({"en": "Quotes", "hi": "कोटेशन"}), b.rule("2", lambda names: 2)),
    "photo": DocumentItem("photo", Wording({"en": "Site picture", "hi": "फ़ोटो"}), p.ONE, types=("image/jpeg",)),
}
PDF, JPEG = "application/pdf", "image/jpeg"


def flow() -> Flow:
    made = b.flow(b.collect(*ITEMS), b.approve("head"), b.end())
    return replace(made, documents={**made.documents, **ITEMS})


def step(of: Flow) -> Collect:
    found = of.step("papers")
    assert isinstance(found, Collect)
    return found


@pytest.mark.parametrize(
    ("caption", "item"),
    [
        ("Birth certificate", "birth"),
        ("birth cert of Anu", "birth"),
        ("जन्म प्रमाणपत्र", "birth"),
        ("GST.", "gstin"),
        ("gst certifcate 2026", "gstin"),
        ("quote 2", "quotes"),
        ("our quotation", "quotes"),
        ("कोटेशन भेज रहा हूँ", "quotes"),
        ("certificate", ""),
        ("here it is", ""),
        ("", ""),
        ("birth and GST certificate", ""),
    ],
)
def test_a_caption_names_an_item_roughly_or_not_at_all(caption: str, item: str) -> None:
    assert named(flow(), ITEMS, caption) == item


def test_the_caption_comes_first_then_the_file_name_then_what_is_short_for_its_type() -> None:
    made = flow()
    play = p.Papers(made)
    play.begin()

    def item(kind: str, caption: str, name: str) -> str:
        return filling(made, play.now, step(made), kind, caption, name).item

    assert item(PDF, "quote", "gst_certificate.pdf") == "quotes"
    assert item(PDF, "", "GST_reg-2026.pdf") == "gstin"
    assert item(PDF, "", "IMG_2026.pdf") == "gstin"
    assert item(JPEG, "", "") == "gstin"
    play.file("gstin", "g").file("birth", "b")
    assert item(PDF, "", "scan.pdf") == "quotes"
    play.file("quotes", "q1").file("quotes", "q2")
    assert item(PDF, "", "") == "gstin", "with nothing short the first of its type"
    assert item(JPEG, "", "") == "photo"
    assert filling(made, play.now, step(made), PDF, "photo of the site picture", "").named


def test_a_replaced_file_is_no_hindrance() -> None:
    play = p.Papers(flow())
    play.begin().file("gstin", "g")
    assert holder(play.now, "sha-g") is not None
    aside = replace(play.now, files=(replace(play.now.files[0], verdict=Verdict.ASIDE),))
    assert holder(aside, "sha-g") is None


CAPTIONS = {
    "gstin": ("GST", "gst certificate", "जीएसटी"),
    "birth": ("birth", "Birth certificate!", "जन्म"),
    "quotes": ("quote", "Quotes", "quotation", "कोटेशन"),
    "photo": ("site", "फ़ोटो", "pictures of the site"),
}
SENT = st.permutations(["gstin", "birth", "quotes", "quotes", "photo"])


@settings(max_examples=60, deadline=None)
@given(SENT, st.data())
def test_any_order_and_any_caption_end_with_the_same_checklist(order: list[str], data: st.DataObject) -> None:
    made = flow()
    play = p.Papers(made)
    play.begin()
    for number, item in enumerate(order):
        caption = data.draw(st.sampled_from(CAPTIONS[item]))
        kind = JPEG if item == "photo" else PDF
        play.file(filling(made, play.now, step(made), kind, caption, "").item, f"d{number}")
    assert Counter(filed.item for filed in play.now.files) == Counter(order)
    assert [state.path for state in play.now.open_steps()] == ["approval"]


@settings(max_examples=60, deadline=None)
@given(st.permutations([PDF] * 4 + [JPEG]))
def test_files_without_a_word_fill_all_there_is(order: list[str]) -> None:
    """Whatever comes first, nothing is given twice while something else is short: only a photo that came too early is asked again."""
    made = flow()
    play = p.Papers(made)
    play.begin()
    for number, kind in enumerate(order):
        short = play.now.steps["papers"].closed_at is None
        if short:
            play.file(filling(made, play.now, step(made), kind, "", "").item, f"d{number}")
    counts = Counter(filed.item for filed in play.now.files)
    wanted = {"gstin": 1, "birth": 1, "quotes": 2, "photo": 1}
    assert all(counts[item] <= wanted[item] or item == "gstin" for item in wanted)
