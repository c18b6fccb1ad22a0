"""Who stands in for a person on leave, as a step opens for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flows.engine.owners import barred
from flows.events import Cover, Facts
from flows.model import Approve, Flow, Policy
from flows.run import Run, StepState
from flows.values import Money

EVERYBODY = (Policy.ALL, Policy.N_OF_M, Policy.PERCENT)
CAPPED, NOBODY = "capped", "nobody"


@dataclass(frozen=True, slots=True)
class Absence:
    """`covered`: pairs of who is on leave and who acts for them. `kept`: those on leave for whom nobody may, where the step waits
    for them; `why` is CAPPED (a cover was there, but not for this amount) or NOBODY."""

    covered: tuple[tuple[str, str], ...] = ()
    kept: tuple[str, ...] = ()
    why: str = ""


def absence(flow: Flow, run: Run, facts: Facts, state: StepState, actor: str) -> Absence:
    """What becomes of the owners of an open step who are on leave. The `actor`, who does something just now, is there after all."""
    away = [owner for owner in state.owners if owner in facts.leave and owner != actor]
    if not away:
        return Absence()
    amount, taken = _amount(flow, run), _taken(flow, run, state)
    covered: dict[str, str] = {}
    why: dict[str, str] = {}
    for owner in away:
        to, lack = stand_in(owner, facts, amount, lambda who: who not in taken and who not in covered.values())
        if to:
            covered[owner] = to
        else:
            why[owner] = lack
    if not _waits_for_them(flow, state, len(why)):
        why = {}
    return Absence(tuple(covered.items()), tuple(why), CAPPED if CAPPED in why.values() else NOBODY if why else "")


def stand_in(owner: str, facts: Facts, amount: Money | None, may: Callable[[str], bool]) -> tuple[str, str]:
    """Who acts for `owner`, and "" or why there is nobody. A cover who is on leave too is covered in their turn, each within their
    own cap; nobody is asked twice, so that people who cover one another end the search."""
    asked, seen, capped = [owner], {owner}, False
    while asked:
        cover = facts.leave[asked.pop()]
        if not _within(cover, amount):
            capped = True
            continue
        for who in cover.to:
            if who in seen:
                continue
            seen.add(who)
            if who in facts.leave:
                asked.append(who)
            elif may(who):
                return who, ""
    return "", CAPPED if capped else NOBODY


def _within(cover: Cover, amount: Money | None) -> bool:
    """An amount that is not known is above every cap."""
    most = cover.most
    return most is None or (amount is not None and amount.currency == most.currency and amount.amount <= most.amount)


def _amount(flow: Flow, run: Run) -> Money | None:
    value = run.values.get(flow.amount) if flow.amount else None
    return value if isinstance(value, Money) else None


def _taken(flow: Flow, run: Run, state: StepState) -> frozenset[str]:
    """Who cannot stand in here: who is asked, or had it before, or has decided already; the requester of what is approved; who acted
    on a step that bars them."""
    step = flow.step(state.path)
    own = (run.requester,) if isinstance(step, Approve) else ()
    decided = (person for vote in state.votes for person in (vote.by, vote.instead_of))
    return barred(run, step).union(state.owners, state.before, decided, own)


def _waits_for_them(flow: Flow, state: StepState, kept: int) -> bool:
    """Whether the step goes on only through those on leave: nobody else is asked, or everybody's voice counts."""
    step = flow.step(state.path)
    counted = isinstance(step, Approve) and step.policy in EVERYBODY
    return bool(kept) and (counted or kept == len(state.owners))
