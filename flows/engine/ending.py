"""How a run ends, and how it goes back to an earlier step."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from flows.calendar import share
from flows.decided import Reminded, RunEnded, StepCleared
from flows.effects import PlanTimer, Say, Topic
from flows.engine import parallel
from flows.engine.transition import Next, Transition
from flows.errors import Refused
from flows.model import End, Place
from flows.run import Status, StepStatus

CANCELLED, REVIEW = "cancelled", "review"


def end(t: Transition, path: str, outcome: str, reason: str = "", *, decided: bool = False) -> None:
    """The run is over. The requester is told, with who and why where a person `decided` so. While a cancelled run is being undone,
    only what undoes this one step is."""
    if t.run.cancelling is not None and path:
        t.blocks.append(Next("", block=t.flow.places[path].within[0]))
        return
    for state in t.run.open_steps():
        t.close(state.path, outcome, status=StepStatus.CANCELLED)
        details = {"because": "ended"}
        others = [owner for owner in state.owners if owner not in (t.actor, t.run.requester)]
        t.say(Say(other, Topic.DROPPED, state.path, state.attempt, details=details) for other in others)
    t.decide(RunEnded(outcome, False, t.actor, t.at, reason))
    details = {"outcome": outcome} | ({"by": t.actor, "reason": reason} if decided else {})
    attempt = t.run.steps[path].attempt if path in t.run.steps else 1
    t.say([Say(t.run.requester, Topic.OUTCOME, path, attempt, details=details)])


def finish(t: Transition, step: End) -> None:
    """The end of the flow's own way. Where personal values are to be looked at later, that moment is planned."""
    end(t, step.id, step.outcome)
    if step.review_after is not None and t.run.status is Status.ENDED:
        moment = share(t.facts.calendar, t.at, step.review_after, Decimal(1))
        t.effects.append(PlanTimer(step.id, 1, REVIEW, t.facts.calendar.next_working(moment)))


def review(t: Transition, step: End) -> None:
    """The run is long over: managers are told that its personal values are no longer needed."""
    t.decide(Reminded(step.id, 1, REVIEW, t.managers, t.at))
    t.say(Say(manager, Topic.REVIEW, step.id, 1) for manager in t.managers)


def send_back(t: Transition, path: str, outcome: str, target: str, reason: str) -> Next:
    """Close this attempt as returned and go back: `target` and all that follows it in its block is to be gone through again.
    Values, files and numbers stay. What undoes a step of a cancelled run stays with that: there is nothing to go back to."""
    if t.run.cancelling is not None and t.flow.places[path].within != t.flow.places[target].within:
        raise Refused("cancelling", by=t.run.cancelling.by)
    t.close(path, outcome, by=t.actor, status=StepStatus.RETURNED)
    forget(t, target)
    return Next(target, t.actor, reason)


def forget(t: Transition, target: str) -> None:
    """`target` and all that follows it in its block is to be gone through again; what is open there (a document being renewed) is
    not asked for any more."""
    for path in dict.fromkeys((*t.run.steps, *t.run.taken, *t.run.joined)):
        if not follows(t.flow.places, path, target):
            continue
        state = t.run.steps.get(path)
        if state is not None and state.closed_at is None:
            parallel.close(t, state, lambda waiting: follows(t.flow.places, waiting, target))
        t.decide(StepCleared(path))


def follows(places: Mapping[str, Place], path: str, target: str) -> bool:
    """Whether `path` is `target` or comes after it; what other blocks of a parallel step do meanwhile does not."""
    place, first = places[path], places[target]
    return place.number >= first.number and place.within[: len(first.within)] == first.within
