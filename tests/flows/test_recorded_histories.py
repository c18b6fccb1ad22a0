"""What was recorded of every template folds and is decided today as it was then. A change that is meant is listed, or recorded anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from flows import Record, Run, advance, fold, replay, stepping
from flows.decided import BranchTaken, Decided
from flows.engine import approve
from flows.loader import load, templates
from flows.progress import StepClosed
from flows.run import StepState, StepStatus
from tests.recordings import FOLDER, History, recorded

EXCEPTIONS: dict[tuple[str, int], str] = {}
"""(history, number of the event from 1): why it is decided otherwise today, and may be. What was stored stays as it was: a fold never
decides again."""


@cache
def all_recorded() -> tuple[History, ...]:
    return tuple(recorded())


def folded(history: History) -> Run | None:
    run: Run | None = None
    for moment in history.moments:
        run = replay(run, moment.decided)
    return run


def decided_otherwise(history: History) -> Iterable[tuple[int, tuple[Decided, ...], tuple[Decided, ...]]]:
    """The events (number, then, now) that today's code decides in another way, each on the run as it was then."""
    run: Run | None = None
    for number, moment in enumerate(history.moments, start=1):
        _, effects = advance(history.flow, run, moment.event)
        record = effects[0]
        assert isinstance(record, Record)
        if record.decided != moment.decided and (history.name, number) not in EXCEPTIONS:
            yield number, moment.decided, record.decided
        run = replay(run, moment.decided)


def test_every_template_has_its_histories() -> None:
    """Run `make histories` after a template or its transcripts have changed."""
    there = {folder.name for folder in FOLDER.iterdir() if any(folder.glob("*.json"))}
    assert there >= {load(path).id for path in templates().values()}


def test_they_fold_to_the_same_state() -> None:
    assert all_recorded()
    for history in all_recorded():
        assert folded(history) == history.end, history.name


def test_they_are_decided_as_they_were() -> None:
    for history in all_recorded():
        assert list(decided_otherwise(history)) == [], history.name


def test_exceptions_are_still_needed() -> None:
    numbers = {history.name: len(history.moments) for history in all_recorded()}
    for name, number in EXCEPTIONS:
        assert 1 <= number <= numbers.get(name, 0), f"{name} has no event {number} any more"


def test_they_hold_no_id_that_is_drawn_anew() -> None:
    """Else recording twice would change every file, and nobody would read the difference."""
    for file in sorted(FOLDER.glob("*/*.json")):
        raw = json.loads(file.read_text(encoding="utf-8"))
        people = {event["event"]["actor"] for run in raw["runs"] for event in run["events"]}
        assert all(len(person) < 32 for person in people), file


# --- planted bugs -----------------------------------------------------------------------------------------------------


def closing_late(right: Callable[..., Any]) -> Callable[..., Any]:
    def after(state: StepState | None, fact: Any) -> StepState:
        new: StepState = right(state, fact)
        return replace(new, closed_by="") if isinstance(fact, StepClosed) and fact.status is StepStatus.DONE else new

    return after


def test_a_changed_fold_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold, "step_after", closing_late(stepping.after))
    with pytest.raises(AssertionError):
        test_they_fold_to_the_same_state()


def test_a_changed_decision_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approve, "_needed", lambda step, holders: 1)
    with pytest.raises(AssertionError):
        test_they_are_decided_as_they_were()


def test_an_exception_lets_one_event_through_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approve, "_needed", lambda step, holders: 1)

    def changed() -> list[tuple[str, int]]:
        return [(history.name, number) for history in all_recorded() for number, _, _ in decided_otherwise(history)]

    first, *others = changed()
    monkeypatch.setitem(EXCEPTIONS, first, "planted")
    assert changed() == others


def test_they_reach_far() -> None:
    """Histories that go everywhere: else agreeing with them would say little."""
    facts = {type(fact) for history in all_recorded() for moment in history.moments for fact in moment.decided}
    assert {BranchTaken, StepClosed} <= facts
    assert {history.end.status.value for history in all_recorded()} >= {"ended", "cancelled"}
