"""Diaries and runs: what is booked, kept with the run that booked it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flows import Run
from flows.decided import Booked, Decided, RunEnded, StepCleared
from flows.model import Flow, Schedule
from storage import Unit


def taken(unit: Unit, flow: Flow, now: datetime) -> dict[str, tuple[datetime, ...]]:
    """What is booked from now on in every diary that a flow looks into."""
    diaries = {place.step.with_role for place in flow.places.values() if isinstance(place.step, Schedule)}
    return {diary: unit.bookings.taken(diary, now) for diary in sorted(diaries)}


def keep(unit: Unit, flow: Flow, run: Run, decided: Iterable[Decided]) -> None:
    """Keep the diary in step with what was decided: a slot is free again once its step is gone through anew, or the run is cancelled.
    Raises storage.Conflict where somebody else was first."""
    for fact in decided:
        match fact:
            case Booked(path, attempt, diary, at_time):
                step = flow.step(path)
                assert isinstance(step, Schedule), "only a schedule step books"
                unit.bookings.book(diary, at_time, step.capacity, run.id, path, attempt)
            case StepCleared(path) if isinstance(flow.step(path), Schedule):
                unit.bookings.release(run.id, path)
            case RunEnded(cancelled=True):
                unit.bookings.release(run.id)
