"""How a run ends, and how it goes back to an earlier step."""

from __future__ import annotations

from collections.abc import Mapping

from flows.decided import RunEnded, StepCleared
from flows.effects import Say, Topic
from flows.engine.people import distinct
from flows.engine.transition import Next, Transition
from flows.errors import Refused
from flows.model import Place
from flows.run import StepStatus

CANCELLED = "cancelled"


def end(t: Transition, path: str, outcome: str, reason: str = "", *, decided: bool = False) -> None:
    """The run is over. The requester is told, with who and why where a person `decided` so."""
    for state in t.run.open_steps():
        t.close(state.path, outcome, status=StepStatus.CANCELLED)
        details = {"because": "ended"}
        others = [owner for owner in state.owners if owner not in (t.actor, t.run.requester)]
        t.say(Say(other, Topic.DROPPED, state.path, state.attempt, details=details) for other in others)
    t.decide(RunEnded(outcome, False, t.actor, t.at, reason))
    details = {"outcome": outcome} | ({"by": t.actor, "reason": reason} if decided else {})
    attempt = t.run.steps[path].attempt if path in t.run.steps else 1
    t.say([Say(t.run.requester, Topic.OUTCOME, path, attempt, details=details)])


def cancel(t: Transition, reason: str) -> None:
    """The whole run is called off. Everyone who still had something to do is told, the requester, and who cancelled."""
    if t.actor != t.run.requester and t.actor not in t.managers:
        raise Refused("not_yours")
    waiting = t.run.open_steps()
    told = distinct([owner for state in waiting for owner in state.owners] + [t.run.requester, t.actor])
    for state in waiting:
        t.close(state.path, CANCELLED, by=t.actor, status=StepStatus.CANCELLED)
    t.decide(RunEnded(CANCELLED, True, t.actor, t.at, reason))
    path, attempt = (waiting[0].path, waiting[0].attempt) if waiting else ("", 0)
    details = {"by": t.actor, "reason": reason}
    t.say(Say(contact, Topic.CANCELLED, path, attempt, details=details) for contact in told)


def send_back(t: Transition, path: str, outcome: str, target: str, reason: str) -> Next:
    """Close this attempt as returned and go back: `target` and all that follows it in its block is to be gone through again.
    Values, files and numbers stay."""
    t.close(path, outcome, by=t.actor, status=StepStatus.RETURNED)
    for passed in [p for p in (*t.run.steps, *t.run.taken, *t.run.joined) if _follows(t.flow.places, p, target)]:
        t.decide(StepCleared(passed))
    return Next(target, t.actor, reason)


def _follows(places: Mapping[str, Place], path: str, target: str) -> bool:
    """Whether `path` is `target` or comes after it; what other blocks of a parallel step do meanwhile does not."""
    place, first = places[path], places[target]
    return place.number >= first.number and place.within[: len(first.within)] == first.within
