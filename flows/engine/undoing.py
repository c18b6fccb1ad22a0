"""Calling a run off: what was done is undone first, last done first, by the steps that the flow names for it; then it ends."""

from __future__ import annotations

from datetime import datetime

from flows.decided import Compensated, RunEnded, Undoing
from flows.effects import Say, Topic
from flows.engine.ending import CANCELLED
from flows.engine.people import distinct
from flows.engine.transition import Next, Transition
from flows.errors import Refused
from flows.events import SYSTEM
from flows.model import Branch, Flow, Parallel
from flows.run import Run, StepStatus


def cancel(t: Transition, reason: str) -> Next | None:
    """The whole run is called off: by its requester, a manager, or the run that started it. Everyone who still had something to do
    is told, the requester, and who cancelled; where the run that started it did, its requester heard of that."""
    if t.actor not in (SYSTEM, t.run.requester) and t.actor not in t.managers:
        raise Refused("not_yours")
    if t.run.cancelling is not None:
        raise Refused("cancelling", by=t.run.cancelling.by)
    waiting = t.run.open_steps()
    asked, informed = [owner for state in waiting for owner in state.owners], _informed(t, t.actor)
    for state in waiting:
        t.close(state.path, CANCELLED, by=t.actor, status=StepStatus.CANCELLED)
    path, attempt = (waiting[0].path, waiting[0].attempt) if waiting else ("", 0)
    paths = to_undo(t.flow, t.run)
    if not paths:
        t.decide(RunEnded(CANCELLED, True, t.actor, t.at, reason))
        _tell(t, [*asked, *informed], path, attempt, by=t.actor, reason=reason)
        return None
    t.decide(Undoing(paths, t.actor, reason, t.at))
    _tell(t, [owner for owner in asked if owner not in informed], path, attempt, by=t.actor, reason=reason)
    _tell(t, informed, path, attempt, by=t.actor, reason=reason, undo=",".join(paths))
    return _first(t, paths[0])


def undone(t: Transition, path: str) -> Next | None:
    """What undoes the step at `path` is through: on to the step done before it, or the run is over."""
    t.decide(Compensated(path))
    cancelling = t.run.cancelling
    assert cancelling is not None, "what undoes a step runs only while the run is cancelled"
    if cancelling.paths:
        return _first(t, cancelling.paths[0])
    t.decide(RunEnded(CANCELLED, True, cancelling.by, t.at, cancelling.reason))
    _tell(t, _informed(t, cancelling.by), "", 0, by=cancelling.by, reason=cancelling.reason)
    return None


def to_undo(flow: Flow, run: Run) -> tuple[str, ...]:
    """The steps that are done and name what undoes them, last done first. What was sent back, dropped or not needed is not done."""
    found = []
    for path, place in flow.places.items():
        done = _done(flow, run, path) if place.step.compensate else None
        if done is not None:
            found.append((done, place.number, path))
    return tuple(path for _, _, path in sorted(found, reverse=True))


def _done(flow: Flow, run: Run, path: str) -> datetime | None:
    """When a step was done: a branch or a parallel step with the last of the steps in it."""
    state, step = run.steps.get(path), flow.step(path)
    if state is not None:
        return state.closed_at if state.status is StepStatus.DONE else None
    through = path in run.taken if isinstance(step, Branch) else len(run.joined.get(path, ())) >= getattr(step, "needed", 1)
    if not isinstance(step, Branch | Parallel) or not through:
        return None
    inside = (s for p, s in run.steps.items() if path in dict((*flow.places[p].cases, *flow.places[p].within)))
    moments = [s.closed_at for s in inside if s.status is StepStatus.DONE]
    return max((moment for moment in moments if moment is not None), default=None)


def _first(t: Transition, path: str) -> Next:
    return Next(t.flow.step(path).compensate[0].id)


def _informed(t: Transition, by: str) -> list[str]:
    return [] if by == SYSTEM else [t.run.requester, by]


def _tell(t: Transition, people: list[str], path: str, attempt: int, **details: str) -> None:
    t.say(Say(contact, Topic.CANCELLED, path, attempt, details=details) for contact in distinct(people))
