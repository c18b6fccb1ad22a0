"""One event being worked out: what is decided is folded in at once, so that every next thought sees the run as it then stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from flows.decided import (
    ChildDone,
    Decided,
    Delegated,
    Released,
    RunEnded,
    StageReached,
    StepBlocked,
    StepCleared,
    StepClosed,
    StepOpened,
    Undoing,
)
from flows.effects import CancelChild, DropTimer, DropTimers, Effect, PlanTimer, Record, Say, Topic
from flows.engine.leave import absence
from flows.engine.orphans import NOT_NEEDED, orphans
from flows.engine.owners import MANAGER, barred, court_of, unclaimed
from flows.engine.pace import USUAL, pace_of
from flows.engine.unwatched import unwatched
from flows.engine.words import CANCEL, RETRY
from flows.errors import Refused
from flows.events import SYSTEM, Event
from flows.fold import counted, fold
from flows.ladder import anchor_of, climb, due_at
from flows.model import Flow, Notify, Step
from flows.run import Child, Run, StepState, StepStatus
from flows.said import sentence

GRACE = "grace:"
"""What the rung of a grace timer begins with; the contact id of who can undo follows."""


class Next(NamedTuple):
    """The step to go on with ("": the flow has run out, or the `block` of a parallel step: its path and the block's name). After a
    send-back: by whom, and why. `renews` and `returns_to`: see `flows.progress.StepOpened`."""

    path: str
    sent_back_by: str = ""
    reason: str = ""
    block: tuple[str, str] | None = None
    renews: tuple[str, ...] = ()
    returns_to: tuple[str, ...] = ()


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
        """Fold a fact in; runs that this one started and that it leaves to nobody are called off first."""
        if self._run is not None and self._run.children:
            self.let_go(orphans(self._run, fact), whole=isinstance(fact, Undoing | RunEnded))
        if isinstance(fact, StepClosed | StageReached | StepBlocked):
            self.drop_held(fact.path, fact.by if isinstance(fact, StepClosed) else self.actor)
        if self._run is not None and isinstance(fact, StepCleared | RunEnded | Undoing):
            self.effects.extend(DropTimers(path, attempt) for path, attempt in unwatched(self.flow, self._run, fact))
        self.decided.append(fact)
        self._run = fold(self._run, fact)

    def let_go(self, children: Iterable[tuple[str, Child]], *, whole: bool = False) -> None:
        """Call off runs that this one started (each with its step's path), because the `whole` of it is or they are not needed."""
        reason = sentence("{reference} no longer needs it.", reference=self.run.reference)
        if whole:
            reason = sentence("{reference} was cancelled.", reference=self.run.reference)
        for path, child in children:
            self.decide(ChildDone(path, child.run, NOT_NEEDED))
            self.effects.append(CancelChild(child.run, reason))

    def drop_held(self, path: str, by: str, of: str = "") -> None:
        """Decisions (all, or one person's) that can still be undone count no more, since `by` was first; their makers are told."""
        state = self.run.steps[path]
        for held in [held for held in state.held if of in ("", held.by)]:
            self.decide(Released(path, state.attempt, held.by))
            self.effects.append(DropTimer(path, state.attempt, GRACE + held.by))
            if held.by != self.actor:
                details = {"choice": held.choice, "because": "closed", "by": by}
                self.say([Say(held.by, Topic.UNDONE, path, state.attempt, details=details)])

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
        timed = timed and until is None
        pace = pace_of(self.flow, self.run, self.facts) if timed else USUAL
        anchor = anchor_of(self.run, step.due)
        due = due_at(self.facts.calendar, step, self.at, anchor, pace) if timed else until
        court = court_of(self.flow, self.facts, owners)
        came = (why.reason, why.sent_back_by, court, pace, why.renews, why.returns_to)
        self.decide(StepOpened(step.id, attempt, owners, due, self.at, *came))
        if timed:
            self._climb(step, attempt, due, pace)
        return self._covered(step.id)

    def _climb(self, step: Step, attempt: int, due: datetime | None, pace: int) -> None:
        rungs = climb(self.facts.calendar, step, self.at, due, anchor_of(self.run, step.due), pace)
        self.effects.extend(PlanTimer(step.id, attempt, rung.name, moment) for rung, moment in rungs)

    def pass_on(self, path: str, stage: int, owners: tuple[str, ...], before: tuple[str, ...] = ()) -> StepState:
        """An open step waits for others now: its next role, its second person, who checks it (and may go back to those `before`).
        What is late already gets its time anew: whoever comes late to it is chased like the others."""
        court, state = court_of(self.flow, self.facts, owners), self.run.steps[path]
        step, due = self.flow.step(path), state.due_at
        late = due is not None and due <= self.at
        if late:
            due = due_at(self.facts.calendar, step, self.at, anchor_of(self.run, step.due), state.pace)
        self.decide(StageReached(path, stage, owners, due, self.at, court, before))
        if late:
            self._climb(step, state.attempt, due, state.pace)
        return self._covered(path)

    def _covered(self, path: str) -> StepState:
        """Owners on leave give way to who covers them; where nobody may and the step waits for them, managers hear of it."""
        state = self.run.steps[path]
        if not self.facts.leave or isinstance(self.flow.step(path), Notify):
            return state
        found = absence(self.flow, self.run, self.facts, state, self.actor)
        for owner, to in found.covered:
            self.decide(Delegated(path, state.attempt, owner, to, SYSTEM, self.at))
            self.say([Say(to, Topic.COVERED, path, state.attempt, details={"owner": owner, "to": to})])
        details = {"owners": ",".join(found.kept), "why": found.why}
        told = self.managers if found.kept else ()
        self.say(Say(one, Topic.COVERED, path, state.attempt, details=details) for one in told if one not in found.kept)
        return self.run.steps[path]

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
        choices = (RETRY, CANCEL) if self.run.cancelling is None else (RETRY,)
        self.say(Say(m, Topic.BLOCKED, path, attempt, choices, details={"reason": reason}) for m in self.managers)

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
        """The same, for an actor who must own it. Raises Refused `not_yours`, and what `may_act` raises, too."""
        state = self.waiting(path, attempt)
        if self.actor not in state.owners:
            raise self.not_yours(state)
        self.may_act(state)
        return state

    def may_act(self, state: StepState) -> None:
        """Raises Refused: `own_step` for who acted on a step that bars them, `claim_first` while the step waits in a pool."""
        if self.actor in barred(self.run, self.flow.step(state.path)):
            raise Refused("own_step")
        if unclaimed(self.flow, state):
            raise Refused("claim_first")

    def not_yours(self, state: StepState) -> Refused:
        """The refusal of somebody who is not asked, with to whom they handed it over, if they did."""
        given = next((handover.to for handover in reversed(state.handovers) if handover.owner == self.actor), "")
        return Refused("not_yours", to=given) if given else Refused("not_yours")


def _closed(run: Run, path: str, attempt: int) -> Refused:
    for state in (*run.steps.values(), *run.history):
        if (state.path, state.attempt) == (path, attempt) and state.closed_at is not None:
            return Refused("closed", by=state.closed_by, choice=state.outcome, at=state.closed_at.isoformat())
    return Refused("closed", by="", choice="", at="")
