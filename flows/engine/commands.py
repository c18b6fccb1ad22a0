"""What each event asks of the run. Every handler answers with the step to go on with, or None where the run waits or is over."""

from __future__ import annotations

from flows.decided import Commented, Reminded, RunBegun, StepCleared
from flows.effects import Say, Topic
from flows.engine import approve, ask, automatic, collect, do, ending, wait
from flows.engine.delegate import delegate
from flows.engine.fields import invalid, store
from flows.engine.people import distinct, outsiders, resolve
from flows.engine.prompts import Prompt, prompt
from flows.engine.transition import Next, Transition
from flows.errors import Refused
from flows.events import Begin, Cancel, Comment, Decide, Delegate, File, Finish, Fire, Give, Resume, Skip
from flows.model import Approve, Ask, Collect, Do, Rung, Wait
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
            return _fire(t, event)
        case Finish():
            return automatic.finish(t, event)
        case Resume():
            return _resume(t, event)
        case Cancel():
            ending.cancel(t, event.reason)
        case Comment():
            _comment(t, event)
        case Delegate():
            delegate(t, event)
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
    if not isinstance(step, Ask | Do | Wait):
        raise Refused("not_waiting")
    settled = ask.give(t, step, event) if isinstance(event, Give) else ask.skip(t, step, event)
    if settled and not isinstance(step, Do):
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


def _fire(t: Transition, event: Fire) -> Next | None:
    """A rung is climbed: the question again for its owners, the news for others. A wait is over."""
    state = t.waiting(event.path, event.attempt)
    step = t.flow.step(state.path)
    if isinstance(step, Wait):
        return wait.wake(t, step, state, event)
    rung = next((rung for rung in step.ladder if rung.name == event.rung), None)
    if rung is None:
        raise Refused("not_waiting")
    told = state.owners if rung.to == "owner" else distinct(resolve(t, rung.to))
    t.decide(Reminded(event.path, event.attempt, event.rung, told, t.at))
    asked = prompt(t.flow, t.run, t.facts, state)
    topic, details = _topic(rung), {"rung": rung.name, "owners": ",".join(state.owners)}
    news = Prompt(topic, details=details)
    again = asked.turned(topic, **details) if asked else news
    t.say((again if contact in state.owners else news).to(contact, state) for contact in told)
    return None


def _topic(rung: Rung) -> Topic:
    if rung.share < 1:
        return Topic.REMINDER
    return Topic.OVERDUE if rung.share == 1 else Topic.ESCALATION


def _comment(t: Transition, event: Comment) -> None:
    """Recorded, and told to whoever is asked for something now and to the requester; not to parties from outside."""
    if not event.text.strip():
        raise invalid("", "There is no comment in this.")
    t.decide(Commented(t.actor, event.text.strip(), t.at))
    told = distinct([*(owner for state in t.run.open_steps() for owner in state.owners), t.run.requester])
    silent = (t.actor, *outsiders(t))
    details = {"by": t.actor, "text": event.text.strip()}
    t.say(Say(contact, Topic.COMMENT, "", 0, details=details) for contact in told if contact not in silent)


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
