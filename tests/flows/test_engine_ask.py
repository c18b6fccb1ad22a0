"""Beginning a run, and the ask step: questions one at a time, checked values, computed values, corrections after a send-back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from flows import Refused, Run, StepStatus, Topic, asking, say_again
from flows.model import Start
from tests.flows import build as b
from tests.flows import play as w

QUESTION, RECEIPT, OUTCOME, SENT_BACK = Topic.QUESTION, Topic.RECEIPT, Topic.OUTCOME, Topic.SENT_BACK


def test_a_run_begins_with_a_receipt_and_the_first_question() -> None:
    play = w.Play(b.flow(b.ask("vendor", "count"), b.end())).begin()
    assert play.said == [("rita", RECEIPT, ""), ("rita", QUESTION, "vendor")]
    assert (play.now.reference, play.now.requester, play.now.sequence) == ("PA-1", "rita", 1)


def test_values_given_at_once_are_not_asked_again() -> None:
    play = w.Play(b.flow(b.ask("vendor", "count"), b.end())).begin(vendor="Sharma")
    assert play.said == [("rita", RECEIPT, ""), ("rita", QUESTION, "count")]
    assert play.give(count=3).said == [("rita", OUTCOME, "end")]
    assert play.now.values == {"vendor": "Sharma", "count": 3}


def test_only_who_may_start_a_flow_starts_it() -> None:
    flow = b.flow(b.ask("vendor"), b.end(), start=Start(("test",), ("head", "store")))
    w.refused("not_yours", lambda: w.Play(flow).begin("rita"))
    assert w.Play(flow).begin("sam").now.requester == "sam"


def test_totals_follow_the_lines() -> None:
    play = w.Play(b.flow(b.ask("items", "vendor"), b.end())).begin(items=b.ITEMS)
    assert play.now.values["total"] == b.rupees("4720.00")
    play.give(items=b.lines("99.995"))
    assert play.now.values["total"] == b.rupees("100.00")
    assert play.said == [("rita", QUESTION, "vendor")]


def test_optional_fields_are_asked_with_skip_and_may_be_left() -> None:
    play = w.Play(b.flow(b.ask("need_by", "note", "vendor"), b.end())).begin()
    assert w.keys(play.says[1]) == ["skip"]
    assert play.skip("need_by").said == [("rita", QUESTION, "note")]
    assert play.skip("note").said == [("rita", QUESTION, "vendor")]
    assert play.give(vendor="Sharma").now.outcome == "completed"


@pytest.mark.parametrize("name", ["vendor", "count", "total", "nothing"])
def test_what_is_required_done_or_unknown_cannot_be_skipped(name: str) -> None:
    play = w.Play(b.flow(b.ask("vendor", "note", "count"), b.end())).begin(vendor="Sharma")
    w.refused("invalid", lambda: play.skip(name), field=name)


def test_a_field_is_skipped_once() -> None:
    play = w.Play(b.flow(b.ask("note", "vendor"), b.end())).begin().skip("note")
    w.refused("invalid", lambda: play.skip("note"), field="note")


@pytest.mark.parametrize(
    ("field", "choices"), [("urgency", ["low", "high"]), ("insured", ["yes", "no"]), ("vendor", []), ("note", ["skip"])]
)
def test_questions_offer_what_can_be_tapped(field: str, choices: list[str]) -> None:
    play = w.Play(b.flow(b.ask(field), b.end())).begin()
    assert w.keys(play.says[1]) == choices
    assert play.says[1].asks == field


GOOD: list[tuple[str, Any]] = [
    ("vendor", "Sharma"),
    ("count", 3),
    ("count", Decimal("2.5")),
    ("budget", b.rupees("10")),
    ("need_by", date(2026, 4, 1)),
    ("insured", False),
    ("urgency", "low"),
    ("items", b.ITEMS),
    ("mail", "a@example.test"),
]
BAD: list[tuple[str, Any]] = [
    ("vendor", ""),
    ("vendor", "   "),
    ("vendor", 3),
    ("count", True),
    ("count", "3"),
    ("count", Decimal("NaN")),
    ("budget", Decimal(10)),
    ("budget", b.Money(Decimal(10), "USD")),
    ("budget", b.Money(Decimal("Infinity"), "INR")),
    ("need_by", datetime(2026, 4, 1, tzinfo=UTC)),
    ("need_by", "2026-04-01"),
    ("insured", 1),
    ("insured", "yes"),
    ("urgency", "middling"),
    ("items", ()),
    ("items", (1,)),
    ("items", (b.Line("x", Decimal("NaN"), "", Decimal(1), Decimal(0)),)),
    ("total", b.rupees("1")),
    ("elsewhere", "x"),
    ("received", date(2026, 4, 1)),
]
ALL = ("vendor", "count", "budget", "need_by", "insured", "urgency", "items", "mail", "total")


@pytest.mark.parametrize(("field", "value"), GOOD, ids=str)
def test_values_that_fit_are_stored(field: str, value: Any) -> None:
    assert w.Play(b.flow(b.ask(*ALL), b.end())).begin().give(**{field: value}).now.values[field] == value


@pytest.mark.parametrize(("field", "value"), BAD, ids=str)
def test_values_that_do_not_fit_are_refused_and_change_nothing(field: str, value: Any) -> None:
    play = w.Play(b.flow(b.ask(*ALL), b.end())).begin()
    before = play.now
    with pytest.raises(Refused) as caught:
        play.give(**{"vendor": "Sharma", field: value})
    assert (caught.value.code, caught.value.details["field"]) == ("invalid", field)
    assert caught.value.details["problem"].endswith(".")
    assert play.now is before
    assert "vendor" not in before.values


def test_begin_refuses_values_that_do_not_fit() -> None:
    w.refused("invalid", lambda: w.Play(b.flow(b.ask("count"), b.end())).begin(count="many"), field="count")


def test_an_empty_answer_is_refused() -> None:
    w.refused("invalid", w.Play(b.flow(b.ask("vendor"), b.end())).begin().give)


def test_a_given_field_can_be_corrected_while_the_step_is_open() -> None:
    play = w.Play(b.flow(b.ask("vendor", "count"), b.end())).begin().give(vendor="Sharma").give(vendor="Gupta")
    assert play.now.values["vendor"] == "Gupta"
    assert play.said == [("rita", QUESTION, "count")]


def test_only_the_owner_answers() -> None:
    w.refused("not_yours", lambda: w.Play(b.flow(b.ask("vendor"), b.end())).begin().give("hana", vendor="x"))


def test_every_holder_is_asked_and_who_answers_is_asked_on() -> None:
    play = w.Play(b.flow(b.ask("vendor", "count", owner="head"), b.end())).begin()
    assert [to for to, topic, _ in play.said if topic is QUESTION] == ["hana", "hugo"]
    assert play.give("hugo", vendor="x").said == [("hugo", QUESTION, "count")]
    play.give("hugo", count=1)
    assert play.now.steps["request"].closed_by == "hugo"


def test_asking_names_the_open_question() -> None:
    play = w.Play(b.flow(b.ask("vendor", "count"), b.approve("head"), b.end())).begin(vendor="x")
    assert asking(play.flow, play.now, play.now.steps["request"]) == "count"
    play.give(count=1)
    assert asking(play.flow, play.now, play.now.steps["request"]) is None
    assert asking(play.flow, play.now, play.now.steps["approval"]) is None


def test_say_again_repeats_the_question_to_an_owner_only() -> None:
    play = w.Play(b.flow(b.ask("urgency"), b.end())).begin()
    assert say_again(play.flow, play.now, "request", "rita") == (play.says[1],)
    assert say_again(play.flow, play.now, "request", "hana") == ()
    assert say_again(play.flow, play.now, "elsewhere", "rita") == ()


# --- sent back --------------------------------------------------------------------------------------------------------


@pytest.fixture
def returned() -> w.Play:
    flow = b.flow(b.ask("vendor", "note", "count"), b.approve("head", send_back_to="request"), b.end())
    return w.Play(flow).begin(vendor="x", count=1).skip("note").decide("hana", "send_back", reason="cheaper")


def test_what_is_sent_back_keeps_its_values_and_says_why(returned: w.Play) -> None:
    say = returned.told("rita")
    assert (say.topic, say.attempt, w.keys(say)) == (SENT_BACK, 2, ["submit"])
    assert say.details == {"by": "hana", "reason": "cheaper"}
    assert returned.now.values == {"vendor": "x", "count": 1}
    assert [s.path for s in returned.now.history] == ["request", "approval"]
    assert set(returned.now.steps) == {"request"}


def test_corrections_wait_for_submit(returned: w.Play) -> None:
    returned.give(vendor="y", note="two more")
    assert returned.told("rita").details["corrected"] == "vendor,note"
    assert returned.now.steps["request"].status is StepStatus.OPEN
    returned.decide("rita", "submit", "request")
    assert returned.now.values == {"vendor": "y", "count": 1, "note": "two more"}
    assert returned.now.steps["approval"].attempt == 2
    assert [to for to, _, _ in returned.said] == ["hana", "hugo"]


def test_submitting_unchanged_is_allowed_and_asks_every_approval_again(returned: w.Play) -> None:
    returned.decide("rita", "submit", "request")
    assert returned.now.steps["approval"].votes == ()


@pytest.mark.parametrize(("actor", "choice", "code"), [("hana", "submit", "not_yours"), ("rita", "approve", "unknown_choice")])
def test_submit_is_for_the_owner(returned: w.Play, actor: str, choice: str, code: str) -> None:
    w.refused(code, lambda: returned.decide(actor, choice, "request"))


def test_submit_is_not_for_a_step_that_never_came_back() -> None:
    w.refused("unknown_choice", lambda: w.Play(b.flow(b.ask("vendor"), b.end())).begin().decide("rita", "submit", "request"))


def test_an_answer_to_the_attempt_before_is_closed(returned: w.Play) -> None:
    w.refused("closed", lambda: returned.give(attempt=1, vendor="z"), by="rita", choice="answered")


def test_events_after_the_end_are_refused() -> None:
    play = w.Play(b.flow(b.ask("vendor"), b.end("completed"))).begin(vendor="x")
    for call in (lambda: play.give(vendor="y"), lambda: play.cancel("rita"), lambda: play.fire("half", "request")):
        w.refused("run_over", call, outcome="completed")


def test_a_flow_without_an_end_ends_when_it_runs_out() -> None:
    run: Run = w.Play(b.flow(b.ask("vendor"))).begin(vendor="x").now
    assert (run.status.value, run.outcome) == ("ended", "done")
