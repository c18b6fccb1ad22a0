"""The one clock of the product. Nothing else reads the time."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Gives the present as an aware UTC datetime."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class OffsetClock:
    """The machine's clock moved forward by an offset kept in `file` (seconds, as text). It never goes back, restarts included.

    Used by the simulator only, with a file of the simulator's own.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._offset = timedelta(seconds=float(file.read_text())) if file.exists() else timedelta()

    @property
    def offset(self) -> timedelta:
        return self._offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def advance(self, by: timedelta) -> datetime:
        """Move forward by `by` and remember it. Raises ValueError for a step back."""
        if by < timedelta():
            raise ValueError("the clock only moves forward")
        with self._lock:
            offset = self._offset + by
            part = self._file.with_suffix(".part")
            part.write_text(str(offset.total_seconds()))
            os.replace(part, self._file)
            self._offset = offset
        return self.now()
