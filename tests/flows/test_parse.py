"""What people write is read as meant, or refused with a hint; what is shown can be read back."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.errors import InvalidValue
from flows.model import Choice, Field, FieldType, Wording
from flows.parse import lines as lines_module
from flows.parse import parse, show
from flows.values import Erased, Line, Money

TODAY = date(2026, 11, 18)  # a Wednesday
CHOICES = (
    Choice("normal", Wording({"en": "Normal", "hi": "सामान्य"})),
    Choice("urgent", Wording({"en": "Very urgent", "hi": "ज़रूरी"})),
)


def field(type: str, currency: str = "") -> Field:
    words = Wording({"en": type})
    return Field(type, FieldType(type), words, words, choices=CHOICES, currency=currency)


def read(type: str, text: str, currency: str = "INR", **options: str) -> object:
    return parse(field(type, currency), text, TODAY, **options)


def refused(type: str, text: str, currency: str = "INR") -> str:
    with pytest.raises(InvalidValue) as caught:
        read(type, text, currency)
    assert caught.value.problem.endswith((".", "?"))
    assert caught.value.hint
    return str(caught.value)


MONEY = {
    "5000": "5000",
    "5,000": "5000",
    "₹2,00,000.50": "200000.50",
    "Rs 500/-": "500",
    "Rs.500/-": "500",
    "Rs 500/- only": "500",
    "INR 4500": "4500",
    "4500 inr": "4500",
    "₹ 500 INR": "500",
    "50k": "50000",
    "1.5 lakh": "150000",
    "1.5 lakh rupees": "150000",
    "₹1.25Lac": "125000",
    "2 cr": "20000000",
    "1,000,000": "1000000",
    "10,00,000": "1000000",
    "५०००": "5000",
    "५ हज़ार": "5000",
    "\u200e5000\u00a0": "5000",
    "0": "0",
}


@pytest.mark.parametrize(("text", "amount"), MONEY.items(), ids=MONEY)
def test_money_is_read_as_written_in_india(text, amount):
    assert read("money", text) == Money(Decimal(amount), "INR")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-5", "negative"),
        ("₹-5", "negative"),
        ("Rs -5", "negative"),
        ("minus 5", "negative"),
        ("$500", "must be in INR"),
        ("500 USD", "must be in INR"),
        ("₹500 USD", "two currencies"),
        ("Rs 500 $", "two currencies"),
        ("5.000", "not sure"),
        ("1.234", "not sure"),
        ("5k lakh", "not sure"),
        ("1,50", "cannot read"),
        ("1,00,00", "cannot read"),
        ("5 000", "cannot read"),
        ("5000-6000", "cannot read"),
        ("500 or 600", "cannot read"),
        ("500.", "cannot read"),
        ("½", "cannot read"),
        ("about 5000", "about"),
        ("2L", "“l”"),
        ("1.23456789 lakh", "two decimals"),
        ("9" * 15, "too large"),
        ("9" * 21, "too many digits"),
        ("99999999999999999999 cr", "too large"),
        ("", "nothing"),
    ],
)
def test_money_that_is_not_sure_is_refused(text, said):
    assert said in refused("money", text)


def test_a_dollar_field_takes_dollars_and_refuses_rupees():
    assert read("money", "$1,500.25", "USD") == Money(Decimal("1500.25"), "USD")
    assert "must be in USD" in refused("money", "₹500", "USD")


DATES = {
    "2026-08-15": date(2026, 8, 15),
    "15/8/2026": date(2026, 8, 15),
    "15-8-26": date(2026, 8, 15),
    "15.08.2026": date(2026, 8, 15),
    "3/4/2027": date(2027, 4, 3),
    "15 Aug": date(2027, 8, 15),
    "18 Nov": date(2026, 11, 18),
    "15th of August, 2026": date(2026, 8, 15),
    "Aug 15 2026": date(2026, 8, 15),
    "1 sept 2020": date(2020, 9, 1),
    "15 अगस्त 2026": date(2026, 8, 15),
    "29 feb": date(2028, 2, 29),
    "today": TODAY,
    "आज": TODAY,
    "Tomorrow": date(2026, 11, 19),
    "in 3 days": date(2026, 11, 21),
    "in 2 weeks": date(2026, 12, 2),
    "Friday": date(2026, 11, 20),
    "on tue": date(2026, 11, 24),
}


@pytest.mark.parametrize(("text", "day"), DATES.items(), ids=DATES)
def test_dates_are_day_first(text, day):
    assert read("date", text) == day


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("8/15/2026", "Did you mean 15/8"),
        ("31/2/2026", "no such date"),
        ("2026-13-01", "no such date"),
        ("0/0/0", "cannot read"),
        ("next friday", "20/11/2026 or 27/11/2026"),
        ("wednesday", "18/11/2026 or 25/11/2026"),
        ("कल", "before or after today"),
        ("soon", "cannot read"),
        ("15 Xyz", "cannot read"),
        ("9999-01-01", "cannot read"),
    ],
)
def test_a_date_that_is_not_sure_is_refused(text, said):
    assert said in refused("date", text)


def test_numbers_keep_whole_apart_from_decimal():
    assert read("number", "1,250") == 1250
    assert isinstance(read("number", "1,250"), int)
    assert read("number", "-3.125") == Decimal("-3.125")
    for text in ("1,50", "1e5", "five", "9" * 30, "0." + "1" * 40):
        refused("number", text)


def test_yes_and_no_in_the_words_people_use():
    assert [read("yes_no", text) for text in ("Yes!", "haan", "हाँ", "1")] == [True] * 4
    assert [read("yes_no", text) for text in ("No.", "nahi", "नहीं", "2")] == [False] * 4
    assert "yes or no" in refused("yes_no", "maybe")


def test_a_choice_is_answered_by_key_label_in_any_language_or_number():
    assert [read("choice", text) for text in ("urgent", "very  URGENT", "ज़रूरी", "2")] == ["urgent"] * 4
    for text in ("0", "3", "-1", "normal urgent"):
        assert "1 Normal, 2 Very urgent" in refused("choice", text)
    with pytest.raises(InvalidValue, match="1 सामान्य"):
        read("choice", "?", language="hi")


def test_text_has_a_length_and_no_unseen_characters():
    assert read("text", "  two\nlines\x00\u200b ") == "two\nlines"
    assert len(read("text", "x" * 2000)) == 2000
    assert "2000" in refused("text", "x" * 2001)
    assert "nothing" in refused("text", " \u200b\n")


CHAIR = Line("office chair", Decimal(10), "pcs", Decimal("2500.00"), Decimal(18))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("10 pcs office chair @ 2500 +18%", CHAIR),
        ("10pcs office chair @Rs 2,500/- + 18% GST", CHAIR),
        ("office chair, 10 pcs, 2,500, 18%", CHAIR),
        ("10 x chair at 2500", Line("chair", Decimal(10), "pcs", Decimal("2500.00"), Decimal(0))),
        ("chair,10,2500", Line("chair", Decimal(10), "pcs", Decimal("2500.00"), Decimal(0))),
        ("10 chairs @ 2.5k", Line("chairs", Decimal(10), "pcs", Decimal("2500.00"), Decimal(0))),
        ("2.5 kg sugar @ 40 +5%", Line("sugar", Decimal("2.5"), "kg", Decimal("40.00"), Decimal(5))),
        ("2x4 wood, 10 pcs, 5", Line("2x4 wood", Decimal(10), "pcs", Decimal("5.00"), Decimal(0))),
        ("10 boxes of pens at 120", Line("pens", Decimal(10), "boxes", Decimal("120.00"), Decimal(0))),
        ("5 look at me posters @ 9", Line("look at me posters", Decimal(5), "pcs", Decimal("9.00"), Decimal(0))),
    ],
)
def test_a_line_in_each_of_its_forms(text, line):
    assert read("lines", text) == (line,)


def test_several_lines_by_row_or_semicolon():
    assert len(read("lines", "10 chairs @ 5; 2 tables @ 9\n\n3 lamps @ 7")) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10 chairs @ 5\n3 lamps", "Row 2 (“3 lamps”)"),
        ("10 chairs @ $5", "must be in INR"),
        ("10 chairs @ x", "Row 1"),
        ("0 chairs @ 5", "quantity"),
        ("chair, ten, 5", "quantity"),
        ("chair, 10 foo, 5", "“foo”"),
        ("10 chairs @ 5 +18% or 12%", "Row 1"),
        ("10 chairs @ 5 +180%", "tax"),
        ("2x4 wood @ 50", "not sure"),
        ("20 mm bolts @ 5", "not sure"),
        ("20mm bolts @ 5", "not sure"),
        (";;", "no items"),
        ("1 a @ 1;" * 51, "51 items"),
        ("1 " + "a" * 400 + " @ 5", "longer than 300"),
    ],
)
def test_a_line_that_is_not_sure_names_its_row(text, said):
    assert said in refused("lines", text)


def test_addresses_and_numbers_of_the_state():
    assert read("email", " Sales@Example.COM ") == "sales@example.com"
    assert read("phone", "98765 43210") == "+919876543210"
    assert read("phone", "(212) 555-0123", region="US") == "+12125550123"
    assert read("gstin", "27 aapfu0939f1zv") == "27AAPFU0939F1ZV"
    for type, text in [("email", "a@b"), ("email", "a b@example.com"), ("email", "x" * 250 + "@example.com")]:
        assert "e-mail" in refused(type, text)
    for text in ("123", "call 9876543210", "+999 123456789"):
        assert "phone" in refused("phone", text)


def test_one_wrong_character_of_a_gstin_is_found():
    good = "27AAPFU0939F1ZV"
    changed = [good[:n] + other + good[n + 1 :] for n in range(15) for other in "19AK" if other != good[n]]
    for number in changed:
        refused("gstin", number)


def test_values_are_shown_for_people():
    assert show(Money(Decimal(200000), "INR")) == "₹2,00,000.00"
    assert show(Money(Decimal("-1234567.5"), "INR")) == "-₹12,34,567.50"
    assert show(Money(Decimal(200000), "USD")) == "USD 200,000.00"
    assert show(date(2026, 8, 15)) == "15 Aug 2026"
    assert show(date(2026, 8, 15), language="hi") == "15 अगस्त 2026"
    assert show((CHAIR, CHAIR), field("lines", "INR")) == "\n".join(["10 pcs office chair @ ₹2,500.00 +18%"] * 2)
    assert show("urgent", field("choice"), "hi") == "ज़रूरी"
    assert [show(True), show(False, language="hi"), show(1250), show(Erased())] == ["Yes", "नहीं", "1,250", "(erased)"]


ANY_TEXT = st.one_of(
    st.text(max_size=60),
    st.text("0123456789.,-+/@%; \n₹$kclakhrsINRpcxat", max_size=60),
    st.from_regex(r"\d{1,12}[ ,./-]?\d{0,12}[ /-]?\w{0,8}", fullmatch=True),
)


@given(type=st.sampled_from(list(FieldType)), text=ANY_TEXT)
def test_whatever_is_written_is_a_value_or_an_invalid_value(type, text):
    try:
        value = read(type, text)
    except InvalidValue:
        return
    assert show(value, field(type, "INR"))


@given(type=st.sampled_from([FieldType.MONEY, FieldType.DATE, FieldType.LINES, FieldType.NUMBER]), text=ANY_TEXT)
def test_what_was_read_is_read_the_same_when_shown(type, text):
    try:
        value = read(type, text)
    except InvalidValue:
        return
    assert read(type, show(value, field(type, "INR"))) == value


@given(cents=st.integers(0, 10**15), currency=st.sampled_from(["INR", "USD", "EUR", "AED", "JPY"]))
def test_money_shown_reads_back(cents, currency):
    money = Money(Decimal(cents) / 100, currency)
    assert read("money", show(money), currency) == money


QUANTITIES = st.decimals("0.001", 10**6, places=3).map(lines_module._plain)
ITEMS = st.from_regex(r"[A-Za-zक-ह][A-Za-z0-9क-ह()/.-]{0,20}( [A-Za-z0-9()/.-]{1,10}){0,3}", fullmatch=True)
LINES = st.builds(
    Line,
    item=ITEMS.map(lambda item: " ".join(item.split())),
    quantity=QUANTITIES,
    unit=st.sampled_from(["pcs", "kg", "box", "m"]),
    rate=st.decimals(0, 10**6, places=2),
    tax=st.decimals(0, 100, places=2).map(lines_module._plain),
)


@given(st.lists(LINES, min_size=1, max_size=5).map(tuple))
def test_lines_shown_read_back(lines):
    assert read("lines", show(lines, field("lines", "INR"))) == lines
