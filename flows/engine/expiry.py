"""Documents that expire: watched ahead of their last day, renewed, and never passed by a step that needs them valid.

A renewal is the checklist's step opened once more for the documents concerned. Ahead of time it runs beside the run, and the
old document counts until a new one comes. Where a step needs the document, the run waits and goes on at that step.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time

from flows.calendar import DAY
from flows.checklist import asked_of, counting, expired, since, waived
from flows.decided import Awaited, FilesSetAside, Reminded, StepCleared
from flows.effects import PlanTimer, Say, Topic
from flows.engine import parallel
from flows.engine.fields import clear
from flows.engine.listing import givers
from flows.engine.orphans import NOT_NEEDED
from flows.engine.people import distinct
from flows.engine.prompts import prompt
from flows.engine.transition import Next, Transition
from flows.errors import Refused
from flows.events import Fire
from flows.ladder import climb
from flows.model import Clock, Collect, Duration, Step
from flows.run import StepState, StepStatus
from flows.said import sentence

RUNG = "expiry"
"""What the name of an expiry rung begins with: `expiry30:insurance`."""
AHEAD = (30, 15, 7)
"""Days before a document's last day on which it is spoken of."""
SHARED = Duration(Clock.DAYS)
"""Stands for the due time of a renewal ahead of time: its ladder is shared out over the time left."""


def today(t: Transition) -> date:
    """The day it is where the business is."""
    return t.facts.calendar.local(t.at).date()


# --- watching ---------------------------------------------------------------------------------------------------------


def watch(t: Transition, step: Collect) -> None:
    """Plan the rungs ahead of each document's last day that are still to come. Of a document that is given later than all of them
    it is told on the next working day."""
    state = t.run.steps[step.id]
    for item in step.items:
        until = _until(t, item)
        if until is None or waived(t.run, item) or not counting(t.run, item):
            continue
        moments = [(days, _morning(t, until - days * DAY)) for days in AHEAD]
        rungs = [(days, moment) for days, moment in moments if moment > t.at]
        if not rungs and item not in state.renews:
            rungs = [(AHEAD[-1], _morning(t, today(t) + DAY))]
        t.effects.extend(PlanTimer(step.id, state.attempt, f"{RUNG}{days}:{item}", moment) for days, moment in rungs)


def fire(t: Transition, event: Fire) -> Next | None:
    """A rung ahead of a document's last day: the owner and managers are told, and the first one asks for a new document."""
    step, state = t.flow.places[event.path].step if event.path in t.flow.places else None, t.run.steps.get(event.path)
    item = event.rung.partition(":")[2]
    if not isinstance(step, Collect) or state is None or state.attempt != event.attempt or item not in step.items:
        raise Refused("not_waiting")
    until, renewing = _until(t, item), state.closed_at is None
    if until is None or waived(t.run, item) or t.run.cancelling is not None:
        raise Refused("not_waiting")
    if not (state.renews if renewing else state.status is StepStatus.DONE):
        raise Refused("not_waiting")
    if until - AHEAD[0] * DAY > today(t):  # the date was changed meanwhile
        watch(t, step)
        return None
    told = distinct([*givers(state), *t.managers])
    t.decide(Reminded(step.id, state.attempt, event.rung, told, t.at))
    if renewing:
        _tell(t, state, told, (item,))
        return None
    t.decide(StepCleared(step.id))
    return Next(step.id, renews=_soon(t, step))


def _soon(t: Transition, step: Collect) -> tuple[str, ...]:
    """The documents whose first rung has come."""
    last = today(t) + AHEAD[0] * DAY
    dated = ((item, _until(t, item)) for item in step.items if not waived(t.run, item) and counting(t.run, item))
    return tuple(item for item, until in dated if until is not None and until <= last)


def _until(t: Transition, item: str) -> date | None:
    """The last day on which a document of this item is valid; None where it is not known."""
    value = t.run.values.get(t.flow.documents[item].expires) if t.flow.documents[item].expires else None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _morning(t: Transition, day: date) -> datetime:
    return t.facts.calendar.next_working(t.facts.calendar.moment(day, time()))


# --- renewing ---------------------------------------------------------------------------------------------------------


def begin(t: Transition, step: Collect, owners: tuple[str, ...], why: Next) -> StepState:
    """Open a checklist. A renewal ahead of time is due when the first of the documents expires, and its ladder shared out until
    then."""
    dates = [until for item in why.renews if (until := _until(t, item)) is not None]
    if why.returns_to or not dates:
        return t.open(step, owners, why)
    due = t.facts.calendar.moment(min(dates) + DAY, time())
    state = t.open(step, owners, why, until=due)
    rungs = climb(t.facts.calendar, replace(step, due=SHARED), t.at, due, None)
    t.effects.extend(PlanTimer(step.id, state.attempt, rung.name, moment) for rung, moment in rungs)
    return state


def one_for_all(t: Transition, step: Collect, why: Next) -> Next:
    """The run comes to a checklist that is being renewed already: one attempt asks for everything, and steps that waited still do."""
    state = t.run.steps.get(step.id)
    if state is None or state.closed_at is not None:
        return why
    t.close(step.id, NOT_NEEDED, by=t.actor, status=StepStatus.CANCELLED)
    t.decide(StepCleared(step.id))
    return why._replace(returns_to=(*why.returns_to, *state.returns_to))


def opened(t: Transition, step: Collect, state: StepState) -> None:
    """Say what has to be renewed, and go on watching what has not."""
    _tell(t, state, distinct([*state.owners, *t.managers]), state.renews)
    watch(t, step)


def lapse(t: Transition, step: Collect) -> None:
    """What has expired meanwhile counts no more, and is asked for again with its date."""
    for item in asked_of(step, t.run.steps.get(step.id)):
        if expired(t.flow, t.run, item, today(t)):
            set_aside(t, item)


def set_aside(t: Transition, item: str) -> None:
    """The files of an item count no longer, nor does the date that was given with them."""
    if counting(t.run, item):
        t.decide(FilesSetAside((item,)))
    clear(t, t.flow.documents[item].expires)


def replaced(t: Transition, state: StepState, item: str) -> None:
    """A new document has come for an item that is renewed: the old one goes."""
    if item in state.renews and any(filed.at < since(t.run, state) for filed in counting(t.run, item)):
        set_aside(t, item)


def onward(t: Transition, state: StepState) -> Next | None:
    """Where the run goes on once this attempt is through: behind it, unless it renewed; and at the steps that waited for it."""
    t.blocks.extend(Next(path) for path in reversed(state.returns_to))
    return parallel.next_block(t) if state.renews else t.after(state.path)


# --- needing ----------------------------------------------------------------------------------------------------------


def blocked_by(t: Transition, step: Step) -> tuple[str, ...]:
    """The documents that the step needs and that were given once, but are not valid now: expired, of an unknown date, rejected or
    set aside, or being replaced."""
    return tuple(item for item in step.needs if not waived(t.run, item) and _stale(t, item))


def hold(t: Transition, step: Step, why: Next, items: tuple[str, ...]) -> Next | None:
    """The step does not open: the checklist with the first of `items` is opened in renewal, or waited for where it is open. When it
    is through the run goes on here, and looks again."""
    collector = _collector(t, items[0])
    if collector is None:
        t.stop(step, why, sentence("Nothing in this flow asks for {title} again.", title=t.flow.documents[items[0]].title))
        return None
    state = t.run.steps.get(collector.id)
    if state is not None and state.closed_at is None:
        t.decide(Awaited(collector.id, state.attempt, step.id))
        _ask_again(t, collector, t.run.steps[collector.id], items)
        return None
    if state is not None:
        t.decide(StepCleared(collector.id))
    again = tuple(item for item in items if item in collector.items)
    for item in again:
        set_aside(t, item)
    return Next(collector.id, renews=again, returns_to=(step.id,))


def _ask_again(t: Transition, step: Collect, state: StepState, items: tuple[str, ...]) -> None:
    """The run waits for an open checklist now; its owners hear it."""
    _tell(t, state, distinct([*givers(state), *t.managers]), items)
    if not state.stage:
        lapse(t, step)
    asked = prompt(t.flow, t.run, t.facts, state)
    t.say(asked.to(owner, state) for owner in state.owners if asked and state.status is StepStatus.OPEN)


def _stale(t: Transition, item: str) -> bool:
    if not any(filed.item == item for filed in t.run.files):
        return False
    files, until = counting(t.run, item), _until(t, item)
    if not files or until is None or until < today(t):
        return True
    began = next((since(t.run, state) for state in t.run.open_steps() if item in state.renews), None)
    return began is not None and not any(filed.at < began for filed in files)


def _collector(t: Transition, item: str) -> Collect | None:
    """The checklist that asked for this item: one that was gone through, else any."""
    found = [step for step in t.flow.walk() if isinstance(step, Collect) and item in step.items]
    return next((step for step in found if step.id in t.run.steps), found[0] if found else None)


def _tell(t: Transition, state: StepState, to: tuple[str, ...], items: tuple[str, ...]) -> None:
    dates = {item: until.isoformat() for item in items if (until := _until(t, item)) is not None}
    details = {"items": ",".join(items), "until": ",".join(dates.get(item, "") for item in items)}
    details |= {"waits": state.returns_to[-1]} if state.returns_to else {}
    t.say(Say(contact, Topic.EXPIRY, state.path, state.attempt, details=details) for contact in to)
