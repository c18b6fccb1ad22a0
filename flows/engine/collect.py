"""The collect step: a checklist of documents, given in any order, dated where they expire, and checked where somebody checks them."""

from __future__ import annotations

from datetime import date

from flows.decided import DocumentFiled
from flows.effects import Say, Topic
from flows.engine import checking, expiry
from flows.engine.fields import invalid, store
from flows.engine.listing import givers, shortage, unchecked
from flows.engine.people import distinct
from flows.engine.prompts import Prompt, asking, prompt, sent_back
from flows.engine.transition import Next, Transition
from flows.errors import Refused, RuleError
from flows.events import Decide, File, Give, Judge, Waive
from flows.model import Collect
from flows.run import Filed, StepState, StepStatus, Verdict
from flows.said import sentence

SUBMIT = "submit"


def opened(t: Transition, step: Collect, state: StepState) -> Next | None:
    """Ask for what is missing; with nothing required go on at once. A step that came back says why first, as does a renewal."""
    if state.sent_back_by:
        t.say(sent_back(state).to(owner, state) for owner in state.owners)
        return None
    if state.renews:
        expiry.opened(t, step, state)
    return _settle(t, step, state.owners)


def file(t: Transition, step: Collect, event: File) -> Next | None:
    """Take in a document. One that comes after the step is done, or while an earlier step is corrected after a send-back, is added
    to the run and reopens nothing; so is one that has nothing to do with what is renewed."""
    state, late = _receiving(t, event)
    if t.actor not in givers(state) and not (late and t.actor == t.run.requester):
        raise t.not_yours(state)
    if not late:
        t.may_act(state)
    if event.item not in step.items:
        raise Refused("unknown_item", item=event.item)
    if any((f.item, f.digest) == (event.item, event.digest) and f.verdict is not Verdict.ASIDE for f in t.run.files):
        raise Refused("duplicate", item=event.item)
    expiry.replaced(t, state, event.item)
    t.decide(DocumentFiled(Filed(event.document, event.digest, event.name, event.item, t.actor, t.at)))
    if late:
        _added(t, state, event)
        return None
    if state.stage:
        t.say([Say(t.actor, Topic.CHECKLIST, state.path, state.attempt, details={"told": "added", "items": event.item})])
    return _settle(t, step, (t.actor,), filled=event.item)


def give(t: Transition, step: Collect, event: Give) -> Next | None:
    """The day until which a document is valid."""
    state = t.owned(event.path, event.attempt)
    if state.stage:
        raise Refused("not_waiting")
    if not event.values:
        raise invalid("", sentence("There is no answer in this."))
    for name, value in event.values.items():
        if isinstance(value, date) and value < expiry.today(t):
            raise invalid(
                name, sentence("This day has passed. Please send a document that is still valid, or write the right date.")
            )
    store(t, event.values, step.fields)
    return _settle(t, step, (t.actor,))


def decide(t: Transition, step: Collect, event: Decide) -> Next | None:
    """The owner of a step that came back says it is complete now; or what whoever checks the documents says of them."""
    state = t.owned(event.path, event.attempt)
    if state.stage:
        return _judged(t, step, checking.decided(t, step, event))
    if event.choice != SUBMIT or not state.sent_back_by:
        raise Refused("unknown_choice")
    return _settle(t, step, (t.actor,), submitted=True)


def say(t: Transition, step: Collect, event: Judge | Waive) -> Next | None:
    """Files of one item are good or not, or it is not needed."""
    if isinstance(event, Judge):
        return _judged(t, step, checking.judge(t, step, event))
    checking.waive(t, step, event)
    return _settle(t, step, givers(t.run.steps[step.id]))


def _judged(t: Transition, step: Collect, rejected: bool) -> Next | None:
    state = t.run.steps[step.id]
    if rejected or state.stage:
        return _settle(t, step, givers(state))
    return None


def _receiving(t: Transition, event: File) -> tuple[StepState, bool]:
    """The attempt that a document goes to, and whether it comes late: a renewal takes what was meant for the attempt before it."""
    state = t.run.steps.get(event.path) or next((s for s in reversed(t.run.history) if s.path == event.path), None)
    if state is not None and state.status is StepStatus.OPEN and state.renews and event.attempt <= state.attempt:
        return state, event.item not in state.renews
    late = state is not None and state.attempt == event.attempt and state.status is StepStatus.DONE
    if state is None or not late:
        state = t.waiting(event.path, event.attempt)
    return state, late


def _settle(t: Transition, step: Collect, to: tuple[str, ...], *, submitted: bool = False, filled: str = "") -> Next | None:
    """Ask `to` for what is missing, then for dates, then whoever checks it; with nothing left, close the step and go on."""
    expiry.lapse(t, step)
    state = t.run.steps[step.id]
    try:
        missing = shortage(t.flow, t.run, t.facts, step)
    except RuleError as error:
        t.block(step.id, sentence("It is not clear which documents are needed: {problem}.", problem=error))
        return None
    resubmit = bool(state.sent_back_by) and not submitted and not state.stage
    if missing or resubmit or asking(t.flow, t.run, state, t.facts) is not None:
        _ask(t, step, to, filled)
        return None
    if step.checked_by and unchecked(t.run, step, state):
        checking.ask(t, step, state)
        return None
    t.close(step.id, "complete", by=t.actor)
    expiry.watch(t, step)
    return expiry.onward(t, state)


def _ask(t: Transition, step: Collect, to: tuple[str, ...], filled: str) -> None:
    """The next question to `to`, with what their document has filled; to all who give the documents where it was being checked."""
    back = bool(t.run.steps[step.id].stage)
    owners = checking.give_back(t, step)
    state = t.run.steps[step.id]
    asked = prompt(t.flow, t.run, t.facts, state)
    if asked is not None:
        asked = _with(asked, filled)
        t.say(asked.to(contact, state) for contact in (owners if back else to))


def _with(asked: Prompt, filled: str) -> Prompt:
    return asked.turned(asked.topic, filled=filled) if filled else asked


def _added(t: Transition, state: StepState, event: File) -> None:
    """Thanks to the sender; those who wait with an open step get the new document."""
    details = {"added": event.item}
    t.say([Say(t.actor, Topic.NOTICE, state.path, state.attempt, details=details)])
    others = distinct(owner for step in t.run.open_steps() for owner in step.owners if owner != t.actor)
    t.say(Say(other, Topic.NOTICE, state.path, state.attempt, attach=(event.document,), details=details) for other in others)
