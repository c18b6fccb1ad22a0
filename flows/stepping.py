"""How a fact about one step attempt changes its state: the part of the fold that is about steps."""

from __future__ import annotations

from typing import Any, TypeVar

from flows.progress import (
    Booked,
    Claimed,
    Deferred,
    Delegated,
    FieldSkipped,
    HandoverDeclined,
    HandoverTaken,
    Held,
    Offered,
    OfStep,
    Released,
    Rescheduled,
    StageReached,
    StepBlocked,
    StepClosed,
    StepOpened,
    Suggested,
    Voted,
    VoteWithdrawn,
)
from flows.run import Handover, HeldChoice, Run, StepState, StepStatus, Vote

Snapshot = TypeVar("Snapshot", Run, StepState)


def changed(of: Snapshot, **changes: Any) -> Snapshot:
    """`dataclasses.replace` in half the time: folding is what the engine does most."""
    new = object.__new__(type(of))
    for name in of.__slots__:
        object.__setattr__(new, name, changes[name] if name in changes else getattr(of, name))
    return new


def after(state: StepState | None, decided: OfStep) -> StepState:
    """One step's state after a fact about it. Raises ValueError for a step that was never opened."""
    if isinstance(decided, StepOpened):
        return _opened(decided)
    if state is None:
        raise ValueError(f"step {decided.path!r} was never opened")
    match decided:
        case FieldSkipped(_, name):
            return changed(state, skipped=(*state.skipped, name))
        case Voted(_, _, by, choice, reason, at, instead_of):
            vote = Vote(by, choice, at, reason, instead_of)
            return changed(
                state, votes=(*state.votes, vote), owners=_without(state.owners, by), untaken=_without(state.untaken, by)
            )
        case StageReached(_, stage, owners, due_at, _, court):
            return changed(state, stage=stage, owners=owners, due_at=due_at, court=court, untaken=())
        case StepBlocked(_, _, reason, owners):
            return changed(state, status=StepStatus.BLOCKED, reason=reason, owners=owners)
        case StepClosed(_, _, status, outcome, by, at):
            return changed(state, status=status, outcome=outcome, closed_by=by, closed_at=at)
        case Suggested(_, _, values, failed, remark):
            return changed(state, suggested=values, failed=failed, remark=remark)
        case Offered(_, _, slots):
            return changed(state, slots=slots)
        case Booked():
            return state
        case Rescheduled(_, _, due_at):
            return changed(state, due_at=due_at)
        case Deferred(_, _, rung):
            return changed(state, deferred=(*state.deferred, rung))
    return _changed_hands(state, decided)


OfHands = VoteWithdrawn | Held | Released | Claimed | Delegated | HandoverTaken | HandoverDeclined


def _changed_hands(state: StepState, decided: OfHands) -> StepState:
    """After a fact about who has it, and what they can still take back."""
    match decided:
        case VoteWithdrawn(_, _, by):
            left = tuple(vote for vote in state.votes if vote.by != by)
            return changed(state, votes=left, owners=(*state.owners, by))
        case Held(_, _, by, choice, reason, stage, at, until):
            return changed(state, held=(*state.held, HeldChoice(by, choice, reason, stage, at, until)))
        case Released(_, _, by):
            return changed(state, held=tuple(held for held in state.held if held.by != by))
        case Claimed(_, _, by):
            return changed(state, owners=(by,), claimed=True)
        case Delegated(_, _, owner, to, by, at, untaken):
            owners = tuple(to if held == owner else held for held in state.owners)
            waits = (*_without(state.untaken, owner), to) if untaken else _without(state.untaken, owner)
            given = Handover(owner, to, by, at, state.stage)
            return changed(state, owners=owners, handovers=(*state.handovers, given), untaken=waits)
        case HandoverTaken(_, _, by):
            return changed(state, untaken=_without(state.untaken, by))
        case HandoverDeclined(_, _, by, back_to, _, at):
            owners = tuple(back_to if held == by else held for held in state.owners)
            returned = Handover(by, back_to, by, at, state.stage)
            return changed(state, owners=owners, handovers=(*state.handovers, returned), untaken=_without(state.untaken, by))


def _opened(d: StepOpened) -> StepState:
    return StepState(
        d.path, d.attempt, StepStatus.OPEN, d.owners, d.at, d.due_at,
        reason=d.reason, sent_back_by=d.sent_back_by, court=d.court, pace=d.pace, renews=d.renews, returns_to=d.returns_to,
    )  # fmt: skip


def _without(people: tuple[str, ...], one: str) -> tuple[str, ...]:
    return tuple(person for person in people if person != one)
