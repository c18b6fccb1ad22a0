"""The ways through a flow: each one ends, nothing stands behind an end, and sending back goes to a step that was passed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from flows.model import Approve, Ask, Branch, Collect, Do, End, Generate, Parallel, Step
from flows.reading.draft import Draft
from flows.reading.nodes import Place

_REPEATABLE = (Ask, Collect, Approve, Do, Generate)


def check_ways(draft: Draft) -> None:
    flow, source = draft.flow, draft.source
    places = source.defined.get("step", {})
    if not flow.steps:
        source.add(Place(1, 1), "The flow has no steps.", "Add at least one step, and an `end`.")
    elif not any(_ends(step) for step in flow.steps):
        source.add(places[flow.steps[-1].id], "The flow does not end on every way.", "Add an `end` step after this one.")
    for before, step in _behind_ends(flow.steps):
        problem = f"The step `{step.id}` is never reached: every way ends before it."
        source.add(places[step.id], problem, f"Remove it, or move it before `{before.id}`.")
    for step in flow.walk():
        if isinstance(step, End) and flow.places[step.id].within:
            hint = "Move it below the parallel step: a rejection, or an outcome that `ends`, still ends the run at once."
            source.add(places[step.id], f"`{step.id}` would end the run while other blocks are at work.", hint)
    passed = dict(_passed(flow.steps, ()))
    for step_id, use in source.send_backs:
        if use.name in places and use.name not in passed[step_id]:
            problem = f"`{step_id}` cannot send back to `{use.name}`: not every way has passed it, or it has nothing to repeat."
            earlier = ", ".join(passed[step_id])
            source.add(
                use.place, problem, f"Write one of: {earlier}." if earlier else "Remove it: no step stands before this one."
            )


def _blocks(step: Step) -> Iterator[tuple[Step, ...]]:
    """The blocks inside a step."""
    match step:
        case Branch():
            yield from (case.steps for case in step.cases)
        case Parallel():
            yield from (block.steps for block in step.blocks)


def _ends(step: Step) -> bool:
    """Whether no way leads on from this step."""
    inside = list(_blocks(step))
    return isinstance(step, End) or (bool(inside) and all(any(_ends(s) for s in block) for block in inside))


def _behind_ends(steps: tuple[Step, ...]) -> Iterator[tuple[Step, Step]]:
    """In each block, the first step that no way reaches, after the one where every way ends."""
    yield from [(before, step) for before, step in pairwise(steps) if _ends(before)][:1]
    for step in steps:
        for block in _blocks(step):
            yield from _behind_ends(block)


def _passed(steps: tuple[Step, ...], before: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each step with the earlier ones that every way to it has passed and that have something to repeat. A parallel block knows
    its own only: what the others do meanwhile is not undone."""
    for step in steps:
        yield step.id, before
        for block in _blocks(step):
            yield from _passed(block, () if isinstance(step, Parallel) else before)
        before += (step.id,) if isinstance(step, _REPEATABLE) else ()
