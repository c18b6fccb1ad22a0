"""Due timers become events. The rows are the truth; the tick only looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.clock import Clock
from bot.transition import Transitions
from flows import Event, Facts, Refused
from flows.events import SYSTEM, Fire
from storage import Database, TimerRow, Unit

BATCH = 200


@dataclass(slots=True)
class Timers:
    """Fires what is due."""

    database: Database
    transitions: Transitions
    clock: Clock

    def tick(self) -> int:
        """Fire all timers due by now, oldest first; returns how many fired. Each in a unit of its own: one that fails stops no other
        and is tried again at the next tick."""
        fired = 0
        while True:
            now = self.clock.now()
            with self.database.read() as unit:
                due = unit.timers.due(now, BATCH)
            futures = [self.database.write("timer.fire", self._firing(row, now)) for row in due]
            results = [future.exception() or future.result() for future in futures]
            fired += sum(result is True for result in results)
            if len(due) < BATCH or not any(result is True for result in results):
                return fired

    def _firing(self, row: TimerRow, now: datetime) -> Callable[[Unit], bool]:
        def work(unit: Unit) -> bool:
            if not unit.timers.take(row):
                return False
            loaded = unit.runs.load(row.run_id)
            if loaded is None:
                return False

            def make(facts: Facts) -> Event:
                return Fire(at=now, actor=SYSTEM, facts=facts, path=row.path, attempt=row.attempt, rung=row.rung)

            try:
                self.transitions.apply(unit, loaded, make, now)
            except Refused:
                return False
            return True

        return work
