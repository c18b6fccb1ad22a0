"""Loops of a flow: each has a way out, and waits for somebody, or for a time, before it comes round again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flows.lint.ways import blocks, case_steps
from flows.model import Branch, Case, Do, End, Flow, Generate, Notify, Parallel, Step, Subflow, Worker
from flows.reading.draft import Draft


def check_loops(draft: Draft) -> None:
    source = draft.source
    places = source.defined.get("step", {})
    for step in _without_way_out(draft.flow.steps):
        hint = "Let one outcome go on or end." if isinstance(step, Do | Worker) else "Let one case go on or end."
        source.add(places[step.id], f"Every way out of `{step.id}` leads back: nobody can ever leave this loop.", hint)
    for branch, case, use in source.loops:
        around = _between(draft.flow, use.name, branch, case)
        if around and not _pauses(around):
            problem = f"Nothing from `{use.name}` to `{branch}` waits for anybody: the loop would never rest."
            source.add(use.place, problem, "Go back to a step that asks somebody, or put a `wait` into the loop.")


def _without_way_out(steps: Iterable[Step]) -> Iterator[Step]:
    """The steps from which every way leads back; of those within each other only the innermost."""
    for step in steps:
        inner = [found for block in blocks(step) for found in _without_way_out(block)]
        yield from inner
        if not inner and _ways(step) == {"back"}:
            yield step


def _ways(step: Step) -> set[str]:
    """How a step can be left: "on", "end" or "back"."""
    match step:
        case End():
            return {"end"}
        case Do(outcomes=outcomes) | Worker(outcomes=outcomes):
            return {_way(step, outcome.key) for outcome in outcomes}
        case Branch():
            return {way for case in step.cases for way in _case_ways(case)}
        case Parallel():
            found = [_through(block.steps) for block in step.blocks]
            return {"on"} if sum("on" in ways for ways in found) >= step.needed else set[str]().union(*found) - {"on"}
    return {"on"}


def _case_ways(case: Case) -> set[str]:
    ways = _through(case.steps)
    return (ways - {"on"}) | {"back"} if case.back_to and "on" in ways else ways


def _way(step: Do | Worker, outcome: str) -> str:
    if outcome in step.send_back_to:
        return "back"
    return "end" if outcome in step.ends else "on"


def _through(steps: Iterable[Step]) -> set[str]:
    """How a block can be left."""
    found = {"on"}
    for step in steps:
        if "on" not in found:
            break
        found = (found - {"on"}) | _ways(step)
    return found


def _between(flow: Flow, first: str, last: str, name: str) -> list[Step]:
    """The steps of a loop from `first` through a case of the branch `last`, which may stand deep in a later step; none where it
    leads elsewhere."""
    found: list[Step] = []
    begun = False
    for block, holder in _way_to(flow.steps, last):
        names = [step.id for step in block]
        if begun or first in names:
            found += block[0 if begun else names.index(first) : names.index(holder)]
            begun = True
    return [*found, *case_steps(flow.step(last), name)] if found else []


def _way_to(steps: tuple[Step, ...], id: str) -> list[tuple[tuple[Step, ...], str]]:
    """The blocks around a step, outermost first, each with its step that holds it."""
    for step in steps:
        if step.id == id:
            return [(steps, id)]
        for block in blocks(step):
            if inside := _way_to(block, id):
                return [(steps, step.id), *inside]
    return []


def _pauses(steps: Iterable[Step]) -> bool:
    """Whether every way through these steps waits for a person, a time or another run."""
    return any(_pause(step) for step in steps)


def _pause(step: Step) -> bool:
    match step:
        case Branch():
            return bool(step.cases) and all(case.back_to or _pauses(case.steps) for case in step.cases)
        case Parallel():
            return sum(not _pauses(block.steps) for block in step.blocks) < step.needed
        case Subflow():
            return step.wait
    return not isinstance(step, Notify | Generate | End)
