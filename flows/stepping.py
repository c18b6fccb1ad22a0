"""How a fact about one step attempt changes its state: the part of the fold that is about steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

from flows.progress import (
    Awaited,
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
    """`dataclasses.replace` in a quarter of the time: folding is what the engine does most."""
    read, writers = _slots(type(of))
    new = object.__new__(type(of))
    for write, value in zip(writers.values(), read(of), strict=True):
        write(new, value)
    for name, value in changes.items():
        writers[name](new, value)
    return new


Slots = tuple[Callable[[Any], tuple[Any, ...]], Mapping[str, Callable[[Any, Any], None]]]


def _find_slots(kind: Any) -> Slots:
    """How all attributes of a snapshot are read at once, and each is written."""
    return attrgetter(*kind.__slots__), {name: getattr(kind, name).__set__ for name in kind.__slots__}


_slots: Callable[[Any], Slots] = cache(_find_slots)


def after(state: StepState | None, decided: OfStep) -> StepState:
    """One step's state after a fact about it. Raises ValueError for a step that was never opened."""
    if isinstance(decided, StepOpened):
        return _opened(decided)
    if state is None:
        raise ValueError(f"step {decided.path!r} was never opened")
    match decided:
        case Awaited(_, _, by):
            return changed(state, returns_to=(*state.returns_to, by))
        case FieldSkipped(_, name):
            return changed(state, skipped=(*state.skipped, name))
        case Voted(_, _, by, choice, reason, at, instead_of):
            vote = Vote(by, choice, at, reason, instead_of)
            return changed(
                state, votes=(*state.votes, vote), owners=_without(state.owners, by), untaken=_without(state.untaken, by)
            )
        case StageReached(_, stage, owners, due_at, _, court, before):
            back = stage < state.stage  # to who had it: out of a pool already; what comes next may be another pool
            return changed(state, stage=stage, owners=owners, due_at=due_at, court=court, untaken=(), before=before, claimed=back)
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
            last = max(n for n, vote in enumerate(state.votes) if vote.by == by)
            return changed(state, votes=state.votes[:last] + state.votes[last + 1 :], owners=(*_without(state.owners, by), by))
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
            owners = tuple(dict.fromkeys(back_to if held == by else held for held in state.owners))
            returned = Handover(by, back_to, by, at, state.stage)
            return changed(state, owners=owners, handovers=(*state.handovers, returned), untaken=_without(state.untaken, by))


def _opened(d: StepOpened) -> StepState:
    return StepState(
        d.path, d.attempt, StepStatus.OPEN, d.owners, d.at, d.due_at,
        reason=d.reason, sent_back_by=d.sent_back_by, court=d.court, pace=d.pace, renews=d.renews, returns_to=d.returns_to,
    )  # fmt: skip


def _without(people: tuple[str, ...], one: str) -> tuple[str, ...]:
    return tuple(person for person in people if person != one)
