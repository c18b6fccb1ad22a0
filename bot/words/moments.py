"""Times and spans in people's words, in the reader's zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_zone = lru_cache(ZoneInfo)


def clock_time(at: datetime, zone: str) -> str:
    """`14:02` in `zone`."""
    return at.astimezone(_zone(zone)).strftime("%H:%M")


def moment(at: datetime, now: datetime, zone: str) -> str:
    """`today 14:02`, `tomorrow 09:30`, `Mon 14:02` within six days, else `15 Aug 14:02` (with the year when it differs)."""
    there, here = at.astimezone(_zone(zone)), now.astimezone(_zone(zone))
    days = (there.date() - here.date()).days
    time = there.strftime("%H:%M")
    if days == 0:
        return f"today {time}"
    if days == 1:
        return f"tomorrow {time}"
    if days == -1:
        return f"yesterday {time}"
    if abs(days) <= 6:
        return f"{there:%a} {time}"
    return f"{there.day} {there:%b} {time}" if there.year == here.year else f"{there.day} {there:%b %Y} {time}"


def span(length: timedelta) -> str:
    """`3 days`, `5 hours`, `12 minutes`: the largest whole unit, at least one minute."""
    minutes = max(1, int(length.total_seconds() // 60))
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    raise AssertionError("minutes is at least one")
