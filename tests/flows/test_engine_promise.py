"""Nobody and nothing is forgotten. Whatever happens, in flows of every kind of step, to people who come, go and cannot be reached:
every run has an end, or each of its open steps is known to somebody who is there and can be reached, or a live timer, work or another
run will bring it to them. A planted bug beside each reason shows that the property can fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from flows import Record, Status, StepState, StepStatus, asking
from flows.engine import ask, commands, expiry, loop, parallel, pool, transition, undoing, wait
from flows.engine.words import CONFIRM, DIFFERS
from flows.events import (
    SYSTEM,
    Book,
    Cancel,
    Claim,
    Decide,
    Delegate,
    Drop,
    EndChild,
    Event,
    File,
    Finish,
    Fire,
    Give,
    Judge,
    Move,
    Replan,
    Resume,
    Skip,
    Take,
    Undo,
    Waive,
    Withdraw,
)
from flows.model import Approve, Ask, Collect, Do, Each, Policy, Schedule, Subflow, Wait, Worker
from flows.run import Verdict
from tests.flows import build as b
from tests.flows import play as w
from tests.flows.office import ALWAYS, PEOPLE, TODAY, Office, some_flow

VALUES: dict[str, Any] = {
    "items": b.ITEMS, "vendor": "Sharma", "mail": "a@example.test", "note": "soon", "urgency": "high", "need_by": TODAY,
    "count": 2, "insured": True, "insured_until": TODAY + timedelta(days=20), "received": TODAY,
}  # fmt: skip
seeds = st.integers(0, 2**20)


def something(office: Office, rng: Random) -> Event | None:
    """What somebody who is asked could well do now, or None where nobody is."""
    waits = [state for state in office.now.open_steps() if state.status is StepStatus.OPEN]
    if not waits:
        return None
    state = rng.choice(waits)
    step = office.flow.step(state.path)
    owners = [owner for owner in state.owners if office.people[owner].active] or [ALWAYS]
    here = office.about(rng.choice(owners), path=state.path, attempt=state.attempt)
    if step.owner.startswith("pool:") and not state.claimed and not state.stage:
        return Claim(**here)
    if here["actor"] in state.untaken and rng.random() < 0.5:
        return Take(**here, accept=rng.random() < 0.6, reason="no time")
    asked = asking(office.flow, office.now, state, office.facts())
    if asked and rng.random() < 0.9:
        skips = not office.flow.fields[asked].required and rng.random() < 0.5
        return Skip(**here, name=asked) if skips else Give(**here, values={asked: VALUES[asked]})
    return _doing(rng, step, state, here)


def _doing(rng: Random, step: Any, state: StepState, here: dict[str, Any]) -> Event:
    match step:
        case Collect() if state.stage:
            return Judge(
                **here, item=rng.choice(step.items), verdict=rng.choice((Verdict.ACCEPTED, Verdict.REJECTED)), reason="blurred"
            )
        case Collect():
            number, item = rng.randint(1, 9), rng.choice(step.items)
            return rng.choice((
                File(**here, item=item, document=f"d{number}", digest=f"d{number}", name="d.pdf"),
                File(**here, item=item, document=f"d{number}", digest=f"d{number}", name="d.pdf"),
                Waive(**here, item=item, reason="not needed"),
                Decide(**here, choice="submit"),
            ))  # fmt: skip
        case Approve():
            choice = rng.choice(("approve", "approve", "approve", "approve", "reject", "send_back"))
            return Decide(**here, choice=choice, reason="because", stage=state.stage)
        case Schedule() if state.slots:
            return Book(**here, slot=rng.choice(state.slots))
        case Do() if state.stage:
            return Decide(**here, choice=rng.choice((CONFIRM.key, CONFIRM.key, DIFFERS.key)), reason="no", stage=state.stage)
        case Ask():
            return Decide(**here, choice="submit")
    return Decide(**here, choice=rng.choice(("ok", "ok", "ok", "short")), reason="because")


class Promise(RuleBasedStateMachine):
    """One run of a random flow in an office."""

    office: Office

    @initialize(seed=seeds, grace=st.sampled_from((0, 0, 600)))
    def begun(self, seed: int, grace: int) -> None:
        self.office = Office(some_flow(seed), grace=grace)
        self.office.begin()

    @precondition(lambda self: not self.on())
    @rule(seed=seeds, grace=st.sampled_from((0, 0, 600)))
    def another_begins(self, seed: int, grace: int) -> None:
        self.begun(seed, grace)

    def on(self) -> bool:
        return self.office.now.status is Status.OPEN

    @precondition(on)
    @rule(seed=seeds, often=st.integers(1, 30))
    def people_do_what_they_are_asked(self, seed: int, often: int) -> None:
        rng = Random(seed)
        for _ in range(often):
            event = something(self.office, rng) if self.on() else None
            if event is not None:
                self.office.put(event)

    @precondition(lambda self: self.on() and self.office.timers)
    @rule()
    def time_passes_until_something_is_due(self) -> None:
        key, due = min(self.office.timers.items(), key=lambda each: each[1])
        path, attempt, rung = key
        del self.office.timers[key]
        self.office.at = max(due, self.office.at)
        self.office.fired[path] = (*self.office.fired.get(path, ()), rung)
        self.office.put(Fire(**self.office.about(SYSTEM), path=path, attempt=attempt, rung=rung))

    @precondition(lambda self: self.on() and self.office.works)
    @rule(number=seeds, error=st.booleans())
    def work_comes_back(self, number: int, error: bool) -> None:
        path, attempt = sorted(self.office.works)[number % len(self.office.works)]
        self.office.works.discard((path, attempt))
        found: dict[str, Any] = (
            {"error": "broken"} if error else {"document": f"po{number}", "digest": f"{number}", "name": "po.pdf"}
        )
        if isinstance(self.office.flow.step(path), Worker) and not error:
            found = {"values": {"vendor": "Read of it"}}
        self.office.put(Finish(**self.office.about(SYSTEM), path=path, attempt=attempt, **found))

    @precondition(lambda self: self.on() and self.office.children)
    @rule(number=seeds, outcome=st.sampled_from(("done", "changed", "lost", "cancelled")))
    def a_child_is_over(self, number: int, outcome: str) -> None:
        run = sorted(self.office.children)[number % len(self.office.children)]
        path, attempt = self.office.children.pop(run)
        self.office.put(EndChild(**self.office.about(SYSTEM), path=path, attempt=attempt, run=run, outcome=outcome, reason="so"))

    @precondition(on)
    @rule(seed=seeds)
    def a_manager_mends(self, seed: int) -> None:
        stopped = [state for state in self.office.now.open_steps() if state.status is StepStatus.BLOCKED]
        if stopped:
            state = Random(seed).choice(stopped)
            self.office.put(Resume(**self.office.about(ALWAYS), path=state.path, attempt=state.attempt))

    @precondition(on)
    @rule(seed=seeds)
    def a_manager_takes_a_step_out(self, seed: int) -> None:
        rng, waits = Random(seed), self.office.now.open_steps()
        if waits and rng.random() < 0.1:
            state = rng.choice(waits)
            self.office.put(Drop(**self.office.about(ALWAYS), path=state.path, attempt=state.attempt, reason="not needed"))

    @precondition(on)
    @rule(seed=seeds)
    def something_changes_hands(self, seed: int) -> None:
        rng, waits = Random(seed), [state for state in self.office.now.open_steps() if state.owners]
        if not waits:
            return
        state = rng.choice(waits)
        owner, to = rng.choice(state.owners), rng.choice(PEOPLE)
        here = self.office.about(rng.choice((owner, ALWAYS)), path=state.path, attempt=state.attempt)
        self.office.put(rng.choice((Delegate(**here, owner=owner, to=to), Withdraw(**here), Undo(**here))))

    @precondition(on)
    @rule(who=st.sampled_from([name for name in PEOPLE if name != ALWAYS]), active=st.booleans(), reachable=st.booleans())
    def somebody_comes_or_goes(self, who: str, active: bool, reachable: bool) -> None:
        self.office.meets(who, active=active, reachable=reachable)

    @precondition(on)
    @rule(dice=st.integers(0, 9), by=st.sampled_from(("rita", ALWAYS)))
    def it_is_called_off(self, dice: int, by: str) -> None:
        if not dice:
            self.office.put(Cancel(**self.office.about(by), reason="no more"))

    @precondition(on)
    @rule(moves=st.booleans())
    def working_time_or_its_flow_changes(self, moves: bool) -> None:
        if not moves:
            self.office.put(Replan(**self.office.about(SYSTEM), climbed=self._climbed()))
            return
        self.office.flow = replace(self.office.flow, version=self.office.flow.version + 1)
        moved = self.office.put(Move(**self.office.about(ALWAYS), climbed=self._climbed()))
        assert moved or self.office.now.cancelling is not None

    def _climbed(self) -> dict[str, tuple[str, ...]]:
        return dict(self.office.fired)

    # --- what always holds --------------------------------------------------------------------------------------------

    @invariant()
    def nobody_is_forgotten(self) -> None:
        if hasattr(self, "office"):
            assert self.office.forgotten() == []

    @invariant()
    def who_is_asked_hears_of_it(self) -> None:
        """At once, or as soon as they can be reached; of work and of other runs nobody hears while they go on."""
        office = getattr(self, "office", None)
        for state in office.now.open_steps() if office is not None else ():
            here = (state.path, state.attempt)
            silent = here in office.works or isinstance(office.flow.step(state.path), Subflow | Each)
            if not silent:
                assert {(owner, *here) for owner in state.owners} <= office.told | office.waiting

    @invariant()
    def no_attempt_is_opened_twice(self) -> None:
        office = getattr(self, "office", None)
        if office is not None:
            ids = [(s.path, s.attempt) for s in (*office.now.history, *office.now.steps.values())]
            assert len(set(ids)) == len(ids)

    @invariant()
    def what_is_over_is_over(self) -> None:
        office = getattr(self, "office", None)
        if office is not None and office.now.status is not Status.OPEN:
            assert office.now.open_steps() == ()
            assert not {key for key in office.timers if not key[2].startswith(expiry.RUNG)}
            assert office.now.status is not Status.CANCELLED or not office.children

    @invariant()
    def what_goes_on_has_its_children_and_they_have_it(self) -> None:
        office = getattr(self, "office", None)
        if office is not None and office.now.status is Status.OPEN:
            known = {child.run for children in office.now.children.values() for child in children if not child.outcome}
            assert set(office.children) == known


def test_nobody_is_ever_forgotten() -> None:
    found = settings(
        max_examples=120, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(Promise, settings=found)


def walks(count: int) -> None:
    """The same histories at every call, whatever hypothesis draws. A failure names its seed."""
    for seed in range(count):
        try:
            _walk(Random(seed))
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise


def _walk(rng: Random) -> None:
    made = Promise()
    made.begun(rng.randrange(2**20), rng.choice((0, 0, 600)))
    for _ in range(40):
        if not made.on():
            break
        _one(made, rng)
        for holds in HOLD:
            holds(made)


def _one(made: Promise, rng: Random) -> None:
    seed = rng.randrange(2**20)
    others = rng.choice((
        lambda: made.a_manager_mends(seed),
        lambda: made.a_manager_takes_a_step_out(seed),
        lambda: made.something_changes_hands(seed),
        lambda: made.somebody_comes_or_goes(rng.choice(PEOPLE[:-1]), rng.random() < 0.7, rng.random() < 0.7),
        lambda: made.it_is_called_off(rng.randrange(6), rng.choice(("rita", ALWAYS))),
        lambda: made.working_time_or_its_flow_changes(rng.random() < 0.5),
    ))  # fmt: skip
    if rng.random() < 0.4:
        made.people_do_what_they_are_asked(seed, rng.randint(1, 30))
    elif made.office.works and rng.random() < 0.5:
        made.work_comes_back(seed, rng.random() < 0.2)
    elif made.office.children and rng.random() < 0.5:
        made.a_child_is_over(seed, rng.choice(("done", "changed", "lost", "cancelled")))
    elif made.office.timers and rng.random() < 0.4:
        made.time_passes_until_something_is_due()
    else:
        others()


HOLD = (
    Promise.nobody_is_forgotten, Promise.who_is_asked_hears_of_it, Promise.no_attempt_is_opened_twice, Promise.what_is_over_is_over,
    Promise.what_goes_on_has_its_children_and_they_have_it,
)  # fmt: skip


def test_these_histories_reach_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """They hold too, and meet every kind of step and end, and most of what can be decided."""
    seen: set[str] = set()
    put = Office.put

    def looking(office: Office, event: Event) -> bool:
        applied = put(office, event)
        record = office.effects[0]
        assert isinstance(record, Record)
        seen.update(type(fact).__name__ for fact in record.decided)
        seen.update({state.outcome for state in office.now.steps.values()} | {office.now.status.value})
        seen.update(office.flow.step(path).kind for path in office.now.steps)
        return applied

    monkeypatch.setattr(Office, "put", looking)
    walks(300)
    kinds = {"ask", "collect", "approve", "do", "worker", "schedule", "generate", "notify", "wait", "branch", "subflow", "each"}
    assert kinds <= seen
    assert {"open", "ended", "cancelled", "dropped", "not-needed", "time-up", "reached", "submit", "answered", "made"} <= seen
    assert {
        "Compensated",
        "Undoing",
        "BlockDone",
        "ValueCleared",
        "Moved",
        "Delegated",
        "Claimed",
        "StepBlocked",
        "Booked",
    } <= seen
    assert {"Held", "FilesSetAside", "HandoverTaken", "HandoverDeclined", "Suggested", "ItemWaived"} <= seen


def test_who_comes_late_to_a_step_is_chased_like_the_others() -> None:
    """All rungs were climbed while the first had it; the second is not left alone with it."""
    flow = b.flow(b.approve("head", "finance", policy=Policy.SEQUENCE, due=b.bh("4"), ladder=b.LADDER), b.end())
    play = w.Play(flow).begin()
    for rung in b.LADDER:
        play.fire(rung.name)
    play.at += timedelta(days=1)
    play.decide("hana", "approve")
    assert play.timers.keys() == {rung.name for rung in b.LADDER}
    assert play.now.steps["approval"].due_at == play.timers["due"] == play.at + timedelta(hours=4)
    early = w.Play(flow).begin().decide("hana", "approve")
    assert early.timers == {}, "what is still to come stays as it was planned"


# --- planted bugs -----------------------------------------------------------------------------------------------------


def silent(*_: Any, **__: Any) -> None:
    """Nothing happens, and nobody hears of it."""


def untimed(t: transition.Transition, step: Wait, why: Any) -> None:
    """It waits, and nothing will wake it."""
    t.open(step, (), why, until=t.at + timedelta(minutes=5))


def stopped_quietly(t: transition.Transition, path: str, reason: str) -> None:
    t.decide(transition.StepBlocked(path, t.run.steps[path].attempt, reason, t.managers, t.at))


def dropped_and_left(t: transition.Transition, event: Drop) -> None:
    """The step is closed and the run goes nowhere."""
    t.close(t.waiting(event.path, event.attempt).path, "dropped", status=StepStatus.CANCELLED)


def undone_and_left(t: transition.Transition, path: str) -> None:
    t.decide(undoing.Compensated(path))


def rejoined(t: transition.Transition, path: str, block: str) -> None:
    """A block is done, and nobody looks whether enough are."""
    t.decide(parallel.BlockDone(path, block))


def owners_only(t: transition.Transition, step: Any, attempt: int, due: Any, pace: int) -> None:
    """No ladder: whoever cannot be reached is waited for for ever."""


@pytest.mark.parametrize(
    ("place", "name", "bug"),
    [
        (wait, "begin", untimed),
        (transition.Transition, "block", stopped_quietly),
        (transition.Transition, "_climb", owners_only),
        (commands, "drop", dropped_and_left),
        (undoing, "undone", undone_and_left),
        (parallel, "join", rejoined),
        (pool, "offer", silent),
        (loop, "again", silent),
        (ask, "ask_next", lambda *_: True),
    ],
    ids=["wake", "stop", "ladder", "drop", "undo", "join", "pool", "loop", "question"],
)
def test_a_planted_bug_is_found(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, bug: Callable[..., Any]) -> None:
    monkeypatch.setattr(place, name, bug)
    with pytest.raises(AssertionError):
        walks(1500)
