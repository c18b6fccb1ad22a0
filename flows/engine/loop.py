"""Going through earlier steps once more, by a branch's own rule: nobody sent anything back, and what was asked is asked anew."""

from __future__ import annotations

from collections.abc import Iterator

from flows.decided import BranchTaken, FilesSetAside
from flows.engine.ending import follows, forget
from flows.engine.fields import clear
from flows.engine.transition import Next, Transition
from flows.model import Ask, Branch, Case, Collect, Do, Schedule, Step, Subflow, Wait, Worker
from flows.said import sentence

ENDLESS = sentence("It goes round and round here without waiting for anybody.")


def come_round(t: Transition, why: Next) -> Next | None:
    """The last step of a case that leads back is done."""
    branch, _, name = why.path.partition(":")
    step = t.flow.step(branch)
    assert isinstance(step, Branch)
    return again(t, step, next(case for case in step.cases if case.name == name))


def again(t: Transition, step: Branch, case: Case) -> Next | None:
    """Back to the step that the case names. A loop that came round once already since the event has nobody in it, and no time:
    it stops at the managers."""
    if sum(isinstance(fact, BranchTaken) and fact.path == step.id for fact in t.decided) > 1:
        t.stop(step, Next(step.id), ENDLESS)
        return None
    inside = list(_between(t, step.id, case))
    forget(t, case.back_to)
    for name in dict.fromkeys(name for passed in inside for name in _asked(passed)):
        clear(t, name)
    items = dict.fromkeys(item for passed in inside if isinstance(passed, Collect) for item in passed.items)
    if given := tuple(item for item in items if any(filed.item == item and filed.counts for filed in t.run.files)):
        t.decide(FilesSetAside(given))
    return Next(case.back_to)


def _between(t: Transition, branch: str, case: Case) -> Iterator[Step]:
    """The steps of the loop, whatever way was taken through it, with those of the case itself; other blocks of a parallel step are
    not in it."""
    places = t.flow.places
    last = places[branch].number
    return (
        place.step
        for path, place in places.items()
        if follows(places, path, case.back_to) and (place.number < last or (branch, case.name) in place.cases)
    )


def _asked(step: Step) -> tuple[str, ...]:
    """The fields that a step sets."""
    match step:
        case Ask() | Do() | Wait() | Worker() | Collect():
            return step.fields
        case Schedule():
            return (step.date_field, step.time_field)
        case Subflow():
            return tuple(step.take)
    return ()
