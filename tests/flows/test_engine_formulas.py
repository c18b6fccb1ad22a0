"""What is worked out: exactly, again after every change, one from another; and nothing rather than something wrong."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import StepStatus, formulas
from flows.events import Give
from flows.formulas import behind, parts, work_out
from flows.model import Field, FieldType
from flows.values import Erased, Money
from tests.flows import build as b
from tests.flows import play as w

MONEY, NUMBER = FieldType.MONEY, FieldType.NUMBER


def computed(name: str, formula: str, type: FieldType = MONEY, currency: str = "INR") -> Field:
    return b.field_of(name, type, currency=currency if type is MONEY else "", formula=formula)


FIELDS = {
    field.name: field
    for field in (
        computed("payable", "difference(gross, deposit)"),  # written before what it reads
        b.field_of("items", FieldType.LINES, currency="INR"),
        b.field_of("freight", MONEY, currency="INR"),
        b.field_of("rate", NUMBER),
        b.field_of("deposit", MONEY, currency="INR"),
        computed("goods", "total(items)"),
        computed("fee", "percent(rate, goods)"),
        computed("gross", "sum(goods, freight, fee)"),
    )
}


def rupees(amount: str) -> Money:
    return Money(Decimal(amount), "INR")


def flow() -> Any:
    return b.flow(b.ask("items", "freight", "rate", "deposit"), b.do(), b.end(), fields=FIELDS)


def test_formulas_use_formulas_and_are_worked_out_as_soon_as_they_can_be() -> None:
    play = w.Play(flow()).begin().give(items=b.lines("100.10"))
    assert set(play.now.values) == {"items", "goods"}
    play.give(freight=rupees("20")).give(rate=Decimal("2.5")).give(deposit=rupees("50"))
    assert play.now.values["fee"] == rupees("2.50"), "2.5025, rounded half up"
    assert (play.now.values["gross"], play.now.values["payable"]) == (rupees("122.60"), rupees("72.60"))


def test_a_change_is_worked_out_through_all_that_reads_it_each_once() -> None:
    more = b.flow(b.ask("items", "freight", "rate", "deposit"), b.approve("head", send_back_to="request"), b.end(), fields=FIELDS)
    play = w.Play(more).begin(items=b.lines("100"), freight=rupees("20"), rate=10, deposit=rupees("0"))
    assert play.now.values["payable"] == rupees("130.00")
    play.decide("hana", "send_back", reason="dear").give(items=b.lines("50"))
    assert play.now.values["payable"] == rupees("75.00")
    assert [fact.name for fact in play.decided] == ["items", "goods", "fee", "gross", "payable"]


def test_what_can_no_longer_be_worked_out_has_no_value_and_stops_the_rule_that_reads_it() -> None:
    big = b.rule("gross > 100", lambda n: n["gross"] > 100)
    fields = FIELDS | {"freight": b.field_of("freight", MONEY, required=False)}
    ways = b.branch(b.case("big", big, b.do(id="much")), b.case("small", None))
    asked = ("items", "freight", "rate")
    play = w.Play(b.flow(b.ask(*asked), ways, b.end(), fields=fields)).begin(items=b.lines("100"), rate=1).skip("freight")
    assert play.now.steps["size"].status is StepStatus.BLOCKED
    other = w.Play(b.flow(b.ask(*asked), ways, b.end(), fields=fields)).begin(items=b.lines("100"), rate=1)
    other.give(freight=Money(Decimal(5), "USD"))
    assert "gross" not in other.now.values, "two currencies have no sum"
    assert other.now.steps["size"].status is StepStatus.BLOCKED


def test_nobody_is_asked_for_what_is_worked_out() -> None:
    play = w.Play(flow()).begin()
    w.refused("invalid", lambda: play.event(Give(**play.here("rita", "request"), values={"gross": rupees("1")})), field="gross")


@pytest.mark.parametrize(
    ("formula", "type", "values", "result"),
    [
        ("sum(a, b)", NUMBER, {"a": 1, "b": Decimal("0.1")}, Decimal("1.1")),
        ("sum(a, b, a)", MONEY, {"a": rupees("1.005"), "b": rupees("1")}, rupees("3.01")),
        ("difference(a, b)", MONEY, {"a": rupees("1"), "b": rupees("2.50")}, rupees("-1.50")),
        ("percent(18, a)", MONEY, {"a": rupees("100.03")}, rupees("18.01")),
        ("percent(a, b)", NUMBER, {"a": Decimal("33.3"), "b": 7}, Decimal("2.331")),
        ("percent(0.005, a)", MONEY, {"a": rupees("100")}, rupees("0.01")),
        ("sum(a, b)", MONEY, {"a": 1, "b": 2}, rupees("3.00")),
        ("sum(a, b)", MONEY, {"a": rupees("1"), "b": 2}, None),
        ("sum(a, b)", MONEY, {"a": rupees("1"), "b": Money(Decimal(1), "USD")}, None),
        ("sum(a, b)", MONEY, {"a": Money(Decimal(1), "USD"), "b": Money(Decimal(1), "USD")}, None),
        ("percent(a, b)", MONEY, {"a": rupees("1"), "b": rupees("2")}, None),
        ("difference(a, b)", NUMBER, {"a": 1}, None),
        ("difference(a, b)", NUMBER, {"a": 1, "b": True}, None),
        ("difference(a, b)", NUMBER, {"a": 1, "b": "two"}, None),
        ("difference(a, b)", NUMBER, {"a": 1, "b": Erased()}, None),
        ("sum(a, b)", NUMBER, {"a": Decimal("1e70"), "b": 1}, None),
        ("total(a)", MONEY, {"a": 5}, None),
    ],
)
def test_what_comes_out(formula: str, type: FieldType, values: dict[str, Any], result: Any) -> None:
    assert work_out(computed("c", formula, type), values) == result


amounts = st.decimals(min_value=-(10**13), max_value=10**13, places=2)


@given(st.lists(amounts, min_size=2, max_size=20), st.decimals(min_value=0, max_value=100, places=3))
def test_sums_and_shares_are_exact(given: list[Decimal], rate: Decimal) -> None:
    values = {f"f{n}": Money(amount, "INR") for n, amount in enumerate(given)} | {"rate": rate}
    total = work_out(computed("c", f"sum({', '.join(f'f{n}' for n in range(len(given)))})"), values)
    assert isinstance(total, Money)
    assert Fraction(total.amount) == sum(Fraction(amount) for amount in given)
    share = work_out(computed("c", "percent(rate, f0)"), values)
    assert isinstance(share, Money)
    exact = Fraction(given[0]) * Fraction(rate) / 100
    assert abs(Fraction(share.amount) - exact) <= Fraction(1, 200)
    assert share.amount.as_tuple().exponent == -2


def test_a_circle_of_formulas_ends() -> None:
    fields = {name: computed(name, f"sum({other}, x)", NUMBER) for name, other in (("a", "b"), ("b", "a"))}
    assert {field.name for field in behind(fields, "x")} == {"a", "b"}


@pytest.mark.parametrize(
    "text", ["", "sum(a)", "total(a, b)", "sum(a, )", "a + b", "sum(a, total(b))", "average(a, b)", "percent(1)"]
)
def test_what_is_no_formula(text: str) -> None:
    with pytest.raises(ValueError, match=r"formula|takes"):
        parts(text)


def test_planted_computed_before_what_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    def by_file(fields: dict[str, Field], changed: str) -> list[Field]:
        return [field for field in fields.values() if field.formula]

    monkeypatch.setattr("flows.engine.fields.behind", by_file)
    with pytest.raises(AssertionError):
        test_a_change_is_worked_out_through_all_that_reads_it_each_once()


def test_planted_rounded_to_even(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formulas, "_ROUNDED", Context(prec=60))
    with pytest.raises(AssertionError):
        test_what_comes_out("percent(0.005, a)", MONEY, {"a": rupees("100")}, rupees("0.01"))
