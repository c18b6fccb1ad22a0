"""Due times and reminder ladders of a flow file."""

from __future__ import annotations

import re
from datetime import time
from decimal import Decimal
from itertools import pairwise

from flows.model import Clock, Duration, Rung
from flows.reading.leaves import scalar
from flows.reading.nodes import Node, Text, Wrong
from flows.reading.source import Source, Use, some

DEFAULT_LADDER = (
    Rung("remind50", Decimal("0.5"), "owner"),
    Rung("remind90", Decimal("0.9"), "owner"),
    Rung("due", Decimal(1), "owner"),
    Rung("late125", Decimal("1.25"), "manager"),
    Rung("late200", Decimal(2), "manager"),
)
LENGTH = re.compile(r"(\d{1,4}(?:\.\d{1,2})?)\s*(bh|bd|h|d)(?:\s+(after|before)\s+(\w+))?")
WALL = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
RUNG = re.compile(r"(\d{1,4})%\s+(\w+)")
_DURATION_HINT = "Write `4bh` (working hours), `2bd` (working days), `48h`, `5d`, `18:00`, or `1bd after delivery_date`."
_RUNG_HINT = "Write a share of the time and who is told: `50% owner` or `125% manager`."


def duration(source: Source, node: Node) -> Duration:
    """`4bh`, `2bd`, `48h`, `5d`, `18:00`, and the lengths also `after` or `before` a date field."""
    word = scalar(node)
    if wall := WALL.fullmatch(word.value.strip()):
        return Duration(Clock.WALL, at=time(int(wall[1]), int(wall[2])))
    length = LENGTH.fullmatch(word.value.strip())
    if not length:
        raise Wrong(word.place, f"`{word.value}` is not a due time.", _DURATION_HINT)
    amount, clock, relation, anchor = length.groups()
    if not Decimal(amount) and not anchor:
        raise Wrong(word.place, "A due time of nothing leaves no time to act.", _DURATION_HINT)
    if anchor:
        source.uses.append(Use("date", anchor, word.place))
    return Duration(Clock(clock), Decimal(amount), anchor=anchor or "", before=relation == "before")


def until(source: Source, node: Node) -> Duration:
    """A duration, or a date field: then work begins on that date."""
    word = scalar(node)
    if not re.fullmatch(r"[a-z]\w*", word.value):
        return duration(source, node)
    source.uses.append(Use("date", word.value, word.place))
    return Duration(Clock.WALL, at=time(), anchor=word.value)


def ladder(source: Source, node: Node) -> tuple[Rung, ...]:
    """A list such as `[50% owner, 100% owner, 150% manager]`, from early to late."""
    rungs = some(_rung)(source, node)
    if any(later.share <= earlier.share for earlier, later in pairwise(rungs)):
        raise Wrong(node.place, "The ladder does not go up.", "Give each rung a larger share than the one before it.")
    return rungs


def _rung(source: Source, node: Node) -> Rung:
    word = scalar(node)
    found = RUNG.fullmatch(word.value.strip())
    if not found or not int(found[1]):
        raise Wrong(word.place, f"`{word.value}` is not a rung of a ladder.", _RUNG_HINT)
    share, to = int(found[1]), found[2]
    if to != "owner":
        source.use("role", Text(to, word.place))
    return Rung("due" if share == 100 else f"{'remind' if share < 100 else 'late'}{share}", Decimal(share) / 100, to)
