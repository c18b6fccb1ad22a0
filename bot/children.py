"""What one transition asks of other runs: children that it starts or calls off, and the parent that hears of a child's end.

All of it happens in the unit of work of that transition, one after another in the order in which it was asked, each on the run as it
then stands: a parent and its children become durable together or not at all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from bot.book import FlowBook, Published
from flows import Effect, Event, Facts, Record, Refused, Run, Value
from flows.decided import RunEnded
from flows.effects import CancelChild, Spawn
from flows.events import SYSTEM, Cancel, EndChild
from flows.model import Subflow
from flows.run import Parent, Status
from flows.values import Erased
from storage import Loaded, Unit


@dataclass(frozen=True, slots=True)
class Birth:
    """A child to start: of the flow version that this one of its parent was published with."""

    parent: str
    published: Published
    spawn: Spawn


@dataclass(frozen=True, slots=True)
class Report:
    """A child that is over, for its parent."""

    child: Run
    parent: Parent
    reason: str


Asked = Birth | Report | CancelChild


class Stored(NamedTuple):
    """A run as one transition left it, and what that asks of other runs."""

    run: Run
    asked: tuple[Asked, ...]


class Executor(Protocol):
    """What is needed of `bot.transition`: each stores one transition of one run and gives back what it asks of others. `start` and
    `move` raise Refused where the event does not apply; nothing of it is stored then."""

    book: FlowBook

    def start(
        self,
        unit: Unit,
        published: Published,
        requester: str,
        values: Mapping[str, Value],
        now: datetime,
        *,
        run_id: str = "",
        parent: Parent | None = None,
    ) -> Stored: ...

    def move(self, unit: Unit, loaded: Loaded, make: Callable[[Facts], Event], now: datetime) -> Stored: ...


class ChildRefused(RuntimeError):
    """A child run could not begin: its parent must not be stored as waiting for it."""


def asked(published: Published, run: Run, effects: Iterable[Effect]) -> tuple[Asked, ...]:
    """What the effects of a transition of `run` ask of others."""
    found: list[Asked] = []
    for effect in effects:
        match effect:
            case Spawn():
                found.append(Birth(run.id, published, effect))
            case CancelChild():
                found.append(effect)
            case Record(decided) if run.parent is not None:
                found += [Report(run, run.parent, fact.reason) for fact in decided if isinstance(fact, RunEnded)]
    return tuple(found)


def settle(executor: Executor, unit: Unit, first: Stored, now: datetime) -> Run:
    """Do what `first` asks of other runs, and what follows from that in turn; the run of `first` as it stands then.

    First come, first served: so a child is there before anything later can call it off. Raises ChildRefused, storage.Conflict."""
    waiting = deque(first.asked)
    while waiting:
        waiting.extend(_do(executor, unit, waiting.popleft(), now))
    loaded = unit.runs.load(first.run.id) if first.asked else None
    return loaded.run if loaded is not None else first.run


def _do(executor: Executor, unit: Unit, what: Asked, now: datetime) -> tuple[Asked, ...]:
    match what:
        case Birth():
            return _begin(executor, unit, what, now)
        case Report():
            return _report(executor, unit, what, now)
        case CancelChild():
            return _cancel(executor, unit, what, now)


def _begin(executor: Executor, unit: Unit, birth: Birth, now: datetime) -> tuple[Asked, ...]:
    spawn = birth.spawn
    flow = executor.book.child(unit, birth.published, spawn.flow)
    parent = Parent(birth.parent, spawn.path, spawn.attempt, spawn.index)
    try:
        begun = executor.start(unit, flow, spawn.requester, spawn.values, now, run_id=spawn.run, parent=parent)
    except Refused as refusal:
        # Whoever put the first event takes Refused for "nothing changed", and its parent is stored by now.
        raise ChildRefused(f"a run of {spawn.flow} could not begin: {refusal.code}") from refusal
    return begun.asked


def _report(executor: Executor, unit: Unit, report: Report, now: datetime) -> tuple[Asked, ...]:
    """Tell the parent, as it stands now; one that waits no longer is left as it is."""
    child, parent = report.child, report.parent
    loaded = unit.runs.load(parent.run)
    if loaded is None or loaded.run.status is not Status.OPEN:
        return ()
    values = _taken(executor, unit, loaded, report)

    def make(facts: Facts) -> Event:
        return EndChild(
            at=now, actor=SYSTEM, facts=facts, path=parent.path, attempt=parent.attempt, run=child.id,
            outcome=child.outcome, values=values, reason=report.reason,
        )  # fmt: skip

    return _put(executor, unit, loaded, make, now)


def _taken(executor: Executor, unit: Unit, loaded: Loaded, report: Report) -> dict[str, Value]:
    """The child's values that the step takes over, under the parent's own names."""
    place = executor.book.version(unit, loaded.flow_version_id).flow.places.get(report.parent.path)
    take = place.step.take if place is not None and isinstance(place.step, Subflow) else {}
    known = {name: value for name, value in report.child.values.items() if not isinstance(value, Erased)}
    return {ours: known[theirs] for ours, theirs in take.items() if theirs in known}


def _cancel(executor: Executor, unit: Unit, cancel: CancelChild, now: datetime) -> tuple[Asked, ...]:
    loaded = unit.runs.load(cancel.run)
    if loaded is None or loaded.run.status is not Status.OPEN:
        return ()

    def make(facts: Facts) -> Event:
        return Cancel(at=now, actor=SYSTEM, facts=facts, reason=cancel.reason)

    return _put(executor, unit, loaded, make, now)


def _put(executor: Executor, unit: Unit, loaded: Loaded, make: Callable[[Facts], Event], now: datetime) -> tuple[Asked, ...]:
    """What putting the event asks in turn: nothing where it came too late for the run."""
    try:
        return executor.move(unit, loaded, make, now).asked
    except Refused:
        return ()
