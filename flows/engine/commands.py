"""What each event asks of the run. Every handler answers with the step to go on with, or None where the run waits or is over."""

from __future__ import annotations

from flows.effects import Say, Topic
from flows.engine import approve, ask, automatic, collect, do, ending
from flows.engine.fields import store
from flows.engine.people import distinct, resolve
from flows.engine.prompts import Prompt, prompt
from flows.engine.transition import Next, Transition
from flows.errors import Refused
from flows.events import (
    Begin,
    Cancel,
    Decide,
    File,
    Finish,
    Fire,
    Give,
    Reminded,
    Resume,
    RunBegun,
    Skip,
    StepCleared,
)
from flows.model import Approve, Ask, Collect, Do, Rung
from flows.run import Status, StepStatus

ANYONE = "anyone"


def handle(t: Transition) -> Next | None:
    """Work out one event up to the point where the run goes on. Raises Refused."""
    event = t.event
    if isinstance(event, Begin):
        return _begin(t, event)
    _must_be_open(t)
    match event:
        case Give() | Skip():
            return _answer(t, event)
        case File():
            return _file(t, event)
        case Decide():
            return _decide(t, event)
        case Fire():
            _fire(t, event)
        case Finish():
            return automatic.finish(t, event)
        case Resume():
            return _resume(t, event)
        case Cancel():
            ending.cancel(t, event.reason)
        case _:
            raise TypeError(f"the engine knows no event of kind {type(event).__name__}")
    return None


def _must_be_open(t: Transition) -> None:
    if t.run.status is not Status.OPEN:
        raise Refused("run_over", outcome=t.run.outcome)


def _begin(t: Transition, event: Begin) -> Next:
    by = t.flow.start.by
    if ANYONE not in by and not any(t.actor in t.facts.people.get(role, ()) for role in by):
        raise Refused("not_yours")
    t.decide(RunBegun(event.run_id, event.reference, t.flow.id, t.flow.version, t.actor, t.at))
    store(t, event.values, t.flow.fields)
    t.say([Say(t.actor, Topic.RECEIPT, "", 0)])
    return Next(t.flow.steps[0].id if t.flow.steps else "")


def _answer(t: Transition, event: Give | Skip) -> Next | None:
    state = t.waiting(event.path, event.attempt)
    step = t.flow.step(state.path)
    if not isinstance(step, Ask | Do):
        raise Refused("not_waiting")
    settled = ask.give(t, step, event) if isinstance(event, Give) else ask.skip(t, step, event)
    if settled and isinstance(step, Ask):
        return ask.answered(t, step, ",".join(event.values) if isinstance(event, Give) else "")
    if settled:
        do.instruct(t, t.run.steps[step.id])
    return None


def _file(t: Transition, event: File) -> Next | None:
    step = t.flow.places[event.path].step if event.path in t.flow.places else None
    if not isinstance(step, Collect):
        raise Refused("unknown_item")
    return collect.file(t, step, event)


def _decide(t: Transition, event: Decide) -> Next | None:
    step = t.flow.step(t.waiting(event.path, event.attempt).path)
    match step:
        case Approve():
            return approve.vote(t, step, event)
        case Do():
            return do.report(t, step, event)
        case Ask():
            return ask.submit(t, step, event)
        case Collect():
            return collect.submit(t, step, event)
    raise Refused("not_waiting")


def _fire(t: Transition, event: Fire) -> None:
    """A rung is climbed: the question again for its owners, the news for others."""
    state = t.waiting(event.path, event.attempt)
    rung = next((rung for rung in t.flow.step(state.path).ladder if rung.name == event.rung), None)
    if rung is None:
        raise Refused("not_waiting")
    told = state.owners if rung.to == "owner" else distinct(resolve(t, rung.to))
    t.decide(Reminded(event.path, event.attempt, event.rung, told, t.at))
    asked = prompt(t.flow, t.run, t.facts, state)
    topic, details = _topic(rung), {"rung": rung.name, "owners": ",".join(state.owners)}
    news = Prompt(topic, details=details)
    again = asked.turned(topic, **details) if asked else news
    t.say((again if contact in state.owners else news).to(contact, state) for contact in told)


def _topic(rung: Rung) -> Topic:
    if rung.share < 1:
        return Topic.REMINDER
    return Topic.OVERDUE if rung.share == 1 else Topic.ESCALATION


def _resume(t: Transition, event: Resume) -> Next:
    """A manager mended the cause: the step is tried again as a new attempt."""
    state = t.run.steps.get(event.path)
    if state is None or state.attempt != event.attempt or state.status is not StepStatus.BLOCKED:
        t.waiting(event.path, event.attempt)
        raise Refused("not_waiting")
    if t.actor not in state.owners and t.actor not in t.managers:
        raise Refused("not_yours")
    t.close(state.path, "retry", by=t.actor, status=StepStatus.CANCELLED)
    t.decide(StepCleared(state.path))
    return Next(state.path, state.sent_back_by)
