"""The ways in which work is put together, each by its name, and what may never happen in it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from flows import DropTimers, PlanTimer, Refused, Status, StepStatus, Topic
from flows.decided import BranchTaken, FilesSetAside, StepCleared, ValueCleared
from flows.engine import loop, wait
from flows.engine.loop import ENDLESS
from flows.engine.scope import because, names
from flows.model import Clock, Duration, Flow, Policy
from tests.flows import build as b
from tests.flows import papers as p
from tests.flows import play as w
from tests.flows.test_engine_children import LINES, Family, each, subflow


def on(play: w.Play) -> list[str]:
    return [state.path for state in play.now.open_steps()]


SHORT = b.rule('outcomes.work == "short"', lambda n: n["outcomes"]["work"] == "short")


# --- one after another, one or the other, side by side ----------------------------------------------------------------


def test_sequence() -> None:
    play = w.Play(b.flow(b.ask("vendor"), b.do(), b.do(id="then", owner="finance"), b.end())).begin()
    for path, step in (("request", lambda: play.give(vendor="x")), ("work", lambda: play.decide("sam", "ok", "work"))):
        assert on(play) == [path]
        step()
    assert (on(play), play.decide("fay", "ok", "then").now.outcome) == (["then"], "completed")


def test_exclusive_choice() -> None:
    big = b.rule("count > 3", lambda n: n["count"] > 3)
    flow = b.flow(
        b.ask("count"), b.branch(b.case("big", big, b.do(id="much")), b.case("small", None, b.do(id="little"))), b.end()
    )
    for count, way, not_taken in ((4, "much", "little"), (3, "little", "much")):
        play = w.Play(flow).begin(count=count)
        assert (on(play), not_taken in play.now.steps) == ([way], False)


def three(needed: int) -> Flow:
    owners = {"left": "store", "middle": "finance", "right": "director"}
    blocks = [(b.do(id=name, owner=owner, due=b.bh("4"), ladder=b.LADDER),) for name, owner in owners.items()]
    return b.flow(b.parallel(*blocks, needed=needed), b.approve("head"), b.end())


OWNER = {"left": "sam", "middle": "fay", "right": "dora"}


def test_parallel_split_and_join() -> None:
    play = w.Play(three(3)).begin()
    for path in ("middle", "left", "right"):
        assert "approval" not in on(play)
        play.decide(OWNER[path], "ok", path)
    assert on(play) == ["approval"]


def test_n_of_m_join() -> None:
    play = w.Play(three(2)).begin().decide("dora", "ok", "right").decide("sam", "ok", "left")
    assert (on(play), play.now.steps["middle"].outcome) == (["approval"], "not-needed")


def test_first_of_n_with_the_rest_cancelled() -> None:
    play = w.Play(three(1)).begin().decide("fay", "ok", "middle")
    assert on(play) == ["approval"]
    for path in ("left", "right"):
        assert play.now.steps[path].status is StepStatus.CANCELLED
        assert (OWNER[path], Topic.DROPPED, path) in play.said
        assert DropTimers(path, 1) in play.effects
        w.refused("closed", lambda path=path: play.decide(OWNER[path], "ok", path))  # type: ignore[misc]


def test_deferred_choice_the_reply_comes_or_the_time_is_up() -> None:
    replied = b.rule('outcomes.pause == "answered"', lambda n: n["outcomes"]["pause"] == "answered")
    ways = b.branch(b.case("replied", replied, b.do(id="reply")), b.case("silent", None, b.do(id="chase")))
    flow = b.flow(b.wait(b.bh("4"), "vendor", owner="store"), ways, b.end())
    assert on(w.Play(flow).begin().give("sam", "pause", vendor="x")) == ["reply"]
    silent = w.Play(flow).begin().wake()
    assert on(silent) == ["chase"]
    w.refused("closed", lambda: silent.give("sam", "pause", vendor="too late"))


# --- a loop -----------------------------------------------------------------------------------------------------------


def looping(*inside: object, until: int = 3) -> Flow:
    """Ask, collect, work, until the work is not short any more or was tried so often."""
    again = b.rule(
        f'outcomes.work == "short" && attempts.work < {until}',
        lambda n: n["outcomes"]["work"] == "short" and n["attempts"]["work"] < until,
    )
    back = b.case("again", again, back_to="details")
    return b.flow(
        b.ask("insured", "budget", id="first"),
        b.ask("items", "vendor", id="details"),
        b.collect("spec", "quotes"),
        b.do("ok", "short", fields=("received",)),
        b.branch(back, b.case("on", None)),
        b.approve("head"),
        b.end(),
    )


def once(play: w.Play, outcome: str, document: str) -> w.Play:
    play.give(path="details", items=b.lines("5000"), vendor="x").file("quotes", document)
    return play.give("sam", "work", received=date(2026, 3, 3)).decide("sam", outcome, "work")


def test_loop() -> None:
    play = once(w.Play(looping()).begin(insured=True, budget=b.rupees("9000")), "short", "d1")
    assert [(s.path, s.attempt, s.sent_back_by) for s in play.now.open_steps()] == [("details", 2, "")]
    assert play.now.values.keys() == {"insured", "budget"}, "what the loop asks is asked anew, with what is computed from it"
    assert [filed.counts for filed in play.now.files] == [False]
    assert play.said[-1] == ("rita", Topic.QUESTION, "items")
    taken = next(fact for fact in play.decided if isinstance(fact, BranchTaken))
    assert taken.because.endswith("(outcomes.work = short, attempts.work = 1)")
    assert play.decided.index(taken) < min(
        play.decided.index(f) for f in play.decided if isinstance(f, StepCleared | ValueCleared)
    )
    assert FilesSetAside(("quotes",)) in play.decided
    assert on(once(play, "ok", "d2")) == ["approval"]
    assert play.now.taken == {"size": "on"}


def test_a_loop_counts_how_often_it_went_round() -> None:
    play = w.Play(looping()).begin(insured=True, budget=b.rupees("9000"))
    for number in range(3):
        assert (on(play), names(play.flow, play.now)["attempts"].get("work", 0)) == (["details"], number)
        once(play, "short", f"d{number}")
    assert on(play) == ["approval"]
    assert names(play.flow, play.now)["attempts"]["work"] == 3
    assert [(s.path, s.status) for s in play.now.history if s.path == "work"] == [("work", StepStatus.DONE)] * 2


def test_an_answer_to_a_round_that_is_over_changes_nothing() -> None:
    play = once(w.Play(looping()).begin(insured=True, budget=b.rupees("9000")), "short", "d1")
    w.refused("closed", lambda: play.decide("sam", "ok", "work", attempt=1), choice="short", by="sam")
    w.refused("closed", lambda: play.give(path="details", attempt=1, vendor="y"))


def test_a_loop_stays_in_its_block() -> None:
    again = b.branch(b.case("again", SHORT, back_to="work"), b.case("on", None))
    flow = b.flow(b.parallel((b.do(), again), (b.ask("vendor", "note", id="beside"),)), b.end())
    play = w.Play(flow).begin().give(path="beside", vendor="x").decide("sam", "short", "work")
    assert on(play) == ["beside", "work"]
    assert play.now.values == {"vendor": "x"}
    play.skip("note", path="beside").decide("sam", "ok", "work")
    assert play.now.status is Status.ENDED


ROUND = b.branch(b.case("always", b.rule("true", lambda n: True), back_to="tell"))
ENDLESS_FLOW = b.flow(b.notify("store", id="tell", attach=()), ROUND, b.end())


def test_an_endless_loop_without_anybody_in_it_stops_at_the_managers() -> None:
    play = w.Play(ENDLESS_FLOW).begin()
    assert (on(play), play.now.steps["size"].reason) == (["size"], ENDLESS)
    assert play.told("mia").topic is Topic.BLOCKED
    play.resume(path="size")
    assert (on(play), play.now.steps["size"].attempt) == (["size"], 2)
    play.cancel()
    assert play.now.status is Status.CANCELLED


def test_a_loop_that_waits_may_go_round_for_ever() -> None:
    again = b.branch(b.case("always", b.rule("true", lambda n: True), back_to="pause"))
    play = w.Play(b.flow(b.wait(b.bh("1")), again)).begin()
    for number in range(2, 6):
        assert [(s.path, s.attempt) for s in play.wake().now.open_steps()] == [("pause", number)]


def test_planted_a_loop_that_keeps_what_was_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a second round would decide by the answers of the first without asking."""
    monkeypatch.setattr(loop, "clear", lambda t, name: None)
    with pytest.raises((AssertionError, Refused)):
        test_loop()


# --- a milestone ------------------------------------------------------------------------------------------------------

RECEIVED = b.rule("given(received) && count >= 3", lambda n: n["count"] >= 3)


def milestone(**more: object) -> Flow:
    """Two blocks: one counts, the other goes on once it has counted to three, or by time."""
    counting = (b.ask("vendor", "count", "note", id="counting"),)
    return b.flow(b.parallel(counting, (b.wait(b.bh("8"), when=RECEIVED), b.do())), b.end())


def test_milestone() -> None:
    play = w.Play(milestone()).begin()
    assert on(play) == ["counting", "pause"], "a value that is missing is not there yet, and stops nobody"
    assert on(play.give(path="counting", count=2)) == ["counting", "pause"]
    play.give(path="counting", count=3)
    assert (on(play), play.now.steps["pause"].outcome) == (["counting", "work"], "reached")
    assert DropTimers("pause", 1) in play.effects
    w.refused("closed", lambda: play.wake(), choice="reached")


def test_a_milestone_that_is_never_reached_goes_on_by_time() -> None:
    play = w.Play(milestone()).begin()
    due = play.now.steps["pause"].due_at
    assert due is not None
    assert PlanTimer("pause", 1, "wake", due) in play.effects
    assert (on(play.wake()), play.now.steps["pause"].outcome) == (["counting", "work"], "time-up")


def test_what_is_so_already_is_not_waited_for() -> None:
    play = w.Play(milestone()).begin(count=5)
    assert (on(play), play.now.steps["pause"].outcome) == (["counting", "work"], "reached")


def test_a_milestone_can_be_somebody_else_s_outcome() -> None:
    done = b.rule('outcomes.left == "ok"', lambda n: n["outcomes"]["left"] == "ok")
    flow = b.flow(
        b.parallel((b.do(id="left"), b.do(id="more")), (b.wait(b.bh("8"), when=done, owner="finance"), b.do(id="right")))
    )
    play = w.Play(flow).begin().decide("sam", "ok", "left")
    assert on(play) == ["more", "right"]
    assert ("fay", Topic.DROPPED, "pause") in play.said


def test_planted_a_milestone_looked_at_only_when_it_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "reached", lambda t: None)
    with pytest.raises(AssertionError):
        test_milestone()


# --- cancelling one step ----------------------------------------------------------------------------------------------


def test_cancel_step() -> None:
    flow = b.flow(
        b.ask("vendor"), b.do(fields=("received",), due=b.bh("4"), ladder=b.LADDER), b.do(id="then", owner="finance"), b.end()
    )
    play = w.Play(flow).begin(vendor="x").drop("work", reason="it was there already")
    state = play.now.steps["work"]
    assert (state.status, state.outcome, state.closed_by, on(play)) == (StepStatus.CANCELLED, "dropped", "mia", ["then"])
    assert DropTimers("work", 1) in play.effects
    assert play.told("sam").details == {"because": "dropped", "by": "mia", "reason": "it was there already"}
    assert play.now.remarks[-1].text == "it was there already"
    assert "work" not in names(play.flow, play.now)["outcomes"]
    w.refused("closed", lambda: play.decide("sam", "ok", "work"), choice="dropped", by="mia")


def test_what_a_dropped_step_should_have_given_is_missing_and_stops_the_run() -> None:
    flow = b.flow(b.ask("count"), b.branch(b.case("big", b.rule("count > 3", lambda n: n["count"] > 3), b.do())), b.end())
    play = w.Play(flow).begin().drop("request")
    assert (on(play), play.now.steps["size"].status) == (["size"], StepStatus.BLOCKED)
    assert "count is missing" in play.told("mia").details["reason"]


@pytest.mark.parametrize(
    ("step", "because"),
    [
        (b.approve("head", policy=Policy.ANY), "an approval"),
        (b.approve("head", policy=Policy.N_OF_M, needed=9), "a stopped approval"),
        (b.branch(b.case("big", b.rule("gone", lambda n: n["gone"]), b.do())), "a choice of ways"),
    ],
)
def test_what_cannot_be_dropped(step: object, because: str) -> None:
    play = w.Play(b.flow(step, b.end())).begin()  # type: ignore[arg-type]
    path = on(play)[0]
    w.refused("cannot_drop", lambda: play.drop(path))
    assert on(play) == [path], because


def test_only_a_manager_drops_and_says_why() -> None:
    play = w.Play(b.flow(b.do(), b.end())).begin()
    w.refused("not_yours", lambda: play.drop("work", "sam"))
    w.refused("not_yours", lambda: play.drop("work", "rita"))
    w.refused("reason_needed", lambda: play.drop("work", reason=" "))
    w.refused("closed", lambda: play.drop("work", attempt=2))
    w.refused("closed", lambda: play.drop("end"))


def test_a_document_that_others_build_on_is_not_dropped() -> None:
    play = w.Play(b.flow(b.generate(), b.end())).begin()
    w.refused("cannot_drop", lambda: play.drop("draft"))
    play.finish(error="broken")
    w.refused("cannot_drop", lambda: play.drop("draft"))


@pytest.mark.parametrize("people", [w.PEOPLE, w.PEOPLE | {"store": ()}], ids=["open", "stopped"])
def test_a_stopped_step_can_be_dropped_too_and_joins_its_block(people: dict[str, tuple[str, ...]]) -> None:
    flow = b.flow(b.parallel((b.do(),), (b.do(id="other", owner="head"),)), b.end())
    play = w.Play(flow, facts=w.facts(people=people)).begin().decide("hana", "ok", "other")
    assert play.drop("work").now.outcome == "completed"


def test_dropping_a_wait_stops_its_timer() -> None:
    play = w.Play(b.flow(b.wait(Duration(Clock.HOURS, Decimal(48))), b.do(), b.end())).begin().drop("pause")
    assert on(play) == ["work"]
    assert DropTimers("pause", 1) in play.effects
    w.refused("closed", lambda: play.wake(at=w.MONDAY + timedelta(hours=48)))


# --- several of the same, and runs that wait for runs -----------------------------------------------------------------


def test_multiple_instances() -> None:
    """One request for each line, all at once; on when all have ended, and not before."""
    play = Family(b.flow(each(), b.do(), b.end())).begin(items=LINES)
    assert isinstance(play, Family)
    assert [spawn.index for spawn in play.spawned] == [0, 1, 2]
    for index in (2, 0):
        assert on(play.ends(index, path="lines")) == ["lines"]
    assert names(play.flow, play.now)["children"] == {"lines": 2}
    assert on(play.ends(1, "rejected", path="lines")) == ["work"]


def test_multiple_instances_of_which_the_first_two_are_enough() -> None:
    play = Family(b.flow(each(needed=2), b.do(), b.end())).begin(items=LINES)
    assert isinstance(play, Family)
    last = play.spawned[1].run
    play.ends(0, path="lines").ends(2, path="lines")
    assert (on(play), play.called_off) == (["work"], [last])


def test_parent_waits_for_children() -> None:
    approved = b.rule('outcomes.sub == "completed"', lambda n: n["outcomes"]["sub"] == "completed")
    ways = b.branch(b.case("granted", approved, b.do()), b.case("refused", None, b.do(id="without")))
    play = Family(b.flow(subflow(), ways, b.end())).begin()
    assert isinstance(play, Family)
    assert (on(play), [spawn.flow for spawn in play.spawned]) == (["sub"], ["child"])
    assert on(play.ends(outcome="completed")) == ["work"]
    cancelled = Family(b.flow(subflow(), b.end())).begin()
    assert isinstance(cancelled, Family)
    child = cancelled.spawned[0].run
    cancelled.cancel()
    assert cancelled.called_off == [child], "a cancelled parent leaves no child behind"


def test_dropping_a_step_that_waits_for_a_child_calls_the_child_off() -> None:
    play = Family(b.flow(subflow(), b.do(), b.end())).begin()
    assert isinstance(play, Family)
    child = play.spawned[0].run
    play.drop("sub")
    assert (on(play), play.called_off) == (["work"], [child])


# --- cancelling the run -----------------------------------------------------------------------------------------------


def test_cancel_run() -> None:
    play = w.Play(three(3)).begin().decide("sam", "ok", "left").cancel(reason="no money")
    assert (play.now.status, on(play)) == (Status.CANCELLED, [])
    assert {say.to for say in play.says} == {"fay", "dora", "rita"}
    for path in ("middle", "right"):
        assert DropTimers(path, 1) in play.effects
        w.refused("run_over", lambda path=path: play.decide(OWNER[path], "ok", path))  # type: ignore[misc]


# --- what rules are shown to have seen --------------------------------------------------------------------------------


def test_why_names_only_the_outcomes_that_a_rule_reads() -> None:
    seen = {"outcomes": {"work": "ok", "other": "no"}, "documents": {"quotes": 2, "spec": 0}, "count": 3}
    rule = b.rule('outcomes.work == "ok" && documents.quotes > 1 && count < 4 && !given("outcomes.later")', lambda n: True)
    assert because(rule, [rule], seen) == f"{rule.source} (outcomes.work = ok, documents.quotes = 2, count = 3)"


def test_a_branch_s_outcome_is_the_case_it_took() -> None:
    flow = b.flow(b.branch(b.case("small", b.rule("true", lambda n: True), b.do(id="little"))), b.do(), b.end())
    play = w.Play(flow).begin().decide("sam", "ok", "little")
    assert names(play.flow, play.now)["outcomes"] == {"size": "small", "little": "ok"}
    assert "work" not in names(play.flow, play.now)["outcomes"], "it is open: nothing has come of it yet"


# --- a step that waits for a document, and the checklist that goes away under it --------------------------------------


PAY = b.do("paid", id="pay", owner="finance", needs=("insurance",))


def test_sending_back_over_a_renewal_forgets_nobody_who_waits_for_it() -> None:
    """Two blocks: the insurance is given in the one and needed in the other, where it has expired meanwhile."""
    back = b.do("ok", "back", id="sign", owner="head", send_back_to={"back": "work"})
    blocks = b.parallel((b.do(), p.collect("insurance"), back), (b.do(id="other", owner="director"), PAY))
    play = p.Papers(p.flow(blocks, b.end()))
    play.begin().decide("sam", "ok", "work").file("insurance", "i1").give("rita", "papers", insured_until=p.day(2))
    play.later(5).decide("dora", "ok", "other")
    assert (on(play), play.now.steps["papers"].returns_to) == (["sign", "papers"], ("pay",))
    play.decide("hana", "back", "sign", reason="again")
    assert (set(on(play)), play.now.steps["papers"].returns_to) == ({"work", "papers"}, ("pay",)), "payment waits for it still"
    play.decide("sam", "ok", "work")
    assert (on(play), play.now.steps["papers"].renews) == (["papers"], ()), "one attempt asks for all"
    play.file("insurance", "i2").give("rita", "papers", insured_until=p.day(200))
    assert set(on(play)) == {"sign", "pay"}
    play.decide("hana", "ok", "sign").decide("fay", "paid", "pay")
    assert play.now.status is Status.ENDED
    assert [(s.path, s.attempt) for s in play.now.history if s.path == "papers"] == [("papers", n) for n in (1, 2, 3)]
