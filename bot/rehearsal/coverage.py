"""Which steps, choices and cases of a flow were visited by the runs of its transcripts, and which by none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flows import Decided, Flow
from flows.decided import BranchTaken, ChildDone, DocumentJudged, Forked, RunEnded, StepBlocked, StepClosed, StepOpened, Voted
from flows.engine.words import APPROVE, CONFIRM, DIFFERS, REJECT, SEND_BACK
from flows.model import Approve, Branch, Collect, Do, End, Step, Subflow, Worker
from flows.run import Verdict

Choice = tuple[str, str]
"""A step's path and the key of one of its choices, or the name of one of its cases."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What there is and what of it was visited, in the order of the flow."""

    steps: tuple[str, ...]
    choices: tuple[Choice, ...]
    missing_steps: tuple[str, ...]
    missing_choices: tuple[Choice, ...]

    @property
    def whole(self) -> bool:
        return not self.missing_steps and not self.missing_choices


def coverage(flow: Flow, decided: Iterable[tuple[Decided, ...]]) -> Coverage:
    """What transitions (each its decided facts) visited of `flow`. A branch counts as visited once a case was taken; an end once
    a run ended there."""
    steps = tuple(step.id for step in flow.walk())
    choices = tuple((step.id, key) for step in flow.walk() for key in choices_of(step))
    seen_steps: set[str] = set()
    seen_choices: set[Choice] = set()
    checked = [step for step in flow.walk() if isinstance(step, Collect) and step.checked_by]
    for facts in decided:
        for fact in facts:
            match fact:
                case StepOpened(path=path) | StepBlocked(path=path) | Forked(path=path):
                    seen_steps.add(_id(path))
                case BranchTaken(path=path, case=case):
                    seen_steps.add(_id(path))
                    seen_choices.add((_id(path), case))
                case Voted(path=path, choice=choice):
                    seen_choices.add((_id(path), choice))
                case ChildDone(path=path, outcome=outcome):
                    seen_choices.add((_id(path), outcome))
                case DocumentJudged(item=item, verdict=verdict):
                    seen_choices.update((step.id, verdict.value) for step in checked if item in step.items)
        seen_steps.update(_ends(flow, facts))
    return Coverage(
        steps,
        choices,
        tuple(step for step in steps if step not in seen_steps),
        tuple(choice for choice in choices if choice not in seen_choices),
    )


def choices_of(step: Step) -> tuple[str, ...]:
    """What people can decide at a step, the ways out of a branch, or the outcomes of another flow that do not simply go on."""
    match step:
        case Approve():
            offered = (APPROVE, REJECT, SEND_BACK) if step.send_back_to else (APPROVE, REJECT)
            return tuple(choice.key for choice in offered)
        case Do():
            seconds = (CONFIRM, DIFFERS) if step.confirm_by else ()
            return tuple(choice.key for choice in (*step.outcomes, *seconds))
        case Worker():
            return tuple(outcome.key for outcome in step.outcomes)
        case Collect() if step.checked_by:
            return (Verdict.ACCEPTED.value, Verdict.REJECTED.value)
        case Branch():
            return tuple(case.name for case in step.cases)
        case Subflow():
            return (*step.ends, *step.send_back_to)
    return ()


def _ends(flow: Flow, facts: tuple[Decided, ...]) -> Iterator[str]:
    """The end steps that a transition reached: not where a person's decision, or a cancellation, ended the run."""
    outcomes = {fact.outcome for fact in facts if isinstance(fact, RunEnded) and not fact.cancelled}
    if outcomes and not any(_ending(flow, fact) for fact in facts):
        yield from (step.id for step in flow.walk() if isinstance(step, End) and step.outcome in outcomes)


def _ending(flow: Flow, fact: Decided) -> bool:
    """Whether a decision, or another flow's outcome, ended the run."""
    if not isinstance(fact, StepClosed) or _id(fact.path) not in flow.places:
        return False
    match flow.step(_id(fact.path)):
        case Approve():
            return fact.outcome == REJECT.key
        case Do(ends=ends) | Worker(ends=ends) | Subflow(ends=ends):
            return fact.outcome in ends
    return False


def _id(path: str) -> str:
    """The step's id in a path (`each/2/step`)."""
    return path.rpartition("/")[2]
