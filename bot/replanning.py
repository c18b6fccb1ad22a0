"""After working time has changed in the settings, every open run is timed again: a batch at a time, beside the ordinary work.

The register `calendar` names the working time that all timers follow. While it is another than the settings', runs are gone through
in the order of their ids; `calendar.replanned` remembers how far (after which digest), so that a crash in between costs one batch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from bot.clock import Clock
from bot.transition import Transitions
from flows import SYSTEM, Event, Facts, Refused, Run
from flows.events import Replan
from storage import Database, Unit

BATCH = 50
IN_FORCE, SO_FAR = "calendar", "calendar.replanned"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Replanning:
    """Call `some` until it is False."""

    database: Database
    transitions: Transitions
    clock: Clock
    done: bool = False

    def some(self) -> bool:
        """Time one batch of open runs again; whether there are more. The first start of a database has nothing to time again."""
        if self.done:
            return False
        digest = self.transitions.business.digest
        with self.database.read() as unit:
            stored = unit.settings.get(IN_FORCE)
            of, _, last = (unit.settings.get(SO_FAR) or "").partition(" ")
            runs = unit.runs.open_after(last if of == digest else "", BATCH) if stored not in (None, digest) else []
        for future in [self.database.write("run.replan", self._replanning(run)) for run in runs]:
            if error := future.exception():
                log.error("a run could not be timed again: %s", type(error).__name__, exc_info=error)
        self.database.write("calendar.replanned", self._reached(runs[-1] if runs else "")).result()
        self.done = not runs
        return bool(runs)

    def _reached(self, last: str) -> Callable[[Unit], None]:
        """Remember how far it came: `last` is "" at the end."""
        digest = self.transitions.business.digest

        def work(unit: Unit) -> None:
            unit.settings.put(SO_FAR, f"{digest} {last}")
            if not last:
                unit.settings.put(IN_FORCE, digest)

        return work

    def _replanning(self, run_id: str) -> Callable[[Unit], None]:
        def work(unit: Unit) -> None:
            loaded = unit.runs.load(run_id)
            if loaded is None:
                return
            now, over = self.clock.now(), climbed(unit, loaded.run)

            def make(facts: Facts) -> Event:
                return Replan(at=now, actor=SYSTEM, facts=facts, climbed=over)

            try:
                self.transitions.apply(unit, loaded, make, now)
            except Refused:  # it has ended meanwhile
                return

        return work


def climbed(unit: Unit, run: Run) -> dict[str, tuple[str, ...]]:
    """The rungs of each step's current attempt that have fired."""
    found: dict[str, tuple[str, ...]] = {}
    for path, attempt, rung in unit.timers.fired(run.id):
        state = run.steps.get(path)
        if state is not None and state.attempt == attempt:
            found[path] = (*found.get(path, ()), rung)
    return found
