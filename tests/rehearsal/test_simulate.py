"""`baton simulate`: the way it tells is the way a real run takes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.calendars import Business, business
from bot.cli import app
from bot.forecast import forecast
from bot.forecast.sample import Unusable, sample
from bot.rehearsal import play
from bot.rehearsal.reading import read_text
from flows.decided import BranchTaken, StepOpened
from flows.loader import TEMPLATES, load
from flows.model import FieldType
from flows.parse import parse, show

FLOW = TEMPLATES / "purchase-approval.yaml"
AT = datetime(2026, 3, 2, 4, 30, tzinfo=UTC)

REAL = """about: A whole run.
at: "2026-03-02 10:00"
people:
  asha: {{}}
  hana: {{roles: [department_head, committee]}}
  fay: {{roles: [finance, committee]}}
  dora: {{roles: [director, committee]}}
  pia: {{roles: [purchase]}}
  sam: {{roles: [store]}}
  mia: {{roles: [manager]}}
  vendor: {{address: sales@example.net}}
turns:
  - asha says: |
      purchase
      Items: 1 pcs copier @ {amount}
      Vendor: Example Traders
      Vendor's e-mail: sales@example.net
      Cost centre: Office
      Needed by: in 2 weeks
      Urgency: normal
      Reason: {reason}
  - asha taps: Skip
{quotes}
{complete}
  - fay taps: Within budget
{approvals}
  - pia says: "{total}"
  - pia says: 9 Mar 2026
  - pia taps: Ready
{again}
  - pia taps: Send to vendor
  - vendor replies: Acknowledged
  - sam taps: All received
  - fay taps: Matched
    state: {{status: ended, outcome: completed}}
"""

TOGETHER = """flow: clearances
prefix: CL
title: {en: "Clearances"}
summary: {en: "{pupil}"}
start:
  phrases: [clearance]
roles:
  fees: {en: "Fees"}
  library: {en: "Library"}
  manager: {en: "Manager"}
fields:
  pupil: {type: text, title: {en: "Pupil"}, ask: {en: "Which pupil?"}}
steps:
  - ask: request
    title: {en: "Request"}
    owner: requester
    due: 1bd
    fields: [pupil]
  - parallel: both
    title: {en: "Clearances"}
    blocks:
      - block: fees
        steps:
        - do: fees_clear
          title: {en: "Fees"}
          owner: fees
          due: 1bd
          instruction: {en: "Are all fees paid?"}
          outcomes: {clear: {en: "Clear"}, due: {en: "Due"}}
      - block: books
        steps:
        - do: library_clear
          title: {en: "Library"}
          owner: library
          due: 2bd
          instruction: {en: "Are all books back?"}
          outcomes: {clear: {en: "Clear"}, due: {en: "Due"}}
  - wait: a_day
    until: 24h
  - end: completed
    message: {en: "All clear for {pupil}."}
"""


@pytest.fixture(scope="module")
def flow():  # type: ignore[no-untyped-def]
    return load(FLOW)


@pytest.fixture(scope="module")
def own() -> Business:
    return business("Asia/Kolkata", "IN", "INR", date(2026, 3, 2))


def approve(*people: str) -> str:
    return "\n".join(f"  - {one} taps: Approve" for one in people)


@pytest.mark.parametrize(
    ("amount", "total", "reason", "quotes", "approvers", "again"),
    [
        ("10000", "10000", "The old one broke", 1, ["hana"], []),
        ("75000", "75000", "The old one broke", 1, ["hana", "fay"], []),
        ("300000", "300000", "The old one broke", 3, ["hana", "fay", "dora"], []),
        ("500001", "500001", "The old one broke", 3, ["dora", "fay"], []),
        ("8000", "9000", "Need it", 1, ["hana"], ["hana", "fay", "dora"]),
    ],
)
def test_the_way_and_its_due_times_are_those_of_a_real_run(  # type: ignore[no-untyped-def]
    flow, own: Business, amount: str, total: str, reason: str, quotes: int, approvers: list[str], again: list[str]
) -> None:
    text = REAL.format(
        amount=amount, total=total, reason=reason, approvals=approve(*approvers), again=approve(*again),
        quotes="\n".join(f"  - asha sends: quote-{n}.pdf" for n in range(quotes)),
        complete="  - pia taps: Complete" if reason == "Need it" else "",
    )  # fmt: skip
    script, problems = read_text(text, "real.yaml", flow)
    assert script is not None, problems
    played = play(script, FLOW, flow)
    assert played.failures == ()
    ((_, events),) = played.runs
    real = [
        (fact.path, fact.due_at) if isinstance(fact, StepOpened) else (f"{fact.path}/{fact.case}", None)
        for event in events
        for fact in event.decided
        if isinstance(fact, StepOpened | BranchTaken)
    ]
    settings = [f"amount={amount}", f"po_total={total}", f"reason={reason}", "delivery_date=9 Mar 2026"]
    found = forecast(flow, settings, AT, own, at_once=True)
    told = list(zip(found.way, [stop.due for stop in found.stops], strict=True))
    assert told == real
    assert found.outcome == "completed"


def test_steps_at_the_same_time_and_waits_are_followed(own: Business) -> None:
    """Both blocks open at once, the wait begins when the later one is due, and lasts a day by the clock."""
    found = forecast(load(TOGETHER), ["pupil=Ravi"], AT, own)
    assert found.way == ["request", "both", "fees_clear", "library_clear", "a_day"]
    stops = {stop.path: stop for stop in found.stops}
    assert stops["fees_clear"].opened == stops["library_clear"].opened == stops["request"].due
    assert stops["a_day"].opened == stops["library_clear"].due
    assert found.over - stops["a_day"].opened == timedelta(hours=24)
    assert (found.outcome, found.supposed) == ("completed", ())


def test_a_flow_that_only_some_may_start_is_followed_too(own: Business) -> None:
    text = FLOW.read_text(encoding="utf-8").replace("by: [anyone]", "by: [department_head]")
    found = forecast(load(text), ["amount=8000"], AT, own)
    assert found.outcome == "completed"
    assert "head_approval" in found.way


def test_reminders_follow_the_working_calendar(flow, own: Business) -> None:  # type: ignore[no-untyped-def]
    """Four working hours from 10:00 on Monday: 12:00, 13:36, 14:00; the manager at 15:00 and 18:00."""
    found = forecast(flow, ["amount=8000"], AT, own, at_once=True)
    head = next(stop for stop in found.stops if stop.path == "head_approval")
    local = [(own.calendar.local(each.at).strftime("%H:%M"), each.to, each.late) for each in head.reminders]
    assert local == [
        ("12:00", "owner", False), ("13:36", "owner", False), ("14:00", "owner", False), ("15:00", "manager", True), ("18:00", "manager", True),
    ]  # fmt: skip


def test_at_its_pace_each_step_opens_when_the_one_before_was_due(flow, own: Business) -> None:  # type: ignore[no-untyped-def]
    stops = {stop.path: stop for stop in forecast(flow, ["amount=8000"], AT, own).stops}
    assert stops["request"].due == stops["quotes"].opened
    assert stops["quotes"].due == stops["budget"].opened
    assert stops["budget"].due == stops["head_approval"].opened
    assert stops["request"].opened == AT


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["amont=1"], "The flow has no field `amont`. Did you mean `amount`?"),
        (["amount"], "Write it as name=value"),
        (["amount=lots"], "amount: "),
        (["amount=1", "amount=2"], "`amount` is set twice."),
        (["amount=1", "items=1 pcs chair @ 5"], "`amount` is worked out from `items`. Set only one of the two."),
        (["urgency=soon"], "This is not one of the choices."),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(flow, own: Business, settings: list[str], words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Unusable) as refused:
        forecast(flow, settings, AT, own)
    assert words in str(refused.value)


@pytest.mark.parametrize("name", ["items", "vendor", "vendor_email", "gstin", "need_by", "urgency", "po_total"])
def test_a_supposed_value_is_one_that_a_person_could_give(flow, name: str) -> None:  # type: ignore[no-untyped-def]
    field = flow.fields[name]
    value = sample(field, date(2026, 3, 2), {})
    said = show(value, field) if field.type is not FieldType.CHOICE else str(value)
    assert parse(field, said, date(2026, 3, 2)) == value


def test_the_command_tells_the_way_and_creates_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("BATON_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    arguments = ["simulate", "purchase-approval", "--set", "amount=75000", "--set", "urgency=normal", "--at", "2026-03-02 10:00"]
    answer = CliRunner().invoke(app, arguments)
    assert answer.exit_code == 0
    assert "Approval by head and finance, with Department head, then Finance" in answer.stdout
    assert "approval: up to 1 lakh, because amount <= 100000 (amount = 75000.00)" in answer.stdout
    assert "from Mon 2 Mar 2026 10:00, due Tue 3 Mar 2026 10:00" in answer.stdout
    told = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert told["outcome"] == "completed"
    assert told["path"][0]["due"] == "2026-03-03T10:00+05:30"
    assert [stop["case"] for stop in told["path"] if "case" in stop] == ["complete", "up_to_1_lakh", "as_approved"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "amont=1"], "Did you mean `amount`?"),
        (["--at", "Monday"], "--at: `Monday` is not a time."),
        (["--at", "10:00"], "needs a date"),
    ],
)
def test_the_command_refuses_in_one_plain_line(arguments: list[str], words: str) -> None:
    answer = CliRunner().invoke(app, ["simulate", "purchase-approval", *arguments])
    assert answer.exit_code == 2
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr
