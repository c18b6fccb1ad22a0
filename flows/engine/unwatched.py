"""Whose expiry is watched no longer: a checklist that is gone through again, and all of them once the run is over or called off."""

from __future__ import annotations

from flows.decided import RunEnded, StepCleared, Undoing
from flows.model import Collect, Flow
from flows.run import Run


def unwatched(flow: Flow, run: Run, fact: StepCleared | RunEnded | Undoing) -> list[tuple[str, int]]:
    """Path and attempt of the closed checklists whose timers must not fire once `fact` is folded in."""
    paths = (fact.path,) if isinstance(fact, StepCleared) else tuple(run.steps)
    states = (run.steps[path] for path in paths if path in run.steps)
    return [(s.path, s.attempt) for s in states if s.closed_at is not None and _expires(flow, s.path)]


def _expires(flow: Flow, path: str) -> bool:
    step = flow.places[path].step if path in flow.places else None
    return isinstance(step, Collect) and bool(step.fields)
