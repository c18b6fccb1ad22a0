"""Random histories with pools, turns, people who must differ and people on leave: what always holds, holds here too."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from flows import Event, Flow, Run
from flows.engine import approve, leave, people, pool, transition
from flows.engine.owners import POOL, barred, unclaimed
from flows.events import Begin, Cancel, Claim, Cover, Decide, Facts
from flows.model import Approve, Do, Policy
from flows.run import StepStatus
from tests.flows import build as b
from tests.flows import play as w
from tests.flows import test_engine_histories as h

PEOPLE = w.PEOPLE | {"store": ("sam", "sue", "hana"), "field:mail": ("vera",), "person:asha@example.net": ("fay",)}
FLOWS = (
    b.flow(
        b.ask("vendor"),
        b.do("ok", id="count", owner="pool:store", fields=("urgency",), due=b.bh("4"), ladder=b.LADDER),
        b.wait(b.bh("200"), "note", owner="pool:store"),
        b.do("ok", "short", id="check", owner="turn:committee", not_by=("count",), send_back_to={"short": "count"}),
        b.approve("committee", policy=Policy.ALL, not_by=("count",), send_back_to="request"),
        b.end(),
        amount="budget",
    ),
    b.flow(
        b.ask("note", owner="field:mail"),
        b.parallel(
            (b.do("ok", id="one", owner="least:store"), b.approve("head", "finance", id="money", policy=Policy.SEQUENCE)),
            (b.ask("vendor", id="asked", owner="pool:committee"), b.do("ok", id="two", owner="pool:head", not_by=("one",))),
        ),
        b.do("ok", id="last", owner="store", confirm_by="pool:committee", not_by=("asked",)),
        b.approve("head", policy=Policy.ANY, not_by=("last", "two")),
        b.end(),
        amount="budget",
    ),
)
Told = h.Told


def apart(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    """Nobody acts on a step that what they did before bars them from."""
    for state in run.steps.values():
        step, was = flow.step(state.path), before.steps.get(state.path) if before else None
        new = state.votes[len(was.votes) :] if was is not None and was.attempt == state.attempt else state.votes
        if before is not None and isinstance(step, Approve | Do):
            assert not barred(before, step) & {vote.by for vote in new}


def taken_first(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    """Nothing comes of a step while it waits in a pool, and one person has it afterwards."""
    for state in run.steps.values():
        step = flow.step(state.path)
        if step.owner.startswith(POOL) and state.stage == 0 and state.status in (StepStatus.OPEN, StepStatus.DONE):
            assert state.claimed or not state.votes
            assert not state.claimed or len(state.owners) + len(state.votes) <= 1


def never_for_nothing(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    """Who stands in was not asked there before, and has not decided."""
    for state in run.open_steps():
        if state.status is StepStatus.OPEN:
            assert len(set(state.owners)) == len(state.owners)


CHECKS = (*h.CHECKS, apart, taken_first, never_for_nothing)


def some_facts(rng: Random) -> Facts:
    everybody = ("hana", "hugo", "fay", "dora", "sam", "sue", "mia", "rita")
    caps = (None, b.rupees("100"), b.rupees("100000"))
    away = {
        who: Cover(tuple(rng.sample(everybody, rng.randint(0, 2))), rng.choice(caps))
        for who in rng.sample(everybody, rng.choice((0, 0, 1, 3, 6)))
    }
    return w.facts(people=PEOPLE, leave=away, turns={"committee": rng.randint(0, 5)}, load={"sam": rng.randint(0, 2)})


def some_event(rng: Random, play: w.Play, facts: Facts) -> Event:
    waiting = [state for state in play.now.open_steps() if unclaimed(play.flow, state)]
    if waiting and rng.random() < 0.4:
        state = rng.choice(waiting)
        return Claim(**play.about(rng.choice((*state.owners, "fay")), facts=facts, path=state.path, attempt=state.attempt))
    seconds = [state for state in play.now.open_steps() if state.stage and not unclaimed(play.flow, state)]
    if seconds and rng.random() < 0.4:
        state = rng.choice(seconds)
        about = play.about(rng.choice((*state.owners, "fay")), facts=facts, path=state.path, attempt=state.attempt)
        return Decide(**about, choice=rng.choice(("confirm", "confirm", "differs")), reason="Two less", stage=state.stage)
    event = h.some_event(rng, play, facts)
    return h.some_event(rng, play, facts) if isinstance(event, Cancel) else event


def histories(*checks: h.Check, examples: int = 150) -> None:
    for seed in range(examples):
        rng = Random(seed)
        play, told = w.Play(rng.choice(FLOWS)), Told()
        values = {"budget": b.rupees(rng.choice(("50", "5000")))} if rng.random() < 0.7 else {}
        begin = Begin(**play.about("rita", facts=some_facts(rng)), run_id="r", reference="PA-1", values=values)
        try:
            h._step(play, begin, told, checks)
            for _ in range(rng.randint(20, 150)):
                h._step(play, some_event(rng, play, some_facts(rng)), told, checks)
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise


def test_every_history_holds() -> None:
    histories(*CHECKS)


def test_histories_reach_far() -> None:
    seen: set[str] = set()

    def look(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
        states = (*run.steps.values(), *run.history)
        seen.update({run.outcome, *(f"{state.path} claimed" for state in states if state.claimed)})
        seen.update(f"{state.path} covered" for state in states for given in state.handovers if given.by == "system")
        seen.update("in place" for state in states for vote in state.votes if vote.instead_of)

    histories(look)
    assert {"completed", "rejected", "count claimed", "asked claimed", "two claimed", "last claimed", "pause claimed"} <= seen
    assert {"in place", "approval covered", "money covered", "one covered"} <= seen


def free(run: Run, step: Any) -> frozenset[str]:
    """Nobody is barred from anything."""
    return frozenset()


@pytest.mark.parametrize(
    ("places", "name", "bug", "check"),
    [
        ((transition, people, approve, leave), "barred", free, apart),
        ((leave,), "_taken", lambda flow, run, state: frozenset(), never_for_nothing),
        ((transition,), "unclaimed", lambda flow, state: False, taken_first),
        ((pool,), "offer", lambda t, state: None, h.never_stranded),
    ],
    ids=["apart", "twice", "unclaimed", "untold"],
)
def test_a_planted_bug_is_found(monkeypatch: pytest.MonkeyPatch, places: Any, name: str, bug: Any, check: h.Check) -> None:
    for place in places:
        monkeypatch.setattr(place, name, bug)
    with pytest.raises(AssertionError):
        histories(check)
