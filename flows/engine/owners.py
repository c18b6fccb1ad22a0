"""What an owner word of a flow file means, and who must not act: told from the run and the facts alone."""

from __future__ import annotations

from collections.abc import Iterable

from flows.decided import Decided, StageReached, StepOpened
from flows.events import Facts
from flows.model import Approve, Collect, Do, Flow, Notify, Step
from flows.run import Court, Run, StepState, StepStatus

REQUESTER, MANAGER = "requester", "manager"
PARTICIPANT, PERSON, FIELD = "participant:", "person:", "field:"
POOL, TURN, LEAST = "pool:", "turn:", "least:"


def word(step: Step, stage: int = 0) -> str:
    """The owner word of a step, or of its second person, or of who checks it, at a later `stage`."""
    match step:
        case Notify():
            return step.to
        case Do() if stage:
            return step.confirm_by
        case Collect() if stage:
            return step.checked_by
    return step.owner


def words_of(step: Step) -> tuple[str, ...]:
    """Every owner word of a step."""
    return tuple(dict.fromkeys(who for who in (step.owner, word(step), word(step, 1)) if who))


def role_of(who: str) -> str:
    """The role behind an owner word; "" for a word that names somebody else."""
    if who.startswith((POOL, TURN, LEAST)):
        return who.partition(":")[2]
    return "" if who == REQUESTER or ":" in who else who


def unclaimed(flow: Flow, state: StepState) -> bool:
    """Whether an open step waits in a pool: asked of nobody until one of its owners takes it."""
    waits = state.status is StepStatus.OPEN and not state.claimed
    return waits and word(flow.step(state.path), state.stage).startswith(POOL)


def turns_given(flow: Flow, decided: Iterable[Decided]) -> list[str]:
    """The role of each step that was given out in turn, once for every time."""
    reached = [
        (fact.path, fact.stage if isinstance(fact, StageReached) else 0)
        for fact in decided
        if isinstance(fact, StepOpened | StageReached) and fact.owners
    ]
    words = [word(flow.step(path), stage) for path, stage in reached]
    return [role_of(who) for who in words if who.startswith(TURN)]


def holders(flow: Flow, facts: Facts) -> frozenset[str]:
    """Everybody who holds a role of the flow, managers included."""
    return frozenset(person for role in (*flow.roles, MANAGER) for person in facts.people.get(role, ()))


def court_of(flow: Flow, facts: Facts, owners: tuple[str, ...]) -> Court:
    """Theirs where it waits for people who hold no role of the flow; ours otherwise."""
    people = facts.people
    ours = not owners or any(o in people.get(role, ()) for role in (*flow.roles, MANAGER) for o in owners)
    return Court.US if ours else Court.THEM


def barred(run: Run, step: Step) -> frozenset[str]:
    """Who must not act on this step, since they acted on one that it names, in any of its attempts: by their own hand, or through
    somebody in their place."""
    named = step.not_by if isinstance(step, Approve | Do) else ()
    if not named:
        return frozenset()
    states = [state for state in (*run.history, *run.steps.values()) if state.path in named]
    return frozenset(person for state in states for person in _acted(state) if person)


def _acted(state: StepState) -> Iterable[str]:
    for vote in state.votes:
        yield from (vote.by, vote.instead_of)
    # Who closed a step without owning it did something else: another block, or the step before.
    if state.status in (StepStatus.DONE, StepStatus.RETURNED) and state.closed_by in state.owners:
        yield from (state.closed_by, state.acted_for(state.closed_by))
