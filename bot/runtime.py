"""The pumps: threads that move rows from the inbox through transitions to the outbox and out, woken by commits and by the tick."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar

from bot.clock import Clock
from bot.conversation import Conversation
from bot.delivery import Delivery, Errand
from bot.jobs import Jobs
from bot.replanning import Replanning
from bot.timers import Timers
from bot.transition import Wakes
from scheduler import Ticker
from storage import Database, InboxRow, LostClaim, Unit, WorkRow

log = logging.getLogger(__name__)
Row = TypeVar("Row", Errand, WorkRow)

INBOX_LEASE = timedelta(seconds=60)
INBOX_BATCH = 32
PARK_AFTER = 5
SENDERS = 16
WORKERS = 2
IDLE = 1.0
"""Seconds until an idle pump looks again by itself: the sweep for rows that no wake-up came for."""


class Pump:
    """A thread that calls `step` again while it returns True, else sleeps until woken or IDLE seconds passed."""

    def __init__(self, name: str, step: Callable[[], bool]) -> None:
        self._step, self._stopping, self._woken = step, False, threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopping = True
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stopping:
            self._woken.clear()
            try:
                busy = self._step()
            except Exception:
                log.exception("%s failed; it goes on in a second", self._thread.name)
                busy = False
            if not busy and not self._stopping:
                self._woken.wait(IDLE)


@dataclass(slots=True)
class Runtime:
    """All that runs beside the web server. `start` once, `stop` once."""

    database: Database
    conversation: Conversation
    delivery: Delivery
    jobs: Jobs
    timers: Timers
    replanning: Replanning
    wakes: Wakes
    clock: Clock
    ticker: Ticker = field(default_factory=Ticker)
    _pumps: list[Pump] = field(default_factory=list)
    _pools: list[ThreadPoolExecutor] = field(default_factory=list)

    def start(self) -> None:
        inbox = Pump("inbox", self.handle_some)
        outbox = Pooled("outbox", SENDERS, self.delivery.claim, self.delivery.deliver)
        work = Pooled("work", WORKERS, self.jobs.claim, self.jobs.perform)
        self._pumps = [inbox, outbox.pump, work.pump, Pump("replanning", self.replanning.some)]
        self._pools = [outbox.pool, work.pool]
        self.wakes.inbox, self.wakes.outbox, self.wakes.work = inbox.wake, outbox.pump.wake, work.pump.wake
        self.ticker.every(1, "timers", self.timers.tick)
        self.ticker.every(10, "sweep", self.sweep)
        for pump in self._pumps:
            pump.start()
        self.ticker.start()

    def stop(self) -> None:
        """Let running units finish, then stop; what is left is taken up at the next start."""
        self.ticker.stop()
        for pump in self._pumps:
            pump.stop()
        for pool in self._pools:
            pool.shutdown(wait=True)

    def handle_some(self) -> bool:
        """Handle one batch of inbox rows, one per lane; True while there may be more."""
        now = self.clock.now()
        rows = self.database.write("inbox.claim", lambda unit: unit.inbox.claim(now, INBOX_BATCH, INBOX_LEASE)).result()
        handled = [(row, self.database.write("inbox.handle", self._handling(row))) for row in rows]
        for row, future in handled:
            error = future.exception()
            if error is not None and not isinstance(error, LostClaim):
                log.error("inbox row %s failed (attempt %s): %s", row.id, row.attempts, type(error).__name__, exc_info=error)
                self.database.write("inbox.fail", self._failing(row, error)).result()
        return bool(rows)

    def _handling(self, row: InboxRow) -> Callable[[Unit], None]:
        return lambda unit: self.conversation.handle(unit, row, self.clock.now())

    def _failing(self, row: InboxRow, error: BaseException) -> Callable[[Unit], bool]:
        now, wait = self.clock.now(), timedelta(seconds=2**row.attempts)
        return lambda unit: unit.inbox.fail(row, type(error).__name__, now, wait, park_after=PARK_AFTER)

    def sweep(self) -> None:
        """Rows whose sender died in the middle become `unknown`, or go again where that is safe."""
        now = self.clock.now()
        self.database.write("outbox.sweep", lambda unit: unit.outbox.expired(now)).result()

    def settle(self, rounds: int = 100) -> None:
        """Do all that is due now in the calling thread: for tests, the terminal phone and one-shot runs. The pumps must not run."""
        while self.replanning.some():
            pass
        for _ in range(rounds):
            busy = self.handle_some()
            for row in self.delivery.claim(INBOX_BATCH):
                busy = True
                self.delivery.deliver(row).result()
            for job in self.jobs.claim(WORKERS):
                busy = True
                self.jobs.perform(job).result()
            if not busy and not self.timers.tick():
                return


class Pooled(Generic[Row]):
    """A pump that claims no more rows than it has free threads, so that a lease starts when the work does."""

    def __init__(self, name: str, threads: int, claim: Callable[[int], list[Row]], perform: Callable[[Row], Future[Any]]) -> None:
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self.pump = Pump(name, self._some)
        self._claim: Callable[[int], list[Row]] = claim
        self._perform: Callable[[Row], Future[Any]] = perform
        self._threads, self._lock, self._running = threads, threading.Lock(), 0

    def _some(self) -> bool:
        free = self._threads - self._running
        rows = self._claim(free) if free > 0 else []
        with self._lock:
            self._running += len(rows)
        for row in rows:
            self.pool.submit(self._one, row)
        return len(rows) == free and free > 0

    def _one(self, row: Row) -> None:
        try:
            recorded = self._perform(row)
            recorded.add_done_callback(self._recorded)
        except Exception:
            log.exception("row %s failed; its lease runs out and it is taken up again", row.id)
        finally:
            with self._lock:
                self._running -= 1
            self.pump.wake()

    def _recorded(self, future: Future[Any]) -> None:
        error = future.exception()
        if error is not None and not isinstance(error, LostClaim):
            log.error("a result could not be recorded: %s", type(error).__name__, exc_info=error)
        self.pump.wake()
