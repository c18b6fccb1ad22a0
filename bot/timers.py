"""Due timers become events. The rows are the truth; the tick only looks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.clock import Clock
from bot.transition import Transitions
from flows import Event, Facts, Flow, Refused
from flows.events import SYSTEM, Fire
from storage import Database, Loaded, TimerRow, Unit

BATCH = 200

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Timers:
    """Fires what is due."""

    database: Database
    transitions: Transitions
    clock: Clock

    def tick(self) -> int:
        """Fire all timers due by now; returns how many were taken. Those of one run in a unit of their own: one that fails stops no
        other and is tried again at the next tick."""
        taken = 0
        while True:
            now = self.clock.now()
            with self.database.read() as unit:
                due = unit.timers.due(now, BATCH)
            runs: dict[str, list[TimerRow]] = {}
            for row in due:
                runs.setdefault(row.run_id, []).append(row)
            futures = [self.database.write("timer.fire", self._firing(rows, now)) for rows in runs.values()]
            this_time = 0
            for future in futures:
                if error := future.exception():
                    log.error("timers of a run failed; they are tried again: %s", type(error).__name__, exc_info=error)
                else:
                    this_time += future.result()
            taken += this_time
            if len(due) < BATCH or not this_time:
                return taken

    def _firing(self, rows: list[TimerRow], now: datetime) -> Callable[[Unit], int]:
        def work(unit: Unit) -> int:
            taken = [row for row in rows if unit.timers.take(row)]
            loaded = unit.runs.load(rows[0].run_id)
            if loaded is not None:
                flow = self.transitions.book.version(unit, loaded.flow_version_id).flow
                for row in folded(flow, taken):
                    self._fire(unit, row, now)
            return len(taken)

        return work

    def _fire(self, unit: Unit, row: TimerRow, now: datetime) -> None:
        loaded: Loaded | None = unit.runs.load(row.run_id)
        assert loaded is not None, "runs are never deleted"

        def make(facts: Facts) -> Event:
            return Fire(at=now, actor=SYSTEM, facts=facts, path=row.path, attempt=row.attempt, rung=row.rung)

        try:
            self.transitions.apply(unit, loaded, make, now)
        except Refused:  # the step closed meanwhile
            return


def folded(flow: Flow, due: Iterable[TimerRow]) -> list[TimerRow]:
    """What to fire of a run's timers that are due at once (the machine was off, or a clock was moved): of the rungs of one step
    attempt that tell the same reader only the last, so that nobody gets three reminders in one minute. Oldest first."""
    last: dict[tuple[str, int, str], TimerRow] = {}
    for row in due:
        reader = next((rung.to for rung in flow.step(row.path).ladder if rung.name == row.rung), row.rung)
        last[row.path, row.attempt, reader] = row
    return list(last.values())
