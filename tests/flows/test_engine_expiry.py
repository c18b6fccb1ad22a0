"""Documents that expire: dates asked with them, watched ahead, renewed beside the run, and never passed by a step that needs them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from flows import DropTimers, PlanTimer, Status, StepStatus, Topic
from flows.checklist import Standing
from flows.engine import checklist, expiry
from flows.engine.collect import SUBMIT
from flows.run import Verdict
from tests.flows import build as b
from tests.flows import papers as p
from tests.flows import play as w

PAY = b.do("paid", id="pay", owner="finance", needs=("insurance",))
WORK = b.do("ok", "back", id="work", owner="store", send_back_to={"back": "papers"})
ONE = p.flow(p.collect("insurance", owner="participant:vendor", due=b.bh("8"), ladder=b.LADDER), WORK, PAY, b.end())
TWO = p.flow(p.collect("insurance", "licence"), WORK, replace(PAY, needs=("insurance", "licence")), b.end())


def insured(flow: Any = ONE, until: int = 100, actor: str = "vera") -> p.Papers:
    """The insurance is there, valid so many days from the first."""
    play = p.Papers(flow)
    play.begin().file("insurance", "i1", actor=actor).give(actor, "papers", insured_until=p.day(until))
    return play


def both(insurance: int, licence: int) -> p.Papers:
    play = p.Papers(TWO)
    play.begin().file("insurance", "i1").file("licence", "l1")
    play.give("rita", "papers", insured_until=p.day(insurance)).give("rita", "papers", licensed_until=p.day(licence))
    return play


def paths(play: w.Play) -> list[str]:
    return [state.path for state in play.now.open_steps()]


def rungs(play: w.Play) -> list[str]:
    return [name for name in play.timers if name.startswith(expiry.RUNG)]


# --- dates ------------------------------------------------------------------------------------------------------------


def test_the_date_is_asked_right_after_the_files() -> None:
    play = p.Papers(TWO)
    play.begin().file("licence", "l1")
    assert play.told("rita").topic is Topic.COLLECT
    play.file("insurance", "i1")
    assert (play.told("rita").topic, play.told("rita").asks, w.keys(play.told("rita"))) == (Topic.QUESTION, "insured_until", [])
    play.give("rita", "papers", insured_until=p.day(50))
    assert play.told("rita").asks == "licensed_until"
    play.give("rita", "papers", licensed_until=p.day(50))
    assert paths(play) == ["work"]


def test_a_day_that_has_passed_is_refused_kindly_and_today_is_taken() -> None:
    play = p.Papers(ONE)
    play.begin().file("insurance", "i1", actor="vera")
    w.refused("invalid", lambda: play.give("vera", "papers", insured_until=p.day(-1)), field="insured_until")
    w.refused("invalid", lambda: play.give("vera", "papers", vendor="x"))
    w.refused("not_yours", lambda: play.give("sam", "papers", insured_until=p.day(9)))
    assert play.give("vera", "papers", insured_until=p.day(0)).now.steps["papers"].status is StepStatus.DONE


def test_no_date_is_asked_of_what_is_not_given_or_waived() -> None:
    optional = replace(p.DOCUMENTS["licence"], minimum=p.NONE)
    made = replace(TWO, documents={**TWO.documents, "licence": optional})
    play = p.Papers(made)
    play.begin().file("insurance", "i1").give("rita", "papers", insured_until=p.day(90))
    assert paths(play) == ["work"]
    waived = p.Papers(TWO)
    waived.begin().file("insurance", "i1").file("licence", "l1").waive("mia", "insurance")
    assert waived.says[-1].asks == "licensed_until"


def test_what_expires_before_the_list_is_complete_is_asked_again() -> None:
    play = p.Papers(TWO)
    play.begin(insured_until=p.day(3)).file("insurance", "i1").later(10).file("licence", "l1")
    assert play.told("rita").details["missing"] == "insurance:1"
    assert "insured_until" not in play.now.values
    assert [f.verdict for f in play.now.files] == [Verdict.ASIDE, Verdict.OPEN]


# --- watching ---------------------------------------------------------------------------------------------------------


def test_it_is_watched_at_thirty_fifteen_and_seven_days_when_work_begins() -> None:
    play = insured()
    calendar = play.facts.calendar
    assert rungs(play) == ["expiry30:insurance", "expiry15:insurance", "expiry7:insurance"]
    for days in (30, 15, 7):
        moment = calendar.local(play.timers[f"expiry{days}:insurance"])
        assert moment.date() >= p.day(100 - days)
        assert moment == calendar.local(calendar.next_working(calendar.moment(p.day(100 - days), time())))


def test_what_is_given_late_is_told_the_next_working_day() -> None:
    assert rungs(insured(until=20)) == ["expiry15:insurance", "expiry7:insurance"]
    play = insured(until=2)
    assert rungs(play) == ["expiry7:insurance"]
    assert play.timers["expiry7:insurance"] > play.at
    assert play.facts.calendar.local(play.timers["expiry7:insurance"]).date() == p.day(1)


def test_the_first_rung_asks_for_a_new_one_beside_the_run() -> None:
    play = insured().later(71)
    play.rung("expiry30:insurance")
    state = play.now.steps["papers"]
    assert (state.attempt, state.renews, state.returns_to, state.status) == (2, ("insurance",), (), StepStatus.OPEN)
    assert state.due_at == play.facts.calendar.moment(p.day(101), time())
    assert sorted(paths(play)) == ["papers", "work"]
    assert {say.to for say in play.says if say.topic is Topic.EXPIRY} == {"vera", "mia"}
    assert play.says[-1].topic is Topic.COLLECT
    assert play.says[-1].details == {"missing": "insurance:1", "renews": "insurance"}
    assert {"half", "most", "due", "late"} <= set(play.timers)
    assert DropTimers("papers", 1) in play.effects
    assert rungs(play) == ["expiry15:insurance", "expiry7:insurance"]


def test_the_old_one_counts_until_the_new_one_comes() -> None:
    play = insured().later(71)
    play.rung("expiry30:insurance")
    play.decide("sam", "ok", "work")
    assert "pay" in paths(play), "the old insurance is still valid"
    w.refused("duplicate", lambda: play.file("insurance", "i1", actor="vera"))
    play.file("insurance", "i2", actor="vera")
    assert [f.verdict for f in play.now.files] == [Verdict.ASIDE, Verdict.OPEN]
    assert play.told("vera").asks == "insured_until"
    play.give("vera", "papers", insured_until=p.day(400))
    assert paths(play) == ["pay"]
    assert rungs(play) == ["expiry30:insurance", "expiry15:insurance", "expiry7:insurance"]


def test_later_rungs_tell_again_and_ask_for_nothing_new() -> None:
    play = insured().later(71)
    play.rung("expiry30:insurance").later(15).rung("expiry15:insurance")
    assert {say.to for say in play.says} == {"vera", "mia"}
    assert play.now.steps["papers"].attempt == 2
    play.file("insurance", "i2", actor="vera").give("vera", "papers", insured_until=p.day(400))
    play.rung("expiry7:insurance")
    assert (play.says, len(rungs(play))) == ([], 3), "a timer of the old date is only planned again"


def test_documents_that_expire_together_are_renewed_together() -> None:
    play = both(100, 110).later(85)
    play.rung("expiry30:insurance")
    assert play.now.steps["papers"].renews == ("insurance", "licence")
    assert rungs(play) == ["expiry7:insurance", "expiry15:licence", "expiry7:licence"]


def test_a_document_that_expires_much_later_is_watched_on() -> None:
    play = both(100, 300).later(71)
    play.rung("expiry30:insurance")
    assert play.now.steps["papers"].renews == ("insurance",)
    assert "expiry30:licence" in rungs(play)
    play.file("insurance", "i2").give("rita", "papers", insured_until=p.day(500))
    assert {"expiry30:licence", "expiry30:insurance"} <= set(rungs(play))


def test_a_late_file_goes_to_the_renewal_and_others_are_added() -> None:
    play = both(100, 300).later(71)
    play.rung("expiry30:insurance")
    play.file("licence", "l2", attempt=1)
    assert {say.details.get("added") for say in play.says} == {"licence"}
    play.file("insurance", "i2", attempt=1)
    assert play.says[-1].asks == "insured_until"


def test_send_back_and_the_end_drop_what_is_watched() -> None:
    play = insured()
    play.decide("sam", "back", "work", "unreadable")
    assert DropTimers("papers", 1) in play.effects
    w.refused("not_waiting", lambda: play.rung("expiry30:insurance"))
    play.decide("vera", SUBMIT, "papers")
    assert rungs(play) == ["expiry30:insurance", "expiry15:insurance", "expiry7:insurance"]
    play.decide("sam", "ok", "work").decide("fay", "paid", "pay")
    assert play.now.status is Status.ENDED
    assert DropTimers("papers", 2) in play.effects
    other = insured()
    other.cancel()
    assert DropTimers("papers", 1) in other.effects


def test_a_send_back_ends_an_open_renewal() -> None:
    play = insured().later(71)
    play.rung("expiry30:insurance")
    play.decide("sam", "back", "work", "unreadable")
    state = play.now.steps["papers"]
    assert (state.attempt, state.renews) == (3, ())
    assert [s.status for s in play.now.history if s.path == "papers"] == [StepStatus.DONE, StepStatus.CANCELLED]


def test_nobody_to_ask_stops_the_renewal_at_the_manager_and_mended_it_stays_one() -> None:
    play = both(100, 300).later(71)
    play.flow = replace(play.flow, steps=(replace(play.flow.step("papers"), owner="gone"), *play.flow.steps[1:]))
    play.rung("expiry30:insurance")
    assert play.now.steps["papers"].status is StepStatus.BLOCKED
    play.flow = TWO
    play.resume(path="papers")
    state = play.now.steps["papers"]
    assert (state.status, state.renews, state.attempt) == (StepStatus.OPEN, ("insurance",), 3)
    play.file("insurance", "i2").give("rita", "papers", insured_until=p.day(400))
    assert paths(play) == ["work"], "what follows the checklist is not gone through again"


def test_a_renewal_that_stopped_and_was_tried_again_keeps_what_it_was_given() -> None:
    made = p.flow(p.collect("insurance", checked_by="head"), WORK, PAY, b.end())
    play = p.Papers(made)
    play.begin().file("insurance", "i1").give("rita", "papers", insured_until=p.day(100))
    play.decide("hana", "accept-all", "papers", stage=1).later(71)
    play.rung("expiry30:insurance")
    play.facts = w.facts(people=w.PEOPLE | {"head": ()})
    play.file("insurance", "i2").give("rita", "papers", insured_until=p.day(400))
    assert play.now.steps["papers"].status is StepStatus.BLOCKED
    play.facts = w.facts()
    play.resume(path="papers")
    assert play.told("hana").attach == ("i2",)


# --- needing ----------------------------------------------------------------------------------------------------------


def test_a_step_that_needs_it_waits_for_a_new_one_and_goes_on_there() -> None:
    play = insured(until=10).later(20)
    play.decide("sam", "ok", "work")
    state = play.now.steps["papers"]
    assert (paths(play), state.renews, state.returns_to) == (["papers"], ("insurance",), ("pay",))
    assert "insured_until" not in play.now.values
    assert {say.to for say in play.says if say.topic is Topic.EXPIRY} == {"vera", "mia"}
    w.refused("closed", lambda: play.decide("fay", "paid", "pay"))
    play.file("insurance", "i2", actor="vera").give("vera", "papers", insured_until=p.day(99))
    assert paths(play) == ["pay"]
    assert play.now.steps["work"].attempt == 1


def test_an_open_renewal_is_waited_for() -> None:
    play = insured().later(71)
    play.rung("expiry30:insurance").later(40)
    play.decide("sam", "ok", "work")
    state = play.now.steps["papers"]
    assert (paths(play), state.attempt, state.returns_to) == (["papers"], 2, ("pay",))
    assert {"vera", "mia"} <= {say.to for say in play.says if say.topic is Topic.EXPIRY}
    play.file("insurance", "i2", actor="vera").give("vera", "papers", insured_until=p.day(400))
    assert paths(play) == ["pay"]


def test_a_new_document_that_is_still_checked_lets_nothing_pass() -> None:
    made = p.flow(p.collect("insurance", checked_by="head"), WORK, PAY, b.end())
    play = p.Papers(made)
    play.begin().file("insurance", "i1").give("rita", "papers", insured_until=p.day(100))
    play.decide("hana", "accept-all", "papers", stage=1).later(71)
    play.rung("expiry30:insurance")
    play.file("insurance", "i2").give("rita", "papers", insured_until=p.day(400))
    play.decide("sam", "ok", "work")
    assert paths(play) == ["papers"]
    play.decide("hana", "accept-all", "papers", stage=1)
    assert paths(play) == ["pay"]


def test_two_lists_are_renewed_one_after_the_other() -> None:
    second = p.collect("licence", id="more")
    made = p.flow(p.collect("insurance"), second, WORK, replace(PAY, needs=("insurance", "licence")), b.end())
    play = p.Papers(made)
    play.begin().file("insurance", "i1").give("rita", "papers", insured_until=p.day(5))
    play.file("licence", "l1", path="more").give("rita", "more", licensed_until=p.day(5)).later(9)
    play.decide("sam", "ok", "work")
    assert paths(play) == ["papers"]
    play.file("insurance", "i2").give("rita", "papers", insured_until=p.day(90))
    assert paths(play) == ["more"]
    play.file("licence", "l2", path="more").give("rita", "more", licensed_until=p.day(90))
    assert paths(play) == ["pay"]


def test_two_blocks_wait_for_one_renewal() -> None:
    other = b.do("ok", id="also", owner="store", needs=("insurance",))
    made = p.flow(p.collect("insurance"), WORK, b.parallel((PAY,), (other,)), b.end())
    play = insured(made, 5, "rita").later(9)
    play.decide("sam", "ok", "work")
    assert play.now.steps["papers"].returns_to == ("pay", "also")
    play.file("insurance", "i2").give("rita", "papers", insured_until=p.day(90))
    assert sorted(paths(play)) == ["also", "pay"]


def test_a_block_that_is_not_needed_any_more_is_not_gone_back_to() -> None:
    other = b.do("ok", id="also", owner="store")
    made = p.flow(p.collect("insurance"), WORK, b.parallel((PAY,), (other,), needed=1), b.do("ok", id="after"), b.end())
    play = insured(made, 5, "rita").later(9)
    play.decide("sam", "ok", "work").decide("sam", "ok", "also")
    assert sorted(paths(play)) == ["after", "papers"]
    play.file("insurance", "i2").give("rita", "papers", insured_until=p.day(90))
    assert paths(play) == ["after"]


def test_a_renewal_beside_a_block_outlives_it() -> None:
    other = b.do("ok", id="also", owner="store")
    made = p.flow(b.parallel((p.collect("insurance"), WORK), (other,), needed=1), PAY, b.end())
    play = insured(made, 100, "rita").later(71)
    play.rung("expiry30:insurance").decide("sam", "ok", "also")
    assert sorted(paths(play)) == ["papers", "pay"]


def test_what_was_never_given_or_is_waived_blocks_nothing() -> None:
    optional = replace(p.DOCUMENTS["insurance"], minimum=p.NONE)
    play = p.Papers(replace(ONE, documents={**ONE.documents, "insurance": optional}))
    assert paths(play.begin().decide("sam", "ok", "work")) == ["pay"]
    waived = insured(until=5).later(9)
    waived.decide("sam", "ok", "work").waive("mia", "insurance")
    assert paths(waived) == ["pay"]


def test_a_date_that_nobody_gave_is_no_valid_document() -> None:
    optional = replace(p.DOCUMENTS["insurance"], minimum=p.NONE)
    play = p.Papers(replace(ONE, documents={**ONE.documents, "insurance": optional}))
    play.begin().file("insurance", "i1", actor="rita").decide("sam", "ok", "work")
    assert paths(play) == ["papers"]


def test_the_list_shows_what_has_expired() -> None:
    play = insured(until=5)
    step = play.flow.step("papers")
    found = checklist(play.flow, play.now, None, step, p.day(6))  # type: ignore[arg-type]
    assert [item.standing for item in found.items] == [Standing.EXPIRED]
    assert (found.done, found.total) == (0, 1)


# --- property ---------------------------------------------------------------------------------------------------------

MOVES = st.lists(
    st.tuples(st.sampled_from(("file", "date", "work", "back", "rung", "pay", "late", SUBMIT)), st.integers(1, 60)),
    min_size=8,
    max_size=24,
)


def _never_passes(phases: tuple[Phase, ...] = tuple(Phase)) -> None:
    """Whatever comes in whatever order, the step that needs the insurance opens only while it is valid."""

    @settings(max_examples=300, deadline=None, database=None, report_multiple_bugs=False, phases=phases, derandomize=True)
    @given(st.integers(1, 60), MOVES)
    def holds(until: int, moves: list[tuple[str, int]]) -> None:
        play, number = insured(until=until), 1
        for kind, amount in moves:
            number += 1
            before = play.now.steps.get("pay")
            play.later(amount if kind == "late" else 0)
            try:
                _move(play, kind, amount, number)
            except w.Refused:
                continue
            _holds(play, before)

    holds()


def _holds(play: p.Papers, before: Any) -> None:
    state = play.now.steps.get("pay")
    today = expiry_day(play)
    if state is not None and state.status is StepStatus.OPEN and state != before:
        assert p.valid(play.now, "insurance", today)
    assert play.now.status is not Status.OPEN or play.now.open_steps(), "somebody is always waited for"


def expiry_day(play: p.Papers) -> date:
    return play.facts.calendar.local(play.at).date()


def _move(play: p.Papers, kind: str, amount: int, number: int) -> None:
    match kind:
        case "file":
            play.file("insurance", f"i{number}", actor="vera")
        case "date":
            play.give("vera", "papers", insured_until=expiry_day(play) + timedelta(days=amount))
        case "work":
            play.decide("sam", "ok", "work")
        case "back":
            play.decide("sam", "back", "work", "unreadable")
        case "rung":
            play.rung("expiry30:insurance")
        case "pay":
            play.decide("fay", "paid", "pay")
        case "submit":
            play.decide("vera", SUBMIT, "papers")


def test_an_expired_document_is_never_passed() -> None:
    _never_passes()


@pytest.mark.parametrize("bug", ["looks at nothing", "looks at files only"])
def test_a_step_that_looks_away_is_found(monkeypatch: pytest.MonkeyPatch, bug: str) -> None:
    def look(t: Any, item: str) -> bool:
        return bug == "looks at files only" and not expiry.counting(t.run, item)

    monkeypatch.setattr(expiry, "_stale", look)
    with pytest.raises(AssertionError):
        _never_passes((Phase.generate,))  # found is enough


def test_every_rung_is_on_the_open_or_latest_attempt() -> None:
    """What is planned can fire: its attempt is the one that stands."""
    play = both(100, 300).later(71)
    play.rung("expiry30:insurance")
    planned = {(e.path, e.attempt) for e in play.effects if isinstance(e, PlanTimer) and e.rung.startswith(expiry.RUNG)}
    assert planned == {("papers", 2)}
