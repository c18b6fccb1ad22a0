"""One event being worked out: what is decided is folded in at once, so that every next thought sees the run as it then stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from flows.decided import Decided, StepBlocked, StepClosed, StepOpened
from flows.effects import DropTimers, Effect, PlanTimer, Record, Say, Topic
from flows.engine.words import CANCEL, RETRY
from flows.errors import Refused
from flows.events import SYSTEM, Event
from flows.fold import counted, fold
from flows.ladder import climb, due_at
from flows.model import Flow, Step
from flows.run import Run, StepState, StepStatus

MANAGER = "manager"


class Next(NamedTuple):
    """The step to go on with ("": the flow has run out, or the `block` of a parallel step: its path and the block's name). After a
    send-back: by whom, and why."""

    path: str
    sent_back_by: str = ""
    reason: str = ""
    block: tuple[str, str] | None = None


class Transition:
    """Collects the decided facts and the effects of one event; `run` is the snapshot so far. `blocks` of a parallel step wait
    their turn to be begun, the next one last."""

    __slots__ = ("_run", "actor", "at", "blocks", "decided", "effects", "event", "facts", "flow")

    def __init__(self, flow: Flow, run: Run | None, event: Event) -> None:
        self.flow, self._run, self.event = flow, run, event
        self.at, self.actor, self.facts = event.at, event.actor, event.facts
        self.decided: list[Decided] = []
        self.effects: list[Effect] = []
        self.blocks: list[Next] = []

    @property
    def run(self) -> Run:
        assert self._run is not None, "only RunBegun comes before there is a run"
        return self._run

    @property
    def managers(self) -> tuple[str, ...]:
        return self.facts.people.get(MANAGER, ())

    def decide(self, fact: Decided) -> None:
        self.decided.append(fact)
        self._run = fold(self._run, fact)

    def say(self, effects: Iterable[Say]) -> None:
        self.effects.extend(effects)

    def result(self) -> tuple[Run, tuple[Effect, ...]]:
        return counted(self.run), (Record(tuple(self.decided)), *self.effects)

    def after(self, path: str) -> Next:
        place = self.flow.places[path]
        return Next(place.after) if place.after or not place.within else Next("", block=place.within[-1])

    # --- the life of one step attempt ---------------------------------------------------------------------------------

    def open(
        self, step: Step, owners: tuple[str, ...], why: Next, *, timed: bool = True, until: datetime | None = None
    ) -> StepState:
        """Open the next attempt of a step and plan its ladder. What waits `until` a moment has no other due time."""
        attempt = 1 + sum(state.path == step.id for state in self.run.history)
        anchor = self._anchor(step)
        due = due_at(self.facts.calendar, step, self.at, anchor) if timed and until is None else until
        self.decide(StepOpened(step.id, attempt, owners, due, self.at, why.reason, why.sent_back_by))
        if due is not None:
            rungs = climb(self.facts.calendar, step, self.at, due, anchor)
            self.effects.extend(PlanTimer(step.id, attempt, rung.name, moment) for rung, moment in rungs)
        return self.run.steps[step.id]

    def _anchor(self, step: Step) -> date | None:
        value = self.run.values.get(step.due.anchor) if step.due else None
        return value if isinstance(value, date) else None

    def close(self, path: str, outcome: str, *, by: str = SYSTEM, status: StepStatus = StepStatus.DONE) -> None:
        """Close the current attempt; its timers must never fire."""
        attempt = self.run.steps[path].attempt
        self.decide(StepClosed(path, attempt, status, outcome, by, self.at))
        self.effects.append(DropTimers(path, attempt))

    def block(self, path: str, reason: str) -> None:
        """Stop here: a manager must mend the cause, then retry or cancel."""
        attempt = self.run.steps[path].attempt
        self.decide(StepBlocked(path, attempt, reason, self.managers, self.at))
        self.effects.append(DropTimers(path, attempt))
        self.say(Say(m, Topic.BLOCKED, path, attempt, (RETRY, CANCEL), details={"reason": reason}) for m in self.managers)

    def stop(self, step: Step, why: Next, reason: str) -> None:
        """A step that cannot even open: nobody owns it, or the way on is not known."""
        self.open(step, (), why, timed=False)
        self.block(step.id, reason)

    def waiting(self, path: str, attempt: int) -> StepState:
        """The open attempt that an event is about. Raises Refused: `closed` with who decided, or `blocked`."""
        state = self.run.steps.get(path)
        if state is None or state.attempt != attempt or state.closed_at is not None:
            raise _closed(self.run, path, attempt)
        if state.status is StepStatus.BLOCKED:
            raise Refused("blocked", reason=state.reason)
        return state

    def owned(self, path: str, attempt: int) -> StepState:
        """The same, for an actor who must own it. Raises Refused `not_yours` too."""
        state = self.waiting(path, attempt)
        if self.actor not in state.owners:
            raise self.not_yours(state)
        return state

    def not_yours(self, state: StepState) -> Refused:
        """The refusal of somebody who is not asked, with to whom they handed it over, if they did."""
        given = next((handover.to for handover in reversed(state.handovers) if handover.owner == self.actor), "")
        return Refused("not_yours", to=given) if given else Refused("not_yours")


def _closed(run: Run, path: str, attempt: int) -> Refused:
    for state in (*run.steps.values(), *run.history):
        if (state.path, state.attempt) == (path, attempt) and state.closed_at is not None:
            return Refused("closed", by=state.closed_by, choice=state.outcome, at=state.closed_at.isoformat())
    return Refused("closed", by="", choice="", at="")
