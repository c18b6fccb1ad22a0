"""Whether a run can go on under another version of its flow: told step by step, in plain words. Pure; standard library only.

What is decided stays decided: a run moves only where every step that it has open, done or taken is the same kind of step in the same
place, where what it knows still fits its fields, and where nobody would do again what is done. What it would leave out is remarked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from flows.model import (
    Approve,
    Branch,
    Collect,
    Do,
    Each,
    Field,
    FieldType,
    Flow,
    Parallel,
    Place,
    Schedule,
    Step,
    Subflow,
    Wait,
    Worker,
)
from flows.run import Run, Status, StepState
from flows.values import Value


class Answer(StrEnum):
    STAYS = "stays"
    MOVES = "can move"
    CANNOT = "cannot move"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`step` is the one (its id) because of which it cannot move, "" where it is about the whole; `reason` is a sentence.
    `remarks`: sentences about what the new version asks earlier, and this run is not asked any more."""

    answer: Answer
    step: str = ""
    reason: str = ""
    remarks: tuple[str, ...] = ()


class _Cannot(Exception):
    def __init__(self, step: str, reason: str) -> None:
        self.step, self.reason = step, reason
        super().__init__(reason)


def movable(old: Flow, new: Flow, run: Run) -> Verdict:
    """Whether `run`, on version `old` of its flow, can go on under `new`. Raises ValueError for two different flows."""
    if old.id != new.id:
        raise ValueError(f"{old.id} and {new.id} are different flows")
    if run.status is not Status.OPEN:
        return Verdict(Answer.STAYS, reason="It is over.")
    if old.version == new.version:
        return Verdict(Answer.STAYS, reason="It is on this version.")
    if run.cancelling is not None:
        return Verdict(Answer.STAYS, reason="It is being cancelled.")
    try:
        for path in _known(run):
            _same_place(old, new, path)
        for path in _current(run):
            _same_way(new, run, path)
        for state in run.open_steps():
            _same_question(old, new, run, state)
            _nothing_twice(old, new, run, state)
        for name, value in run.values.items():
            _fits(old, new, name, value)
        _same_documents(new, run)
    except _Cannot as found:
        return Verdict(Answer.CANNOT, found.step, found.reason)
    return Verdict(Answer.MOVES, remarks=tuple(_left_out(old, new, run)))


def _current(run: Run) -> dict[str, None]:
    """The steps that the run has now: open or done, taken, or begun in blocks."""
    return dict.fromkeys((*run.steps, *run.taken, *run.joined))


def _known(run: Run) -> dict[str, None]:
    """These, and the ones it went back from: they are still shown."""
    return _current(run) | dict.fromkeys(state.path for state in run.history)


# --- each step --------------------------------------------------------------------------------------------------------


def _same_place(old: Flow, new: Flow, path: str) -> None:
    title, before, after = _title(old, path), old.places[path], new.places.get(path)
    if after is None:
        raise _Cannot(path, f"{title} is not in the new version.")
    if after.step.kind != before.step.kind:
        raise _Cannot(path, f"{title} is another kind of step in the new version ({after.step.kind}, was {before.step.kind}).")
    if (after.within, after.cases) != (before.within, before.cases):
        raise _Cannot(path, f"{title} stands in another block or case in the new version.")


def _same_way(new: Flow, run: Run, path: str) -> None:
    """The case that was taken, and the blocks that have begun, are still there."""
    step, title = new.step(path), _title(new, path)
    if isinstance(step, Branch) and path in run.taken and run.taken[path] not in {case.name for case in step.cases}:
        raise _Cannot(path, f"{title} has no case “{run.taken[path].replace('_', ' ')}” in the new version.")
    if isinstance(step, Parallel) and path in run.joined:
        done, names = run.joined[path], {block.name for block in step.blocks}
        if not names.issuperset(done):
            raise _Cannot(path, f"{title} has other blocks in the new version.")


def _same_question(old: Flow, new: Flow, run: Run, state: StepState) -> None:
    """What people have been asked is still what is asked."""
    path = state.path
    before, after, title = old.step(path), new.step(path), _title(old, path)
    for around, _ in old.places[path].within:
        one, other = old.step(around), new.step(around)
        if isinstance(one, Parallel) and isinstance(other, Parallel) and _blocks(one) != _blocks(other):
            raise _Cannot(around, f"{_title(old, around)} is under way, and has other blocks in the new version.")
    problem = _asked_otherwise(before, after)
    if problem:
        raise _Cannot(path, f"{title} is open, and {problem} in the new version.")


def _asked_otherwise(before: Step, after: Step) -> str:
    """What is no longer the same of two steps of one kind; "" where nothing is."""
    match before, after:
        case Approve(), Approve():
            deciding = ("approvers", "policy", "needed")
            return "is decided by others, or in another way" if _differ(before, after, *deciding) else ""
        case Do() | Worker(), Do() | Worker():
            gone = {choice.key for choice in before.outcomes} - {choice.key for choice in after.outcomes}
            second = isinstance(before, Do) and _differ(before, after, "confirm_by")
            return "has other outcomes" if gone else "is confirmed by others" if second else ""
        case Collect(), Collect():
            gone = set(before.items) - set(after.items)
            return "asks for other documents" if gone else "is checked by others" if _differ(before, after, "checked_by") else ""
        case Subflow() | Each(), Subflow() | Each():
            return "starts another flow" if before.flow != after.flow else ""
        case Schedule(), Schedule():
            return "books another diary" if _differ(before, after, "with_role", "date_field", "time_field") else ""
        case Wait(), Wait():
            return "waits for something else" if bool(before.fields) != bool(after.fields) else ""
    return ""


def _differ(before: Step, after: Step, *names: str) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in names)


def _blocks(step: Parallel) -> tuple[frozenset[str], int]:
    return frozenset(block.name for block in step.blocks), step.needed


def _nothing_twice(old: Flow, new: Flow, run: Run, state: StepState) -> None:
    """What is done stays behind what is open: else it would be reached once more."""
    for path in _current(run):
        if _ahead(new, path, state.path) and not _ahead(old, path, state.path):
            raise _Cannot(path, f"{_title(old, path)} is done, and comes later in the new version: it would be done twice.")


def _ahead(flow: Flow, path: str, of: str) -> bool:
    """Whether `path` is still to come when `of` is open, as far as the order in the file says."""
    place, open_one = flow.places[path], flow.places[of]
    return place.number > open_one.number and _around(place, open_one)


def _around(place: Place, inner: Place) -> bool:
    """Whether who is at `inner` is inside of the blocks and cases that `place` is in."""
    return _begins(inner.within, place.within) and _begins(inner.cases, place.cases)


def _begins(whole: tuple[object, ...], part: tuple[object, ...]) -> bool:
    return whole[: len(part)] == part


# --- what the run knows -----------------------------------------------------------------------------------------------


def _fits(old: Flow, new: Flow, name: str, value: Value) -> None:
    before, after = old.fields.get(name), new.fields.get(name)
    if before is None:
        return
    title, step = f"“{before.title.text()}”", _asked_by(old, name)
    if after is None:
        raise _Cannot(step, f"{title} is answered, and not in the new version.")
    if (after.type, after.currency, bool(after.formula)) != (before.type, before.currency, bool(before.formula)):
        raise _Cannot(step, f"{title} is answered, and is another kind of answer in the new version.")
    if after.personal != before.personal:
        raise _Cannot(step, f"{title} is answered, and is about somebody else in the new version.")
    if not _still_a_choice(after, value):
        raise _Cannot(step, f"{title} is answered with “{value}”, which is no choice in the new version.")


def _still_a_choice(field: Field, value: Value) -> bool:
    return field.type is not FieldType.CHOICE or not isinstance(value, str) or value in {choice.key for choice in field.choices}


def _asked_by(flow: Flow, name: str) -> str:
    return next((step.id for step in flow.walk() if name in getattr(step, "fields", ())), "")


def _same_documents(new: Flow, run: Run) -> None:
    gone = [filed.item for filed in run.files if filed.counts and filed.item not in new.documents]
    if gone:
        raise _Cannot("", f"There are files for “{gone[0]}”, which is no document in the new version.")


def _left_out(old: Flow, new: Flow, run: Run) -> Iterator[str]:
    """Steps of the new version that this run has gone past without them."""
    known, opened = _known(run), run.open_steps()
    for path, place in new.places.items():
        passed = any(_behind(new, place, state.path) for state in opened)
        was_passed = path in old.places and any(_behind(old, old.places[path], state.path) for state in opened)
        if path not in known and passed and not was_passed:
            yield f"{_title(new, path)} comes earlier in the new version: this run has gone past it, so it is left out."


def _behind(flow: Flow, place: Place, of: str) -> bool:
    return place.number < flow.places[of].number and _around(place, flow.places[of])


def _title(flow: Flow, path: str) -> str:
    return f"“{flow.step(path).title.text()}”"
