"""Runs that this one started, and that nobody waits for any more: found from each fact as it is decided, so that none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from flows.decided import Decided, RunEnded, StepCleared, StepClosed, Undoing
from flows.run import Child, Run, StepStatus

NOT_NEEDED = "not-needed"  # a hyphen: no outcome of a flow file can be called so


def orphans(run: Run, fact: Decided) -> tuple[tuple[str, Child], ...]:
    """The open children, each with its step's path, that end with what `fact` is about to end. What a step did not wait for ends
    only with a cancelled run: it outlives one that is over."""
    match fact:
        case StepCleared(path) | StepClosed(path, status=StepStatus.RETURNED | StepStatus.CANCELLED):
            return tuple(_open(run, path))
        case Undoing() | RunEnded(cancelled=True):
            return tuple(found for path in run.children for found in _open(run, path))
    return ()


def _open(run: Run, path: str) -> Iterator[tuple[str, Child]]:
    return ((path, child) for child in run.children.get(path, ()) if not child.outcome)
