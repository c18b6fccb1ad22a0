"""A process that runs the product and dies at a named point: `python -m tests.crash.child` is the nursery it is forked from.

The nursery imports everything once, then reads a job a line (see `Job` in matrix.py), forks a child that does it, and writes the
child's exit status. What must survive the child it writes to the job's history file: acknowledged requests, synced to disk.
"""

from __future__ import annotations

import base64
import functools
import gc
import json
import os
import signal
import ssl
import sys
import tempfile
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import bot.book
from bot.bootstrap import Product, build
from bot.config import Settings
from bot.web import create_app
from storage import Unit
from tests.crash.bugs import BUGS

LONGEST_S = 60


class History:
    """What happened, a JSON line each; on the disk when `tell` returns."""

    def __init__(self, file: Path) -> None:
        self._out = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def tell(self, **what: Any) -> None:
        os.write(self._out, json.dumps(what).encode() + b"\n")
        os.fsync(self._out)


class Fuse:
    """A `reach` that keeps the trace and kills the process at the `nth` time that `point` is reached ("*": any point)."""

    def __init__(self, history: History, point: str, nth: int) -> None:
        self._history, self._point, self._left = history, point, nth
        self._lock = threading.Lock()
        self.trace: list[str] = []

    def __call__(self, point: str) -> None:
        with self._lock:
            self.trace.append(point)
            if self._point not in (point, "*"):
                return
            self._left -= 1
            if self._left == 0:
                self._history.tell(killed=point, sending="before:commit:outbox.claim" in self.trace)
                os.kill(os.getpid(), signal.SIGKILL)


class Watch:
    """A clock that stands where the job puts it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class Child:
    def __init__(self, job: dict[str, Any]) -> None:
        self._history = History(Path(job["history"]))
        self._fuse = Fuse(self._history, *job["kill"])
        self._watch = Watch(datetime.fromisoformat(job["at"]))
        if job["bug"]:
            BUGS[job["bug"]].plant()
        self._product = build(Settings(_env_file=None, **job["settings"]), clock=self._watch, reach=self._fuse)
        self._web = create_app(self._product).test_client()

    def run(self, script: list[dict[str, Any]]) -> None:
        for order in script:
            getattr(self, f"_{order['do']}")(order)
        self._product.close()
        self._history.tell(trace=self._fuse.trace)

    def _people(self, order: dict[str, Any]) -> None:
        self._product.database.write("people.import", known(order["people"], self._product)).result()

    def _post(self, order: dict[str, Any]) -> None:
        answer = self._web.post(order["path"], data=base64.b64decode(order["body"]), headers=order["headers"])
        if answer.status_code // 100 == 2:
            self._history.tell(acked=order["id"])
        else:
            self._history.tell(refused=order["id"], status=answer.status_code)

    def _settle(self, order: dict[str, Any]) -> None:
        self._product.runtime.settle()

    def _later(self, order: dict[str, Any]) -> None:
        """Time passes, and the sweep that looks for rows whose holder died comes by."""
        self._watch.at += timedelta(seconds=order["seconds"])
        self._product.runtime.sweep()


def known(people: list[dict[str, Any]], product: Product) -> Any:
    """A unit of work that adds the people who are not there yet; all have written to us lately. Safe twice."""

    def work(unit: Unit) -> None:
        now = product.clock.now()
        for one in people:
            if unit.people.contact(one["id"]) is None:
                address = (one["channel"], one["address"])
                unit.people.add(one["id"], roles=one["roles"], addresses=[address], now=now, contact_id=one["id"])
            for address in unit.people.addresses(one["id"]):
                unit.conversations.heard(address.id, now)

    return work


def warm(settings: dict[str, Any]) -> None:
    """What the children would otherwise all do again: load modules, parse flow files, lay out a page."""
    import puremagic  # noqa: F401
    import typst  # noqa: F401  (imported only: its thread pool would not survive the fork)

    bot.book.load = functools.cache(bot.book.load)
    for file in Path(settings["baton_flows"]).glob("*.yaml"):
        bot.book.load(file.read_text(encoding="utf-8"), str(file))
        bot.book.load(file.read_text(encoding="utf-8"), f"{file.stem} version 1", version=1)
    ssl.create_default_context = functools.cache(ssl.create_default_context)
    with tempfile.TemporaryDirectory() as folder:
        job = {"history": f"{folder}/history", "kill": ("", 0), "at": "2026-03-02T04:30:00+00:00", "bug": ""}
        Child(job | {"settings": settings | {"baton_home": folder}}).run([{"do": "settle"}])
    gc.collect()
    gc.freeze()


def nursery() -> None:
    warm(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.alarm(LONGEST_S)
            job = json.loads(line)
            Child(job).run(job["script"])
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    nursery()
