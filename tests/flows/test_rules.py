"""CEL rules: exact on amounts, closed on what is missing, and clear about what is wrong."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.errors import RuleError
from flows.rules import RuleSyntaxError, compile_rule, guarded_in, names_in
from flows.values import Erased, Line, Money

LINES = (Line("chair", Decimal(10), "pcs", Decimal(2500), Decimal(18)), Line("lamp", Decimal(1), "pcs", Decimal(9), Decimal(5)))
NAMES = {
    "amount": Money(Decimal("10000.00"), "INR"),
    "plain": Decimal("10000"),
    "days": 3,
    "items": LINES,
    "need_by": date(2026, 8, 15),
    "urgent": True,
    "urgency": "high",
    "reason": "chairs for the new desk",
    "documents": {"quotes": 2, "spec": 0},
    "gone": Erased(),
    "nothing": None,
}


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("amount <= 10000", True),
        ("plain < 10000", False),
        ("amount > 10000 ? 3 : 1", 1),
        ('urgent && urgency == "high"', True),
        ('urgency in ["low", "normal"]', False),
        ('need_by < date("2026-08-16")', True),
        ('need_by >= date("2026-08-16")', False),
        ("documents.quotes >= 2 && documents.spec == 0", True),
        ("size(items) == 2", True),
        ("items.exists(line, line.tax > 12)", True),
        ("items.all(line, line.quantity * line.rate < 10.0)", False),
        ("size(reason) >= 10", True),
        ("days * 2.0 == 6", True),
        ('given("amount") && !given("gone") && !given("elsewhere")', True),
        ('given("elsewhere") && elsewhere > 5', False),
        ("percent(105, amount) == 10500", True),
    ],
)
def test_rules_read_run_values(source, result):
    assert compile_rule(source).evaluate(NAMES) is result or compile_rule(source).evaluate(NAMES) == result
    assert type(compile_rule(source).evaluate(NAMES)) is type(result)


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("elsewhere > 5", "elsewhere is missing"),
        ("gone == 'x'", "gone is missing"),
        ("nothing > 5", "nothing is missing"),
        ("urgent || elsewhere > 5", "elsewhere is missing"),
        ("amount <= 1 && elsewhere && other", "elsewhere, other is missing"),
        ("amount > 'x'", "amount"),
        ("urgency > 5", "urgency"),
        ("amount * 2 > 5", "amount"),
        ("documents.other > 5", "documents"),
        ("items[7].rate > 5.0", "items"),
        ("no_function(amount)", "no_function"),
        ('need_by > date("2026-13-99")', "need_by"),
        ("percent('x', amount) > 5", "amount"),
        ("1 / 0 > 5", "1 / 0"),
        ("reason.matches('(a')", "reason"),
    ],
)
def test_what_cannot_be_worked_out_is_a_rule_error_that_names_it(source, named):
    with pytest.raises(RuleError, match=named.replace("(", r"\(")):
        compile_rule(source).evaluate(NAMES)


def test_a_rule_error_never_tells_a_value():
    with pytest.raises(RuleError) as caught:
        compile_rule("amount > reason").evaluate({"amount": Decimal(1), "reason": "a private matter"})
    assert "private" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("a > ", 1, 5),
        ("a > ) b", 1, 5),
        ("a &&\n b +* c", 2, 5),
        ("", 1, 1),
        ("a = 5", 1, 3),
        ("x" * 501, 1, 501),
        ("'abc", 1, 1),
    ],
)
def test_a_syntax_error_has_its_place(source, line, column):
    with pytest.raises(RuleSyntaxError) as caught:
        compile_rule(source)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_names_leave_out_the_variables_of_macros():
    assert names_in("items.all(line, line.rate > limit) && a.b") == {"items", "limit", "a"}
    assert guarded_in("given(\"gstin\") || given( 'spec' )") == {"gstin", "spec"}


@given(cents=st.integers(1, 10**12))
def test_a_limit_met_to_the_cent_is_not_exceeded(cents):
    amount = Decimal(cents * 20) / 100  # so that 105% is whole cents
    rule = compile_rule("po_total > percent(105, amount)")
    limit = Money(amount * 105 / 100, "INR")
    assert rule.evaluate({"po_total": limit, "amount": Money(amount, "INR")}) is False
    above = Money(limit.amount + Decimal("0.01"), "INR")
    assert rule.evaluate({"po_total": above, "amount": Money(amount, "INR")}) is True


def test_plain_multiplication_would_exceed_a_limit_that_is_met():
    """Why `percent` exists: the same question in binary fractions."""
    amounts = [Decimal(n * 20) / 100 for n in range(1, 500)]
    plain = compile_rule("po_total > amount * 1.05")
    assert any(plain.evaluate({"po_total": amount * 105 / 100, "amount": amount}) for amount in amounts)


@given(st.text("ab1.()[]{}'\"?:&|=<>!+-*/ ,\n\\r", max_size=30))
def test_any_text_is_a_rule_or_a_syntax_error(text):
    try:
        rule = compile_rule(text)
    except RuleSyntaxError:
        return
    with suppress(RuleError):
        rule.evaluate({"a": Decimal(1), "b": "x"})


STEPS = {"outcomes": {"weighing": "short"}, "attempts": {"weighing": 3, "sample": 1}, "children": {"offers": 2}}


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ('outcomes.weighing == "short"', True),
        ('outcomes.weighing in ["short", "long"] && attempts.weighing >= 3', True),
        ("children.offers > 2", False),
        ("attempts.weighing > attempts.sample * 2.0", True),
        ('given("outcomes.receipt") && outcomes.receipt == "good"', False),
        ("given('outcomes.weighing')", True),
        ('!given("children.lines") || children.lines == 0', True),
        ('urgency == "outcomes.nowhere"', False),
    ],
)
def test_rules_read_how_steps_came_out(source, result):
    assert compile_rule(source).evaluate(STEPS | {"urgency": "high"}) is result


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ('outcomes.receipt == "good"', "outcomes.receipt"),
        ('outcomes.receipt == "good" || true', "outcomes.receipt"),
        ("attempts.receipt > 1 && false", "attempts.receipt"),
        ("children.lines == 0", "children.lines"),
        ('given("outcomes.receipt") || attempts.receipt == 1', "attempts.receipt"),
        ('given("outcomes.weighing") && outcomes.weigh == "x"', "outcomes.weigh"),
    ],
)
@pytest.mark.parametrize("names", [STEPS, {}], ids=["steps", "none"])
def test_what_is_not_known_of_a_step_is_missing_and_named(source, missing, names):
    with pytest.raises(RuleError, match=rf"\b{missing} is missing"):
        compile_rule(source).evaluate(names)


def test_a_reading_that_took_missing_steps_for_nothing_would_be_found(monkeypatch):
    monkeypatch.setattr("flows.rules.of_steps_in", lambda source: frozenset())
    with pytest.raises(pytest.fail.Exception):
        test_what_is_not_known_of_a_step_is_missing_and_named('outcomes.receipt == "good" || true', "outcomes.receipt", STEPS)
