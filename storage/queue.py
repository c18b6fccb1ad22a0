"""Units of work that wait to be written: urgent ones first, bounded, so that a flood slows its senders down."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from storage.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from storage.unit import Unit


@dataclass(slots=True)
class Task:
    """One unit of work on its way: what to run, and the future that tells its caller."""

    name: str
    work: Callable[[Unit], Any]
    urgent: bool
    future: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None
    calls: tuple[Callable[[], None], ...] = ()


class TaskQueue:
    """Many put, one or several draw. Every fourth draw takes a task that is not urgent, so that none waits for ever."""

    def __init__(self, capacity: int = 2000, patience_s: float = 10.0) -> None:
        self._capacity, self._patience = capacity, patience_s
        self._urgent: deque[Task] = deque()
        self._others: deque[Task] = deque()
        self._lock = threading.Lock()
        self._filled = threading.Condition(self._lock)
        self._drained = threading.Condition(self._lock)
        self._drawn = 0
        self._closed = False

    def put(self, task: Task, *, wait: bool = True) -> None:
        """Add a task; where the queue is full, wait for room. Raises DatabaseUnavailable when none comes, or once closed.
        `wait` False is for the writer's own threads, which would wait for themselves."""
        with self._lock:
            if wait and not self._drained.wait_for(self._has_room, self._patience):
                raise DatabaseUnavailable(f"{self._capacity} units of work wait already")
            if self._closed:
                raise DatabaseUnavailable("the database is closed")
            (self._urgent if task.urgent else self._others).append(task)
            self._filled.notify()

    def draw(self) -> Task | None:
        """The next task, waiting for one; None once closed and empty."""
        with self._lock:
            self._filled.wait_for(lambda: self._closed or self._urgent or self._others)
            return self._next()

    def draw_now(self) -> Task | None:
        """The next task if there is one."""
        with self._lock:
            return self._next()

    def close(self) -> None:
        """Take no more; what waits is still drawn."""
        with self._lock:
            self._closed = True
            self._filled.notify_all()
            self._drained.notify_all()

    def _has_room(self) -> bool:
        return self._closed or len(self._urgent) + len(self._others) < self._capacity

    def _next(self) -> Task | None:
        self._drawn += 1
        first, second = (self._others, self._urgent) if self._drawn % 4 == 0 else (self._urgent, self._others)
        source = first or second
        if not source:
            return None
        self._drained.notify()
        return source.popleft()
