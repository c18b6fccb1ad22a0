"""A file that says everything the language can say becomes the flow that it describes."""

from datetime import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.lint import check
from flows.loader import load
from flows.model import Clock, Duration, Flow, Job, Proof, Rung
from flows.reading import times
from flows.reading.nodes import Items, Place, Text, Wrong
from flows.reading.source import Source
from tests.flows.whole import ITEM, VARIATION, WHOLE

FLOW = load(WHOLE)


def test_the_head():
    assert (FLOW.industry, FLOW.amount, FLOW.alike) == ("construction", "net", ("site", "engineer_phone"))
    assert [(pace.when.source.partition(" ")[0], pace.share) for pace in FLOW.pace] == [
        ("urgent", Decimal("0.5")),
        ("alike_7d", Decimal("1.5")),
    ]
    assert FLOW.lookups == ("alike_7d", "alike_open", "alike_ever")
    assert (FLOW.start.phrases, FLOW.start.by) == ((), ("engineer",))
    assert load(VARIATION).start.phrases == load(ITEM).start.phrases == ()


def test_fields_and_documents():
    assert FLOW.fields["engineer_phone"].seen_by == ("accounts", "manager")
    assert [FLOW.fields[name].formula for name in ("gross", "held", "both", "net")] == [
        "total(items)",
        "percent(retention, gross)",
        "sum(gross, extra)",
        "difference(gross, held)",
    ]
    assert (FLOW.documents["policy"].expires, FLOW.documents["invoice"].expires) == ("policy_until", "")


def test_who_acts():
    words = {step.id: step.owner for step in FLOW.walk() if step.owner}
    assert words == {
        "request": "requester",
        "take_back": "pool:store",
        "papers": "field:engineer_phone",
        "read_invoice": "accounts",
        "letter_draft": "person:asha@example.net",
        "looked_through": "person:+919876543210",
        "weigh": "store",
        "visit": "participant:vendor",
        "variation": "manager",
        "per_item": "manager",
    }
    assert FLOW.step("papers").checked_by == "turn:accounts"  # type: ignore[attr-defined]
    assert FLOW.step("called_off").to == "least:store"  # type: ignore[attr-defined]
    assert FLOW.step("weigh").confirm_by == "pool:accounts"  # type: ignore[attr-defined]


def test_people_are_kept_apart_and_prove_themselves():
    by_accounts, weigh = FLOW.step("by_accounts"), FLOW.step("weigh")
    assert (by_accounts.not_by, by_accounts.proof, by_accounts.attach) == (("read_invoice",), Proof.PIN, ("invoice",))  # type: ignore[attr-defined]
    assert (weigh.not_by, weigh.proof) == (("by_accounts",), Proof.CODE)  # type: ignore[attr-defined]
    assert by_accounts.needs == ("policy",)


def test_what_collects_prepares_and_books():
    papers, extract, draft, look, visit = (
        FLOW.step(id) for id in ("papers", "read_invoice", "letter_draft", "looked_through", "visit")
    )
    assert (papers.items, papers.fields) == (("policy", "invoice"), ("policy_until",))  # type: ignore[attr-defined]
    assert (extract.job, extract.items, extract.fields, extract.text) == (Job.EXTRACT, ("invoice",), ("invoice_no",), None)  # type: ignore[attr-defined]
    assert [(c.key, c.label.text("hi")) for c in extract.outcomes] == [("confirmed", "पुष्टि करें")]  # type: ignore[attr-defined]
    assert (draft.text.text("hi"), draft.send_back_to, draft.ends) == ("प्रिय {site}", {"wrong": "papers"}, {"off": "called_off"})  # type: ignore[attr-defined]
    assert [check.name for check in look.checks] == ["small"]  # type: ignore[attr-defined]
    assert (visit.at, visit.with_role, visit.minutes, visit.capacity) == ((time(10), time(11, 30), time(15)), "engineer", 45, 2)  # type: ignore[attr-defined]
    assert (visit.after, visit.within) == (Duration(Clock.WORKING_DAYS, Decimal(1)), Duration(Clock.WORKING_DAYS, Decimal(5)))  # type: ignore[attr-defined]
    assert (visit.date_field, visit.time_field) == ("visit_date", "visit_time")  # type: ignore[attr-defined]


def test_what_starts_other_flows():
    variation, items = FLOW.step("variation"), FLOW.step("per_item")
    assert (variation.flow, variation.give, variation.take) == (
        "variation-approval",
        {"where": "site", "cost": "net"},
        {"extra": "agreed"},
    )  # type: ignore[attr-defined]
    assert (variation.wait, variation.ends, variation.send_back_to) == (True, {"rejected": "rejected"}, {"changed": "papers"})  # type: ignore[attr-defined]
    assert (items.of, items.needed, items.give["price"]) == ("items", 2, "line.rate")  # type: ignore[attr-defined]
    joins = {"all": 0, "any": 1, "7": 7}
    assert {word: load(WHOLE.replace("join: 2", f"join: {word}")).step("per_item").needed for word in joins} == joins  # type: ignore[attr-defined]


def test_loops_milestones_undoing_and_retention():
    again, quiet, visited = FLOW.step("again"), FLOW.step("quiet"), FLOW.step("visited")
    assert [(case.name, case.back_to) for case in again.cases] == [("once_more", "papers"), ("fine", "")]  # type: ignore[attr-defined]
    assert quiet.when.evaluate({"outcomes": {"weigh": "weighed"}, "attempts": {"weigh": 1}}) is True  # type: ignore[attr-defined]
    assert quiet.until == Duration(Clock.DAYS, Decimal(3), anchor="step:weigh")  # type: ignore[attr-defined]
    assert visited.review_after == Duration(Clock.DAYS, Decimal(180))  # type: ignore[attr-defined]
    assert [step.id for step in FLOW.step("request").compensate] == ["take_back", "called_off"]


def ladder(rungs: str, due: str = "3d") -> tuple[Rung, ...]:
    text = WHOLE.replace(
        "due: 3d\n    ladder: [1d owner, 6h before due owner, 100% owner, 1bd after due manager]",
        f"due: {due}\n    ladder: [{rungs}]",
    )
    return load(text).step("request").ladder


def test_rungs_have_a_name_an_offset_and_a_share_that_says_what_they_are():
    assert ladder("1d owner, 6h before due owner, 100% owner, 1bd after due manager") == (
        Rung("at1d", Decimal("0.5"), "owner", Duration(Clock.DAYS, Decimal(1))),
        Rung("before6h", Decimal("0.5"), "owner", Duration(Clock.HOURS, Decimal(6), anchor="due:", before=True)),
        Rung("due", Decimal(1), "owner"),
        Rung("after1bd", Decimal("1.5"), "manager", Duration(Clock.WORKING_DAYS, Decimal(1), anchor="due:")),
    )


@pytest.mark.parametrize(
    ("rung", "due", "share"),
    [
        ("1d owner", "3d", "0.5"),
        ("3d owner", "3d", "1"),
        ("4d manager", "3d", "1.5"),
        ("4bd manager", "3d", "0.5"),  # on another clock it cannot be told
        ("4d manager", "3d after begins", "0.5"),  # nor from another moment
        ("9d after due owner", "3d", "1.5"),
    ],
)
def test_a_rung_after_the_opening_is_late_where_that_can_be_told(rung, due, share):
    (found,) = ladder(rung, due)
    assert found.share == Decimal(share)


FORMS = ["{}d owner", "{}% owner", "{}d before due owner", "{}d after due owner"]
AT = Place(1, 1)


@given(st.lists(st.tuples(st.integers(1, 40), st.sampled_from(FORMS)), min_size=2, max_size=5))
def test_rungs_of_one_step_never_share_a_name(rungs):
    """The name is the timer's key: a second rung of that name would silently take the place of the first."""
    source = Source("x")
    try:
        found = times.ladder(None)(source, Items(tuple(Text(form.format(n), AT) for n, form in rungs), AT))
    except Wrong:
        return
    assert len({rung.name for rung in found}) == len(rungs)


def _mutated(position: int, cut: int, put: str) -> str:
    start = position % len(WHOLE)
    return WHOLE[:start] + put + WHOLE[start + cut :]


@settings(deadline=None, max_examples=60)
@given(position=st.integers(0, 10_000), cut=st.integers(0, 60), put=st.text("abc:-[]{}\n \"'|>&*!#%@`1é", max_size=8))
def test_no_file_makes_it_fall_over(position, cut, put):
    flow, found = check(_mutated(position, cut, put), "mutated.yaml")
    assert isinstance(flow, Flow) or any(problem.error for problem in found)
    assert all(problem.place.line >= 1 and problem.place.column >= 1 and problem.hint for problem in found)
