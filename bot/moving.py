"""`baton flow move`: which runs of a flow can go on under another of its versions, and moving those that can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.book import FlowBook, Published
from bot.bootstrap import open_database
from bot.calendars import business_of
from bot.clock import Clock, SystemClock
from bot.config import Settings
from bot.replanning import climbed
from bot.transition import Transitions
from flows import SYSTEM, Event, Facts, Refused, Run
from flows.events import Move
from flows.move import Answer, Verdict, movable
from storage import Database, Loaded, Unit

MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one run. `moved`: it is on the new version now."""

    run: Run
    verdict: Verdict
    moved: bool


def move(settings: Settings, flow: str, number: int | None, write: Callable[[str], None], *, apply: bool, by: str = "") -> int:
    """Tell of each open run of `flow` whether it can move to version `number` (None: the newest), and with `apply` move those that
    can, in the name of the manager `by` or of Baton itself. Always 0. Raises ValueError for a version or person that is not there."""
    database = open_database(settings, beside=True)
    try:
        clock = SystemClock()
        moving = Moving(database, Transitions(FlowBook(), business_of(settings, clock.now().date())), clock)
        target = moving.target(flow, number)
        told = moving.runs(target, apply=apply, by=moving.manager(by) if by else SYSTEM)
        for line in lines(told, target, applied=apply):
            write(line)
    finally:
        database.close()
    return 0


@dataclass(slots=True)
class Moving:
    database: Database
    transitions: Transitions
    clock: Clock

    def target(self, flow: str, number: int | None) -> Published:
        """The version to move to. Raises ValueError."""
        with self.database.read() as unit:
            newest = {of: (version, count) for version, of, count in unit.flows.latest()}
            if flow not in newest:
                raise ValueError(f"no flow {flow} is published. Published are: {', '.join(newest) or 'none'}.")
            version = newest[flow][0] if number is None else unit.flows.numbered(flow, number)
            if version is None:
                raise ValueError(f"the flow {flow} has no version {number}; its newest is {newest[flow][1]}.")
            return self.transitions.book.version(unit, version)

    def manager(self, name: str) -> str:
        """The contact id of the one manager of this name. Raises ValueError."""
        with self.database.read() as unit:
            found = [one.id for one in unit.people.find(name) if one.name.casefold() == name.casefold() and MANAGER in one.roles]
        if len(found) != 1:
            raise ValueError(f"there is no one manager called “{name}”: write the whole name, as in the people list.")
        return found[0]

    def runs(self, target: Published, *, apply: bool, by: str = SYSTEM) -> list[Told]:
        """Each open run of the flow, in the order in which they began, each in a unit of work of its own."""
        with self.database.read() as unit:
            ids = unit.runs.open_of(target.flow.id)
        if apply:
            told = [self.database.write("run.move", self._moving(run, target, by)).result() for run in ids]
        else:
            with self.database.read() as unit:
                told = [self._look(unit, run, target) for run in ids]
        return [one for one in told if one is not None]

    def _moving(self, run_id: str, target: Published, by: str) -> Callable[[Unit], Told | None]:
        def work(unit: Unit) -> Told | None:
            told, loaded = self._look(unit, run_id, target), unit.runs.load(run_id)
            if told is None or loaded is None or told.verdict.answer is not Answer.MOVES:
                return told
            try:
                return Told(self._move(unit, loaded, target, by), told.verdict, moved=True)
            except Refused as refusal:
                reason = f"It was refused ({refusal.code})."
                return Told(loaded.run, Verdict(Answer.CANNOT, refusal.details.get("step", ""), reason), moved=False)

        return work

    def _look(self, unit: Unit, run_id: str, target: Published) -> Told | None:
        loaded = unit.runs.load(run_id)
        if loaded is None:
            return None
        own = self.transitions.book.version(unit, loaded.flow_version_id)
        return Told(loaded.run, movable(own.flow, target.flow, loaded.run), moved=False)

    def _move(self, unit: Unit, loaded: Loaded, target: Published, by: str) -> Run:
        now, over = self.clock.now(), climbed(unit, loaded.run)

        def make(facts: Facts) -> Event:
            return Move(at=now, actor=by, facts=facts, climbed=over)

        return self.transitions.apply(unit, loaded, make, now, under=target)


def lines(told: list[Told], target: Published, *, applied: bool) -> list[str]:
    """`PA-1042: can move from 1 to 2`, with what is left out beneath; and how many there are of each."""
    found = [line for one in told for line in _lines(one, target)]
    moved = sum(one.moved for one in told)
    counts = [sum(one.verdict.answer is answer for one in told) for answer in Answer]
    words = ", ".join(f"{count} {answer.value}" for answer, count in zip(Answer, counts, strict=True))
    summary = f"{target.flow.id} version {target.flow.version}, {len(told)} open: {words}"
    if applied:
        return [*found, f"{summary}; {moved} moved"]
    return [*found, f"{summary}{'. Add --apply to move those that can.' if counts[list(Answer).index(Answer.MOVES)] else '.'}"]


def _lines(one: Told, target: Published) -> list[str]:
    verdict, head = one.verdict, f"{one.run.reference}: "
    match verdict.answer:
        case Answer.MOVES:
            way = f"from version {one.run.flow_version} to {target.flow.version}"
            text = f"moved to version {target.flow.version}" if one.moved else f"can move {way}"
        case Answer.STAYS:
            text = f"stays on version {one.run.flow_version}: {verdict.reason}"
        case Answer.CANNOT:
            where = f" because of {verdict.step}" if verdict.step else ""
            text = f"cannot move{where}: {verdict.reason}"
    return [head + text, *(f"  {remark}" for remark in verdict.remarks)]
