"""Documents being checked: accepted, rejected with a reason, or waived. What is rejected counts no more."""

from __future__ import annotations

from collections.abc import Iterable

from flows.checklist import counting, waived
from flows.decided import DocumentJudged, ItemWaived
from flows.effects import Say, Topic
from flows.engine.listing import given_so_far, givers, unchecked
from flows.engine.owners import role_of
from flows.engine.people import distinct, owners_of
from flows.engine.prompts import prompt
from flows.engine.transition import Transition
from flows.engine.words import ACCEPT_ALL, REJECT_ITEM, REJECT_ONE
from flows.errors import Refused
from flows.events import Decide, Judge, Waive
from flows.model import Collect
from flows.run import StepState, Verdict
from flows.said import sentence

GIVING, CHECKING = 0, 1
"""The stages of a checklist."""


def ask(t: Transition, step: Collect, state: StepState) -> None:
    """All is there: whoever checks it is asked, also again for what came in addition; who gave it is told."""
    if state.stage == GIVING:
        checkers, lack = _checkers(t, step, state)
        if lack:
            t.block(step.id, lack)
            return
        _tell(t, state, givers(state), "checking", unchecked(t.run, step, state))
        t.pass_on(step.id, CHECKING, checkers, before=state.owners)
    now = t.run.steps[step.id]
    asked = prompt(t.flow, t.run, t.facts, now)
    t.say(asked.to(checker, now) for checker in now.owners if asked)


def give_back(t: Transition, step: Collect) -> tuple[str, ...]:
    """Something is missing: the step goes back to those who give it, if it is not with them. Returns them."""
    state = t.run.steps[step.id]
    if state.stage != GIVING:
        t.pass_on(step.id, GIVING, givers(state))
    return t.run.steps[step.id].owners


def decided(t: Transition, step: Collect, event: Decide) -> bool:
    """A tap of whoever checks: everything is good, or one item is not. True where something was rejected."""
    state = t.owned(event.path, event.attempt)
    if state.stage != CHECKING:
        raise Refused("unknown_choice")
    if event.choice == REJECT_ONE.key:
        raise Refused("item_needed")
    choice, _, seen = event.choice.partition(":")
    if choice == ACCEPT_ALL.key:
        if seen and seen != str(given_so_far(t.run, step)):  # a button that was shown before the last file came
            raise Refused("closed", by="", choice="", at="")
        _accept(t, step, state, unchecked(t.run, step, state))
        return False
    if not event.choice.startswith(REJECT_ITEM):
        raise Refused("unknown_choice")
    return judge(t, step, _judging(event, event.choice.removeprefix(REJECT_ITEM)))


def judge(t: Transition, step: Collect, event: Judge) -> bool:
    """Say of the files of one item that they are good or not, at any time while the step is open. True where they are not."""
    state = t.waiting(event.path, event.attempt)
    held = state.stage == CHECKING and t.actor in state.owners
    if not held and t.actor not in _may_check(t, step):
        raise t.not_yours(state)
    files = counting(t.run, event.item, state)
    if event.item not in step.items or not files:
        raise Refused("unknown_item" if event.item not in step.items else "not_given", item=event.item)
    if event.verdict is Verdict.ACCEPTED:
        _accept(t, step, state, (event.item,))
        return False
    if event.verdict is not Verdict.REJECTED:
        raise Refused("unknown_choice")
    if not event.reason.strip():
        raise Refused("reason_needed", item=event.item)
    _not_ones_own(t, (event.item,), state)
    t.decide(DocumentJudged(event.item, Verdict.REJECTED, t.actor, event.reason.strip(), t.at))
    _tell(t, state, (t.actor, *givers(state)), "rejected", (event.item,), event.reason.strip())
    return True


def waive(t: Transition, step: Collect, event: Waive) -> None:
    """An item is not needed in this run: said by whoever checks the list or a manager, never by those who should give it."""
    state = t.waiting(event.path, event.attempt)
    if t.actor in givers(state):
        raise Refused("own_papers")
    if t.actor not in (*t.managers, *_may_check(t, step), *state.owners):
        raise t.not_yours(state)
    if event.item not in step.items:
        raise Refused("unknown_item", item=event.item)
    if waived(t.run, event.item):
        raise Refused("waived", item=event.item)
    if not event.reason.strip():
        raise Refused("reason_needed", item=event.item)
    t.decide(ItemWaived(event.item, t.actor, event.reason.strip(), t.at))
    _tell(t, state, (t.actor, *givers(state)), "waived", (event.item,), event.reason.strip())


def _judging(event: Decide, item: str) -> Judge:
    return Judge(
        at=event.at, actor=event.actor, facts=event.facts, path=event.path, attempt=event.attempt, item=item,
        verdict=Verdict.REJECTED, reason=event.reason,
    )  # fmt: skip


def _accept(t: Transition, step: Collect, state: StepState, items: tuple[str, ...]) -> None:
    _not_ones_own(t, items, state)
    for item in items:
        t.decide(DocumentJudged(item, Verdict.ACCEPTED, t.actor, "", t.at))
    whole = not unchecked(t.run, step, state)
    _tell(t, state, (t.actor, *(givers(state) if whole else ())), "accepted", items)


def _not_ones_own(t: Transition, items: tuple[str, ...], state: StepState) -> None:
    if any(filed.by == t.actor for item in items for filed in counting(t.run, item, state)):
        raise Refused("own_papers")


def _checkers(t: Transition, step: Collect, state: StepState) -> tuple[tuple[str, ...], str]:
    """Who checks it, less those who gave what is to be checked; and a plain reason where there is nobody."""
    able, lack = owners_of(t, step, CHECKING)
    own = {filed.by for item in unchecked(t.run, step, state) for filed in counting(t.run, item, state)}
    others = tuple(person for person in able if person not in own)
    role = t.flow.roles.get(role_of(step.checked_by), step.checked_by)
    return others, lack or ("" if others else sentence("Nobody but who gave the documents holds the role {role}.", role=role))


def _may_check(t: Transition, step: Collect) -> tuple[str, ...]:
    """Everybody who holds the role that checks."""
    return t.facts.people.get(role_of(step.checked_by) or step.checked_by, ())


def _tell(t: Transition, state: StepState, to: Iterable[str], told: str, items: tuple[str, ...], reason: str = "") -> None:
    details = {"told": told, "items": ",".join(items), "by": t.actor, "reason": reason}
    t.say(Say(contact, Topic.CHECKLIST, state.path, state.attempt, details=details) for contact in distinct(to))
