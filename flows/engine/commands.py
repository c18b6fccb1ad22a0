"""What each event asks of the run. Every handler answers with the step to go on with, or None where the run waits or is over."""

from __future__ import annotations

from flows.decided import Commented, Reminded, RunBegun, StepCleared
from flows.effects import Say, Topic
from flows.engine import (
    approve,
    ask,
    automatic,
    children,
    collect,
    do,
    ending,
    expiry,
    handover,
    holding,
    pool,
    schedule,
    undoing,
    wait,
    worker,
)
from flows.engine.delegate import delegate
from flows.engine.drop import drop
from flows.engine.fields import invalid, store
from flows.engine.move import move
from flows.engine.people import distinct, outsiders, resolve
from flows.engine.prompts import Prompt, prompt
from flows.engine.replan import replan
from flows.engine.steps import begin
from flows.engine.transition import GRACE, Next, Transition
from flows.engine.withdrawing import withdraw
from flows.engine.words import REASSIGN
from flows.errors import Refused
from flows.events import (
    Begin,
    Book,
    Cancel,
    Claim,
    Comment,
    Decide,
    Delegate,
    Drop,
    EndChild,
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
from flows.model import Approve, Ask, Collect, Do, End, Rung, Schedule, Wait, Worker
from flows.run import Status, StepStatus
from flows.said import sentence

ANYONE = "anyone"


def handle(t: Transition) -> Next | None:
    """Work out one event up to the point where the run goes on. Raises Refused."""
    event = t.event
    if isinstance(event, Begin):
        return _begin(t, event)
    if isinstance(event, Fire) and event.rung == ending.REVIEW:
        _review(t, event)
        return None
    _must_be_open(t)
    handover.acted(t, event)
    match event:
        case Give() | Skip():
            return _answer(t, event)
        case File() | Judge() | Waive():
            return _papers(t, event)
        case Decide():
            return _decide(t, event)
        case Fire():
            return _fire(t, event)
        case Finish():
            return _finish(t, event)
        case Resume():
            return _resume(t, event)
        case Cancel():
            return undoing.cancel(t, event.reason)
        case Drop():
            return drop(t, event)
        case Comment():
            _comment(t, event)
        case Delegate():
            delegate(t, event)
        case Claim():
            return _claim(t, event)
        case Take():
            handover.take(t, event)
        case Undo():
            holding.undo(t, event)
        case Withdraw():
            return withdraw(t, event)
        case Book():
            return schedule.book(t, event)
        case Replan():
            replan(t, event)
        case Move():
            move(t, event)
        case EndChild():
            return children.ended(t, event)
        case _:
            raise TypeError(f"the engine knows no event of kind {type(event).__name__}")
    return None


def _review(t: Transition, event: Fire) -> None:
    step = t.flow.places[event.path].step if event.path in t.flow.places else None
    if t.run.status is not Status.ENDED or not isinstance(step, End):
        raise Refused("not_waiting")
    ending.review(t, step)


def _must_be_open(t: Transition) -> None:
    if t.run.status is not Status.OPEN:
        raise Refused("run_over", outcome=t.run.outcome)


def _begin(t: Transition, event: Begin) -> Next:
    """A run that another one starts belongs to that one's requester, whoever may start it by hand; they know of it already."""
    by, child = t.flow.start.by, event.parent is not None
    if not child and ANYONE not in by and not any(t.actor in t.facts.people.get(role, ()) for role in by):
        raise Refused("not_yours")
    t.decide(RunBegun(event.run_id, event.reference, t.flow.id, t.flow.version, t.actor, t.at, event.parent))
    store(t, children.fitting(t.flow, event.values) if child else event.values, t.flow.fields)
    t.say([] if child else [Say(t.actor, Topic.RECEIPT, "", 0)])
    return Next(t.flow.steps[0].id if t.flow.steps else "")


def _answer(t: Transition, event: Give | Skip) -> Next | None:
    state = t.waiting(event.path, event.attempt)
    step = t.flow.step(state.path)
    if isinstance(step, Collect) and isinstance(event, Give):
        return collect.give(t, step, event)
    if isinstance(step, Worker):
        worker.answered(t, step, event)
        return None
    if not isinstance(step, Ask | Do | Wait) or (isinstance(step, Do) and state.stage):
        raise Refused("not_waiting")
    settled = ask.give(t, step, event) if isinstance(event, Give) else ask.skip(t, step, event)
    if settled and not isinstance(step, Do):
        return ask.answered(t, step, ",".join(event.values) if isinstance(event, Give) else "")
    if settled:
        do.instruct(t, t.run.steps[step.id])
    return None


def _papers(t: Transition, event: File | Judge | Waive) -> Next | None:
    step = t.flow.places[event.path].step if event.path in t.flow.places else None
    if not isinstance(step, Collect):
        raise Refused("unknown_item")
    return collect.file(t, step, event) if isinstance(event, File) else collect.say(t, step, event)


def _finish(t: Transition, event: Finish) -> Next | None:
    step = t.flow.step(event.path)
    if isinstance(step, Worker):
        worker.finish(t, step, event)
        return None
    return automatic.finish(t, event)


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
            return collect.decide(t, step, event)
        case Worker():
            return worker.confirm(t, step, event)
        case Schedule():
            schedule.choose(t, step, event)
            return None
    raise Refused("not_waiting")


def _fire(t: Transition, event: Fire) -> Next | None:
    """A rung is climbed: the question again for its owners, the news for others. A wait is over."""
    if event.rung.startswith(expiry.RUNG):
        return expiry.fire(t, event)
    state = t.waiting(event.path, event.attempt)
    step = t.flow.step(state.path)
    if event.rung.startswith(GRACE):
        return holding.count(t, event, _decide)
    if event.rung.startswith(handover.UNTAKEN):
        return handover.untaken(t, event)
    if isinstance(step, Wait):
        return wait.wake(t, step, state, event)
    rung = next((rung for rung in step.ladder if rung.name == event.rung), None)
    if rung is None:
        raise Refused("not_waiting")
    told = state.owners if rung.to == "owner" else distinct(resolve(t, rung.to))
    t.decide(Reminded(event.path, event.attempt, event.rung, told, t.at))
    asked = prompt(t.flow, t.run, t.facts, state)
    topic, details = _topic(rung), {"rung": rung.name, "owners": ",".join(state.owners)}
    news = Prompt(topic, (REASSIGN,) if topic is Topic.ESCALATION and rung.share >= 2 else (), details=details)
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
        raise invalid("", sentence("There is no comment in this."))
    t.decide(Commented(t.actor, event.text.strip(), t.at))
    told = distinct([*(owner for state in t.run.open_steps() for owner in state.owners), t.run.requester])
    silent = (t.actor, *outsiders(t))
    details = {"by": t.actor, "text": event.text.strip()}
    t.say(Say(contact, Topic.COMMENT, "", 0, details=details) for contact in told if contact not in silent)


def _claim(t: Transition, event: Claim) -> Next | None:
    """Somebody took the step out of the pool: now it is put to them."""
    state = pool.claim(t, event)
    if not state.stage:
        return begin(t, t.flow.step(state.path), state)
    pool.offer(t, state)
    return None


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
    return Next(state.path, state.sent_back_by, renews=state.renews, returns_to=state.returns_to)
