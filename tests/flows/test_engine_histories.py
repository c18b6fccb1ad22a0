"""Random histories: whatever happens in whatever order, these hold. A planted bug beside each check shows that it can fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from flows import DropTimers, Flow, Record, Refused, Run, Say, Status, StepStatus, advance, replay
from flows.engine import approve, commands, transition
from flows.events import SYSTEM, Begin, Cancel, Decide, Event, Facts, File, Finish, Fire, Give, Resume, Skip, StepClosed
from flows.model import Approve, Collect, Do, Generate, Policy
from tests.flows import build as b
from tests.flows import play as w

PEOPLE = ("rita", "hana", "hugo", "fay", "dora", "sam", "mia", "vera")
VALUES: dict[str, Any] = {
    "items": b.lines("5000"),
    "vendor": "Sharma",
    "mail": "a@example.test",
    "need_by": date(2026, 4, 1),
    "urgency": "high",
    "received": date(2026, 4, 2),
    "note": "soon",
}
BACK: dict[str, Any] = {"send_back_to": "request", "due": b.bh("4"), "ladder": b.LADDER}
FLOWS = (
    b.purchase(),
    b.flow(b.ask("vendor", "note"), b.approve("head", "finance", "head", policy=Policy.SEQUENCE, **BACK), b.end()),
    b.flow(
        b.ask("vendor"), b.approve("committee", policy=Policy.N_OF_M, needed=2, **BACK), b.do(send_back_to={"short": "approval"})
    ),
    b.flow(b.ask("items"), b.branch(b.case("big", b.rule("gone", lambda n: n["gone"]), b.do())), b.end()),
)
WORLDS = (
    w.PEOPLE,
    w.PEOPLE | {"finance": ("hana",), "store": ()},
    w.PEOPLE | {"head": ("rita", "hana"), "committee": ("rita", "fay", "dora")},
    w.PEOPLE | {"head": (), "manager": ()},
)

Told = set[tuple[str, str, int]]
Check = Callable[[Flow, Run | None, Run, tuple[Any, ...], Told], None]


# --- what always holds ------------------------------------------------------------------------------------------------


def replays(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    assert isinstance(effects[0], Record)
    assert replay(before, effects[0].decided) == run


def never_stranded(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    """An open run waits for owners who were told, for work, or for a manager."""
    if run.status is not Status.OPEN:
        assert run.open_steps() == ()
        return
    assert run.open_steps()
    for state in run.open_steps():
        assert state.owners or state.status is StepStatus.BLOCKED or isinstance(flow.step(state.path), Generate)
        for owner in state.owners:
            assert (owner, state.path, state.attempt) in told


def over_is_over(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    assert before is None or before.status is Status.OPEN


def never_their_own(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    for state in (*run.history, *run.steps.values()):
        if isinstance(flow.step(state.path), Approve):
            assert run.requester not in {vote.by for vote in state.votes}


def timers_dropped(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    for fact in effects[0].decided:
        if isinstance(fact, StepClosed):
            assert DropTimers(fact.path, fact.attempt) in effects


CHECKS: tuple[Check, ...] = (replays, never_stranded, over_is_over, never_their_own, timers_dropped)


# --- histories --------------------------------------------------------------------------------------------------------


def some_event(rng: Random, play: w.Play, facts: Facts) -> Event:
    """An event that may or may not apply: mostly for the open step, mostly by somebody who owns it."""
    run = play.now
    path = rng.choice([state.path for state in run.open_steps()] * 8 + sorted(play.flow.places))
    state, step = run.steps.get(path), play.flow.step(path)
    attempt = (state.attempt if state else 1) + rng.choice((0,) * 15 + (-1, 1))
    actor = rng.choice((state.owners if state else ()) * 6 + PEOPLE)
    here: dict[str, Any] = play.about(actor, facts=facts, path=path, attempt=attempt)
    kind = rng.choice(_likely(step) * 6 + (Give, Skip, File, Decide, Fire, Finish, Resume, Cancel))
    if kind is Give:
        names = getattr(step, "fields", ()) or sorted(VALUES)
        return Give(**here, values={name: VALUES.get(name, "?") for name in rng.sample(names, rng.randint(1, len(names)))})
    if kind is Skip:
        return Skip(**here, name=rng.choice(("note", "need_by", "vendor")))
    if kind is File:
        number = rng.randint(1, 3)
        return File(**here, item="quotes", document=f"d{number}", digest=f"s{number}", name="q.pdf")
    if kind is Decide:
        choice = rng.choice(("approve",) * 4 + ("reject", "send_back", "submit", "submit", "ok", "received", "short"))
        return Decide(**here, choice=choice, reason=rng.choice(("because", "")), stage=rng.randint(0, 2))
    if kind is Finish:
        return Finish(**here, document="po", digest="po", name="po.pdf", error=rng.choice(("", "", "broken")))
    if kind is Cancel:
        return Cancel(**play.about(actor, facts=facts), reason="")
    return Fire(**here, rung=rng.choice(b.LADDER).name) if kind is Fire else Resume(**here)


def _likely(step: Any) -> tuple[type[Event], ...]:
    match step:
        case Approve() | Do():
            return (Decide, Decide, Give)
        case Collect():
            return (File, File, Decide)
        case Generate():
            return (Finish, Finish, Resume)
    return (Give, Give, Give, Skip, Decide, Resume)


def histories(*checks: Check, examples: int = 300) -> None:
    """Play random histories and hold every transition against `checks`. A failure prints its seed."""

    @settings(max_examples=examples, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    @given(st.integers(0, 2**32))
    def play_one(seed: int) -> None:
        rng = Random(seed)
        flow, people = rng.choice(FLOWS), rng.choice(WORLDS)
        play, told = w.Play(flow), Told()
        begin = Begin(**play.about("rita", facts=w.facts(people=people)), run_id="r", reference="PA-1")
        _step(play, begin, told, checks)
        for number in range(rng.randint(5, 60)):
            mended = w.PEOPLE if number % 7 == 6 else people
            _step(play, some_event(rng, play, w.facts(people=mended)), told, checks)

    play_one()


def _step(play: w.Play, event: Event, told: Told, checks: tuple[Check, ...]) -> None:
    before = play.run
    shown = repr(before)
    try:
        play.run, play.effects = advance(play.flow, before, event)
    except Refused:
        assert repr(before) == shown
        return
    told |= {(effect.to, effect.path, effect.attempt) for effect in play.effects if isinstance(effect, Say)}
    assert repr(before) == shown
    for check in checks:
        check(play.flow, before, play.now, play.effects, told)


def test_every_history_holds() -> None:
    histories(*CHECKS)


def test_histories_reach_far() -> None:
    """The random walks are no strangers to the interesting places: ends, send-backs, blocks, votes, documents."""
    seen: set[str] = set()

    def look(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
        seen.update({run.status.value, *(state.status.value for state in (*run.steps.values(), *run.history))})
        seen.update(f"{state.path}.{vote.choice}" for state in run.steps.values() for vote in state.votes)
        seen.update(run.numbers, {run.outcome})

    histories(look)
    wanted = {"ended", "cancelled", "returned", "blocked", "one.approve", "approval.approve", "PO", "rejected", "completed"}
    assert wanted <= seen


# --- planted bugs -----------------------------------------------------------------------------------------------------


def unrecorded(t: transition.Transition, fact: Any) -> None:
    if type(fact).__name__ != "Voted":
        t.decided.append(fact)
    t._run = transition.fold(t._run, fact)


def silent(t: transition.Transition, *_: Any, **__: Any) -> None:
    """A step that nobody owns is passed over without a word."""


def anyone(t: transition.Transition, step: Approve, event: Decide) -> Any:
    return t.waiting(event.path, event.attempt)


def forgetful(
    t: transition.Transition, path: str, outcome: str, *, by: str = SYSTEM, status: StepStatus = StepStatus.DONE
) -> None:
    t.decide(StepClosed(path, t.run.steps[path].attempt, status, outcome, by, t.at))


@pytest.mark.parametrize(
    ("place", "name", "bug", "check"),
    [
        (transition.Transition, "decide", unrecorded, replays),
        (transition.Transition, "stop", silent, never_stranded),
        (commands, "_must_be_open", silent, over_is_over),
        (approve, "_may_vote", anyone, never_their_own),
        (transition.Transition, "close", forgetful, timers_dropped),
    ],
    ids=["replay", "stranded", "over", "own", "timers"],
)
def test_a_planted_bug_is_found(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, bug: Any, check: Check) -> None:
    monkeypatch.setattr(place, name, bug)
    with pytest.raises(AssertionError):
        histories(check)
