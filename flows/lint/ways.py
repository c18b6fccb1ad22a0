"""The ways through a flow: each one ends, nothing stands behind an end, and going back leads to a step that was passed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from flows.model import Approve, Ask, Branch, Collect, Do, Each, End, Generate, Parallel, Schedule, Step, Subflow, Worker
from flows.reading.draft import Draft
from flows.reading.nodes import Place
from flows.reading.source import Source, Use

_REPEATABLE = (Ask, Collect, Approve, Do, Worker, Schedule, Generate, Subflow, Each)


def check_ways(draft: Draft) -> None:
    _check_ends(draft)
    _check_going_back(draft)


def _check_ends(draft: Draft) -> None:
    """Every way ends, and every step is reached."""
    flow, source = draft.flow, draft.source
    places = source.defined.get("step", {})
    if not flow.steps:
        source.add(Place(1, 1), "The flow has no steps.", "Add at least one step, and an `end`.")
    elif not any(stops(step) for step in flow.steps):
        source.add(places[flow.steps[-1].id], "The flow does not end on every way.", "Add an `end` step after this one.")
    for branch, case, use in source.loops:
        if branch in flow.places and any(map(stops, case_steps(flow.step(branch), case))):
            source.add(use.place, "It never goes back: every way ends before it.", "Remove `back_to`, or let one way go on.")
    for before, step in _behind_ends(flow.steps):
        problem = f"The step `{step.id}` is never reached: every way ends before it."
        source.add(places[step.id], problem, f"Remove it, or move it before `{before.id}`.")
    for step in flow.walk():
        if isinstance(step, End) and flow.places[step.id].within:
            hint = "Move it below the parallel step: a rejection, or an outcome that `ends`, still ends the run at once."
            source.add(places[step.id], f"`{step.id}` would end the run while other blocks are at work.", hint)


def _check_going_back(draft: Draft) -> None:
    """Sending back, and loops, lead to a step that every way has passed."""
    passed = dict(_passed(draft.flow.steps, ()))
    for step, use in draft.source.send_backs:
        repeatable = [one.id for one in passed.get(step, ()) if isinstance(one, _REPEATABLE)]
        problem = f"`{step}` cannot send back to `{use.name}`: not every way has passed it, or it has nothing to repeat."
        _check_target(draft.source, use, repeatable, problem)
    for branch, _, use in draft.source.loops:
        problem = f"`{branch}` cannot go back to `{use.name}`: not every way has passed it."
        _check_target(draft.source, use, [one.id for one in passed.get(branch, ())], problem)


def _check_target(source: Source, use: Use, targets: list[str], problem: str) -> None:
    if use.name in source.names("step") and use.name not in targets:
        hint = f"Write one of: {', '.join(targets)}." if targets else "Remove it: no step stands before this one."
        source.add(use.place, problem, hint)


def case_steps(branch: Step, name: str) -> tuple[Step, ...]:
    """The steps of one case."""
    cases = branch.cases if isinstance(branch, Branch) else ()
    return next((case.steps for case in cases if case.name == name), ())


def blocks(step: Step) -> Iterator[tuple[Step, ...]]:
    """The blocks inside a step."""
    match step:
        case Branch():
            yield from (case.steps for case in step.cases)
        case Parallel():
            yield from (block.steps for block in step.blocks)


def stops(step: Step) -> bool:
    """Whether no way leads on from this step: each ends the run, or goes back."""
    match step:
        case End():
            return True
        case Branch():
            return bool(step.cases) and all(case.back_to or any(map(stops, case.steps)) for case in step.cases)
        case Parallel():
            return all(any(map(stops, block.steps)) for block in step.blocks)
    return False


def _behind_ends(steps: tuple[Step, ...]) -> Iterator[tuple[Step, Step]]:
    """In each block, the first step that no way reaches, after the one where every way ends."""
    yield from [(before, step) for before, step in pairwise(steps) if stops(before)][:1]
    for step in steps:
        for block in blocks(step):
            yield from _behind_ends(block)


def _passed(steps: tuple[Step, ...], before: tuple[Step, ...]) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """Each step with the earlier ones that every way to it has passed. A parallel block knows its own only: what the others do
    meanwhile is not undone. What undoes a step goes back to nothing."""
    for step in steps:
        yield step.id, before
        for block in blocks(step):
            yield from _passed(block, () if isinstance(step, Parallel) else before)
        yield from ((undoing.id, ()) for undoing in step.compensate)
        before += (step,)
