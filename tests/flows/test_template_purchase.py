"""The shipped purchase approval: sound, with the tiers and times it promises, and it runs through the engine to its end."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from flows import Status, Topic
from flows.lint import lint
from flows.loader import load, templates
from flows.model import Approve, Branch, Clock, Do, Duration, End, Flow, Generate, Notify, Policy
from flows.parse import parse
from tests.flows import play as w

FLOW = load(templates()["purchase-approval"])
PEOPLE = {
    "department_head": ("hana", "hugo"),
    "finance": ("fay",),
    "director": ("dora",),
    "committee": ("hana", "fay", "dora"),
    "purchase": ("pia",),
    "store": ("sam",),
    "manager": ("mia",),
}
ANSWERS = {
    "vendor": "Example Traders",
    "vendor_email": "sales@example.com",
    "cost_centre": "Office",
    "need_by": "in 2 weeks",
    "urgency": "Normal",
    "reason": "Chairs for six new colleagues",
}
IN_ORDER = ("department_head", "finance", "director")


def value(flow: Flow, name: str, text: str) -> Any:
    return parse(flow.fields[name], text, w.MONDAY.date())


def start(rate: str, reason: str = ANSWERS["reason"], **lookups: int) -> w.Play:
    """A run whose items cost `rate` in all, up to where the requester is done."""
    play = w.Play(FLOW, w.facts(people=PEOPLE, lookups={"same_vendor_7d": 0} | lookups))
    play.begin(items=value(FLOW, "items", f"1 pcs cupboard @ {rate}"))
    for name, text in (ANSWERS | {"reason": reason}).items():
        if name == "cost_centre":
            play.skip("gstin")
        play.give(**{name: value(FLOW, name, text)})
    count = 3 if play.run and play.run.values["amount"].amount > 100_000 else 1
    for n in range(count):
        assert open_steps(play) == ["quotes"]
        play.file("quotes", f"q{n}", path="quotes")
    return play


def open_steps(play: w.Play) -> list[str]:
    return [state.path for state in play.now.open_steps()]


def order(play: w.Play, total: str) -> w.Play:
    play.give("pia", "po_prepare", po_total=value(FLOW, "po_total", total))
    play.give("pia", "po_prepare", delivery_date=value(FLOW, "delivery_date", "13/3/2026"))
    return play.decide("pia", "prepared", "po_prepare")


def test_lint_finds_nothing_not_even_a_warning():
    assert [str(problem) for problem in lint(templates()["purchase-approval"])] == []


def test_every_wording_speaks_english_and_hindi():
    titles = [
        FLOW.title,
        FLOW.summary,
        *FLOW.roles.values(),
        *(step.title for step in FLOW.walk() if not isinstance(step, Branch | End)),
    ]
    asks = [field.ask for field in FLOW.fields.values() if not field.formula]
    for wording in (*titles, *asks):
        assert wording.by_language.keys() == {"en", "hi"}


def test_the_four_tiers_have_their_approvers_and_times():
    branch = FLOW.step("approval")
    assert isinstance(branch, Branch)
    found = []
    for case in branch.cases:
        (step,) = case.steps
        assert isinstance(step, Approve)
        assert step.send_back_to == "request"
        assert [check.name for check in step.checks] == ["split_order"]
        found.append((case.when.source if case.when else "", step.policy, step.approvers, step.needed, step.due))
    hours, days = Clock.WORKING_HOURS, Clock.WORKING_DAYS
    assert found == [
        ("amount <= 10000", Policy.ONE, ("department_head",), 1, Duration(hours, Decimal(4))),
        ("amount <= 100000", Policy.SEQUENCE, ("department_head", "finance"), 1, Duration(hours, Decimal(8))),
        ("amount <= 500000", Policy.SEQUENCE, IN_ORDER, 1, Duration(days, Decimal(1))),
        ("", Policy.N_OF_M, ("committee",), 2, Duration(days, Decimal(2))),
    ]


@pytest.mark.parametrize(
    ("step", "owner", "due"),
    [
        ("complete_request", "purchase", Duration(Clock.WORKING_HOURS, Decimal("0.5"))),
        ("budget", "finance", Duration(Clock.WORKING_HOURS, Decimal(4))),
        ("po_prepare", "purchase", Duration(Clock.WORKING_HOURS, Decimal(4))),
        ("po_review", "purchase", Duration(Clock.WORKING_HOURS, Decimal(4))),
        ("vendor_ack", "participant:vendor", Duration(Clock.HOURS, Decimal(48))),
        ("goods_receipt", "store", Duration(Clock.WORKING_DAYS, Decimal(1), anchor="delivery_date")),
        ("match", "finance", Duration(Clock.WORKING_DAYS, Decimal(1))),
    ],
)
def test_work_has_its_owner_and_due_time(step, owner, due):
    found = FLOW.step(step)
    assert isinstance(found, Do)
    assert (found.owner, found.due, len(found.ladder)) == (owner, due, 5)


def test_only_reports_can_come_by_mail_and_the_order_goes_to_the_vendor():
    by_mail = [step.id for step in FLOW.walk() if isinstance(step, Do) and step.by_mail]
    assert by_mail == ["vendor_ack", "goods_receipt", "match"]
    make, send = FLOW.step("po"), FLOW.step("po_to_vendor")
    assert isinstance(make, Generate)
    assert isinstance(send, Notify)
    assert (make.series, make.template, make.output) == ("PO", "purchase_order", "purchase_order")
    assert (send.to, send.attach) == ("participant:vendor", ("purchase_order",))


@pytest.mark.parametrize(
    ("rate", "case", "step", "who"),
    [
        ("10000", "up_to_10_thousand", "head_approval", ["hugo"]),
        ("10000.01", "up_to_1_lakh", "finance_approval", ["hana", "fay"]),
        ("100000", "up_to_1_lakh", "finance_approval", ["hugo", "fay"]),
        ("100000.01", "up_to_5_lakh", "director_approval", ["hana", "fay", "dora"]),
        ("500000", "up_to_5_lakh", "director_approval", ["hana", "fay", "dora"]),
        ("500000.01", "above_5_lakh", "committee_approval", ["fay", "dora"]),
    ],
)
def test_the_amount_decides_who_approves(rate, case, step, who):
    play = start(rate)
    play.decide("fay", "within_budget", "budget")
    assert play.now.taken["approval"] == case
    for stage, person in enumerate(who):
        assert open_steps(play) == [step]
        play.decide(person, "approve", step, stage=stage)
    assert open_steps(play) == ["po_prepare"]


def test_from_request_to_matched_invoice():
    play = start("4800")
    play.decide("fay", "within_budget", "budget").decide("hana", "approve", "head_approval")
    order(play, "4,800")
    assert play.now.taken["reapproval"] == "as_approved"
    play.finish("po1", "po")
    assert play.now.numbers == {"PO": "PO-2026-0001"}
    play.decide("pia", "send", "po_review")
    assert ("vera", Topic.NOTICE, "po_to_vendor") in play.said
    assert ("vera", Topic.DO, "vendor_ack") in play.said
    play.decide("vera", "acknowledged", "vendor_ack").decide("sam", "all_received", "goods_receipt")
    play.decide("fay", "matched", "match")
    assert (play.now.status, play.now.outcome) == (Status.ENDED, "completed")


def test_a_total_above_the_approved_by_more_than_five_percent_is_approved_again():
    for total, case in (("5040.00", "as_approved"), ("5040.01", "above_approved")):
        play = start("4800").decide("fay", "within_budget", "budget").decide("hana", "approve", "head_approval")
        order(play, total)
        assert play.now.taken["reapproval"] == case
        assert open_steps(play) == (["po"] if case == "as_approved" else ["po_approval"])


def test_a_request_that_says_little_is_looked_at_first():
    play = start("4800", reason="chairs")
    assert open_steps(play) == ["complete_request"]
    assert play.now.steps["complete_request"].owners == ("pia",)
    play.decide("pia", "send_back", "complete_request", reason="What are they for?")
    assert open_steps(play) == ["request"]


@pytest.mark.parametrize(("others", "warned"), [(0, ""), (1, "split_order")])
def test_approvers_are_warned_of_a_split_order(others, warned):
    play = start("4800", same_vendor_7d=others).decide("fay", "within_budget", "budget")
    assert play.told("hana").details.get("warnings", "") == warned


def test_no_budget_ends_the_run():
    play = start("4800").decide("fay", "no_budget", "budget", reason="Next year")
    assert (play.now.status, play.now.outcome) == (Status.ENDED, "rejected")


def at(step: str) -> w.Play:
    """A small run played forward until `step` is open."""
    ways: dict[str, Callable[[w.Play], Any]] = {
        "budget": lambda play: play.decide("fay", "within_budget", "budget"),
        "head_approval": lambda play: play.decide("hana", "approve", "head_approval"),
        "po_prepare": lambda play: order(play, "4800"),
        "po": lambda play: play.finish("po1", "po"),
        "po_review": lambda play: play.decide("pia", "send", "po_review"),
        "vendor_ack": lambda play: play.decide("vera", "acknowledged", "vendor_ack"),
        "goods_receipt": lambda play: play.decide("sam", "all_received", "goods_receipt"),
    }
    play = start("4800")
    while open_steps(play) != [step]:
        ways[open_steps(play)[0]](play)
    return play


@pytest.mark.parametrize(
    ("step", "who", "choice", "back_to"),
    [
        ("budget", "fay", "send_back", "request"),
        ("head_approval", "hana", "send_back", "request"),
        ("po_review", "pia", "correct", "po_prepare"),
        ("vendor_ack", "vera", "cannot_supply", "po_prepare"),
        ("goods_receipt", "sam", "short", "vendor_ack"),
        ("match", "fay", "mismatch", "goods_receipt"),
    ],
)
def test_each_way_back_leads_to_its_step(step, who, choice, back_to):
    play = at(step).decide(who, choice, step, reason="Something is missing")
    assert open_steps(play) == [back_to]
