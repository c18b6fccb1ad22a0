"""A forecast walks through every kind of step, and coverage counts all that people, and other flows, can decide."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.calendars import Business, business_of
from bot.config import Settings
from bot.forecast import forecast, forecast_lines
from bot.forecast.sample import Unusable
from bot.rehearsal.coverage import choices_of, coverage
from flows.decided import ChildDone, DocumentJudged, RunEnded, StepClosed, Voted
from flows.loader import load
from flows.run import StepStatus, Verdict
from tests.flows.whole import WHOLE

AT = datetime(2026, 3, 2, 4, 30, tzinfo=UTC)
FLOW = load(WHOLE)


@pytest.fixture(scope="module")
def own() -> Business:
    return business_of(Settings(), AT.date())


def test_it_passes_every_kind_of_step_to_the_end(own: Business) -> None:
    found = forecast(FLOW, ["urgent=no", "retention=5"], AT, own)
    undoing = {"take_back", "called_off"}
    assert [path.partition("/")[0] for path in found.way] == [
        step.id for step in FLOW.walk() if step.id not in {*undoing, "visited"}
    ]
    assert (found.way[-1], found.outcome) == ("again/fine", "visited")
    assert {stop.path: stop.choice for stop in found.stops if stop.choice} == {
        "read_invoice": "confirmed",
        "letter_draft": "good",
        "looked_through": "confirmed",
        "by_accounts": "approve",
        "weigh": "weighed",
    }
    assert {stop.path: stop.note for stop in found.stops if stop.note} == {
        "visit": "9 free times are offered",
        "variation": "starts a run of variation-approval",
        "per_item": "starts a run of item-line",
    }
    assert {"visit_date", "visit_time", "extra", "invoice_no", "letter", "policy_until"} <= found.values.keys()


def test_the_lines_name_who_acts_beside_whom(own: Business) -> None:
    lines = list(forecast_lines(forecast(FLOW, ["urgent=yes"], AT, own), own.calendar))
    assert "  7. Weighing, with Store, confirmed by whoever of Accounts takes it (do weigh)" in lines
    assert "  8. Visit, with Vendor, with Engineer (schedule visit)" in lines
    assert "     9 free times are offered" in lines
    assert " 11. Quiet (wait quiet)" in lines


def test_a_share_that_is_worked_out_cannot_be_set(own: Business) -> None:
    with pytest.raises(Unusable, match=r"`held` is worked out as percent.* Set `retention`, `gross` instead"):
        forecast(FLOW, ["held=50"], AT, own)


def test_what_can_be_decided() -> None:
    assert {step.id: choices_of(step) for step in FLOW.walk() if choices_of(step)} == {
        "take_back": ("done",),
        "papers": ("accepted", "rejected"),
        "read_invoice": ("confirmed",),
        "letter_draft": ("good", "wrong", "off"),
        "looked_through": ("confirmed",),
        "by_accounts": ("approve", "reject", "send_back"),
        "weigh": ("weighed", "confirm", "differs"),
        "variation": ("rejected", "changed"),
        "again": ("once_more", "fine"),
    }


def test_what_was_decided_counts_and_an_outcome_is_no_end_step() -> None:
    facts = (
        Voted("weigh", 1, "ann", "differs", "", AT),
        DocumentJudged("policy", Verdict.REJECTED, "ann", "blurred", AT),
        ChildDone("variation", "child", "rejected"),
        StepClosed("variation", 1, StepStatus.DONE, "rejected", "system", AT),
        RunEnded("visited", cancelled=False, by="system", at=AT),
    )
    found = coverage(FLOW, [facts])
    seen = set(found.choices) - set(found.missing_choices)
    assert seen == {("weigh", "differs"), ("papers", "rejected"), ("variation", "rejected")}
    assert "visited" in found.missing_steps
    assert "visited" not in coverage(FLOW, [facts[-1:]]).missing_steps
