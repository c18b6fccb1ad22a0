"""An asyncio loop in a thread of its own, for adapters whose SDK is asynchronous.

An SDK's connections belong to one loop: a loop per call ends in "Event loop is closed" on the second one.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

_PARTING_SECONDS = 5.0


class Closed(Exception):
    """The loop takes no more work."""


class BackgroundLoop:
    """Starts with the first call, so that an adapter which only parses has no thread. Safe from any thread."""

    def __init__(self, name: str) -> None:
        self._name, self._closed, self._changing = name, False, threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """The result of `work`, run on the loop. Raises Closed where it was not started, TimeoutError, and what `work` raises."""
        result = self._submit(work)
        try:
            return result.result(seconds)
        except TimeoutError:
            result.cancel()
            raise

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        with self._changing:
            if self._closed:
                work.close()
                raise Closed
            return asyncio.run_coroutine_threadsafe(work, self._running())

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Cancels what is under way, runs `last` and ends the thread. Safe twice."""
        with self._changing:
            loop, thread, first = self._loop, self._thread, not self._closed
            self._closed = True
        if loop is None or thread is None or not first:
            last.close()
            return
        with contextlib.suppress(TimeoutError):  # a daemon thread: it may as well be left behind
            asyncio.run_coroutine_threadsafe(_part(last), loop).result(_PARTING_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_PARTING_SECONDS)
        if not thread.is_alive():
            loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True)
            self._thread.start()
        return self._loop


async def _part(last: Coroutine[Any, Any, None]) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await last
