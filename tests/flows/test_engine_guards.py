"""Random histories of decisions that are held, withdrawn, handed over, declined and confirmed: what must hold after every event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import DropTimers, Effect, Flow, PlanTimer, Record, Refused, Run, Status, StepStatus, advance, replay
from flows.decided import Voted
from flows.effects import DropTimer
from flows.engine import approve, delegate, holding, second
from flows.events import SYSTEM, Begin, Cancel, Decide, Delegate, Event, Fire, Give, Take, Undo, Withdraw
from flows.model import Approve, Policy
from tests.flows import build as b
from tests.flows import play as w

PEOPLE = w.PEOPLE | {"store": ("sam", "sue", "fay")}
EVERYBODY = sorted({person for held in PEOPLE.values() for person in held} | {"rita"})
BACK: dict[str, Any] = {"send_back_to": "request", "due": b.bh("4")}
FLOWS = (
    b.flow(b.ask("vendor"), b.approve("committee", policy=Policy.N_OF_M, needed=2, **BACK), b.end()),
    b.flow(b.ask("vendor"), b.approve("head", "finance", "head", policy=Policy.SEQUENCE, **BACK), b.end()),
    b.flow(b.ask("vendor"), b.approve("head", **BACK), b.do(fields=("count",), confirm_by="store"), b.end()),
)
CHOICES = ("approve", "approve", "approve", "reject", "send_back", "ok", "ok", "short", "confirm", "differs", "submit")
Key = tuple[str, int, str]


class History:
    """One run, moved by chance; `timers` are those that live, as the rows would have them,
    `fired` those of which somebody has heard."""

    def __init__(self, flow: Flow, seed: int) -> None:
        self.flow, self.chance = flow, Random(seed)
        self.at, self.timers, self.fired = w.MONDAY, dict[Key, datetime](), set[Key]()
        self.facts = w.facts(people=PEOPLE, grace=10)
        self.run: Run | None = None
        self.votes: list[Voted] = []
        self.put(Begin(at=self.at, actor="rita", facts=self.facts, run_id="r1", reference="PA-1", values={"vendor": "x"}))

    def put(self, event: Event) -> None:
        before = self.run
        try:
            self.run, effects = advance(self.flow, self.run, event)
        except Refused:
            return
        record = effects[0]
        assert isinstance(record, Record)
        assert replay(before, record.decided) == self.run
        self.votes += [fact for fact in record.decided if isinstance(fact, Voted)]
        self._plan(effects)

    def _plan(self, effects: tuple[Effect, ...]) -> None:
        """As the executor has it: what is dropped goes first, what is planned last."""
        for effect in effects:
            match effect:
                case DropTimers(path, attempt):
                    self.timers = {key: due for key, due in self.timers.items() if key[:2] != (path, attempt)}
                case DropTimer(path, attempt, rung):
                    self.timers.pop((path, attempt, rung), None)
        for effect in effects:
            if isinstance(effect, PlanTimer):
                self.timers[effect.path, effect.attempt, effect.rung] = effect.due
                self.fired.discard((effect.path, effect.attempt, effect.rung))

    def step(self) -> None:
        """Something happens: mostly somebody says something, sometimes time passes."""
        assert self.run is not None
        if self.chance.random() < 0.35 and self.timers:
            self.fire()
            return
        self.at += timedelta(seconds=self.chance.randint(1, 8))
        open_steps = self.run.open_steps()
        if open_steps:
            self.put(self.said(self.chance.choice(open_steps).path))

    def fire(self) -> None:
        key, due = min(self.timers.items(), key=lambda timer: (timer[1], timer[0]))
        del self.timers[key]
        self.fired.add(key)
        self.at = max(self.at, due)
        self.put(Fire(at=self.at, actor=SYSTEM, facts=self.facts, path=key[0], attempt=key[1], rung=key[2]))

    def said(self, path: str) -> Event:
        assert self.run is not None
        state, chance = self.run.steps[path], self.chance
        likely = [*state.owners, *state.untaken, *(vote.by for vote in state.votes), *(held.by for held in state.held)]
        who = chance.choice(likely if likely and chance.random() < 0.8 else EVERYBODY)
        about: dict[str, Any] = {
            "at": self.at, "actor": who, "facts": self.facts, "path": path, "attempt": state.attempt,
        }  # fmt: skip
        stage = state.stage if chance.random() < 0.9 else 0
        return chance.choices(
            (
                lambda: Decide(**about, choice=chance.choice(CHOICES), reason=chance.choice(("why", "why", "")), stage=stage),
                lambda: Undo(**about),
                lambda: Withdraw(**about),
                lambda: Delegate(**about, owner=chance.choice(likely or EVERYBODY), to=chance.choice(EVERYBODY)),
                lambda: Take(**about, accept=chance.random() < 0.5, reason="no time"),
                lambda: Give(**about, values={"count": 3}),
                lambda: Cancel(at=self.at, actor=who, facts=self.facts),
            ),
            (50, 8, 8, 12, 12, 12, 1),
        )[0]()


def faults(history: History) -> list[str]:
    """What is wrong with the run as it stands."""
    run = history.run
    assert run is not None
    if run.status is not Status.OPEN:
        return ["an ended run has live timers"] if history.timers else []
    found = []
    for state in run.steps.values():
        live = {rung for path, attempt, rung in history.timers if (path, attempt) == (state.path, state.attempt)}
        held = {f"grace:{one.by}" for one in state.held}
        if held != {rung for rung in live if rung.startswith("grace:")}:
            found.append("what is held and the grace timers are not the same")
        if len(held) != len(state.held):
            found.append("somebody holds two decisions on one step")
        asked = {f"untaken:{one}" for one in state.untaken}
        told = {rung for path, attempt, rung in history.fired if (path, attempt) == (state.path, state.attempt)}
        if state.status is StepStatus.OPEN and not asked <= live | told:
            found.append("a handover that nobody waits for")
        if state.held and state.status is not StepStatus.OPEN:
            found.append("a closed step holds a decision")
        step, by = history.flow.step(state.path), [vote.by for vote in state.votes]
        if isinstance(step, Approve) and step.policy is Policy.N_OF_M and len(by) != len(set(by)):
            found.append("one person voted twice")
        if isinstance(step, Approve) and step.policy is Policy.SEQUENCE and len(by) > state.stage + 1:
            found.append("a stage was decided twice")
        if state.path == "work" and any(one.by in (two.by, two.instead_of) for one, two in _pairs(state.votes)):
            found.append("who reported confirmed")
    return found


def _pairs(votes: tuple[Any, ...]) -> list[tuple[Any, Any]]:
    """Each confirmation (or objection) with the report that it is about."""
    return list(zip(votes[1::2], votes[::2], strict=False))


def first_fault(seed: int, moves: int = 40) -> list[str]:
    history = History(FLOWS[seed % len(FLOWS)], seed)
    for _ in range(moves):
        history.step()
        if found := faults(history):
            return found
    return []


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**6))
def test_after_every_event(seed: int) -> None:
    assert first_fault(seed) == []


def test_the_histories_reach_what_they_are_about() -> None:
    seen: set[str] = set()
    for seed in range(150):
        history = History(FLOWS[seed % len(FLOWS)], seed)
        for _ in range(40):
            history.step()
            assert history.run is not None
            for state in (*history.run.steps.values(), *history.run.history):
                seen |= {"held"} if state.held else set()
                seen |= {"untaken"} if state.untaken else set()
                seen |= {vote.choice for vote in state.votes}
                seen |= {f"stage {state.stage}", state.outcome}
        assert history.run is not None
        seen.add(history.run.outcome)
    assert {"held", "untaken", "confirm", "differs", "stage 1", "stage 2", "withdrawn", "completed", "rejected"} <= seen


def _no_timer(patch: pytest.MonkeyPatch) -> str:
    kept = holding.hold

    def hold(t: Any, state: Any, event: Any) -> bool:
        done = kept(t, state, event)
        t.effects = [effect for effect in t.effects if not isinstance(effect, PlanTimer)]
        return done

    patch.setattr(approve, "hold", hold)
    return "what is held and the grace timers are not the same"


def _never_released(patch: pytest.MonkeyPatch) -> str:
    from flows.engine.transition import Transition

    patch.setattr(Transition, "drop_held", lambda t, path, by, of="": None)
    return "what is held and the grace timers are not the same"


def _kept_beside(patch: pytest.MonkeyPatch) -> str:
    patch.setattr(holding, "of", lambda state, contact: None)
    return "somebody holds two decisions on one step"


def _forgotten_offer(patch: pytest.MonkeyPatch) -> str:
    patch.setattr(delegate, "offer", lambda t, state, given, attach: None)
    return "a handover that nobody waits for"


def _own_report(patch: pytest.MonkeyPatch) -> str:
    patch.setattr(second, "_who", lambda report: frozenset())
    return "who reported confirmed"


@pytest.mark.parametrize("bug", [_no_timer, _never_released, _kept_beside, _forgotten_offer, _own_report])
def test_a_planted_bug_is_found(monkeypatch: pytest.MonkeyPatch, bug: Callable[[pytest.MonkeyPatch], str]) -> None:
    fault = bug(monkeypatch)
    assert any(fault in first_fault(seed) for seed in range(400))
