"""Which steps, choices and cases of a flow were visited by the runs of its transcripts, and which by none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flows import Decided, Flow
from flows.decided import BranchTaken, Forked, RunEnded, StepBlocked, StepClosed, StepOpened, Voted
from flows.model import Approve, Branch, Do, End, Step

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
        seen_steps.update(_ends(flow, facts))
    return Coverage(
        steps,
        choices,
        tuple(step for step in steps if step not in seen_steps),
        tuple(choice for choice in choices if choice not in seen_choices),
    )


def choices_of(step: Step) -> tuple[str, ...]:
    """What people can decide at a step, or the ways out of a branch."""
    match step:
        case Approve():
            return ("approve", "reject", "send_back") if step.send_back_to else ("approve", "reject")
        case Do():
            return tuple(outcome.key for outcome in step.outcomes)
        case Branch():
            return tuple(case.name for case in step.cases)
    return ()


def _ends(flow: Flow, facts: tuple[Decided, ...]) -> Iterator[str]:
    """The end steps that a transition reached: not where a person's decision, or a cancellation, ended the run."""
    outcomes = {fact.outcome for fact in facts if isinstance(fact, RunEnded) and not fact.cancelled}
    if outcomes and not any(_ending(flow, fact) for fact in facts):
        yield from (step.id for step in flow.walk() if isinstance(step, End) and step.outcome in outcomes)


def _ending(flow: Flow, fact: Decided) -> bool:
    if not isinstance(fact, StepClosed):
        return False
    step = flow.step(_id(fact.path))
    return (isinstance(step, Approve) and fact.outcome == "reject") or (isinstance(step, Do) and fact.outcome in step.ends)


def _id(path: str) -> str:
    """The step's id in a path (`each/2/step`)."""
    return path.rpartition("/")[2]
