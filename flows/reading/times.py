"""Due times, other lengths of time, and reminder ladders of a flow file."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time
from decimal import Decimal
from itertools import combinations

from flows.model import Clock, Duration, Rung
from flows.reading.leaves import name, scalar
from flows.reading.nodes import Node, Text, Wrong
from flows.reading.source import Source, some

DEFAULT_LADDER = (
    Rung("remind50", Decimal("0.5"), "owner"),
    Rung("remind90", Decimal("0.9"), "owner"),
    Rung("due", Decimal(1), "owner"),
    Rung("late125", Decimal("1.25"), "manager"),
    Rung("late200", Decimal(2), "manager"),
)
START, STEP, DUE = "start:", "step:", "due:"  # what a length can count from beside a date field, as the model calls it
PLAIN = re.compile(r"(\d{1,4}(?:\.\d{1,2})?)\s*(bh|bd|h|d)")
LENGTH = re.compile(PLAIN.pattern + r"(?:\s+(after|before)\s+(\w+))?")
WALL = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
SHARE = re.compile(r"(\d{1,4})%\s+(\w+)")
OFFSET = re.compile(PLAIN.pattern + r"(?:\s+(after|before)\s+due)?\s+(\w+)")
_DURATION_HINT = "Write `4bh` (working hours), `2bd` (working days), `48h`, `5d`, `18:00`, or `1bd after delivery_date`."
_PLAIN_HINT = "Write `4bh` (working hours), `2bd` (working days), `48h` or `5d`."
_RUNG_HINT = (
    "Write when and who is told: `50% owner`, `3d owner` after the opening, `1d before due owner`, `1bd after due manager`."
)
_BEFORE, _AT, _LATE = Decimal("0.5"), Decimal(1), Decimal("1.5")  # what a rung with an offset is: see `flows.model.Rung`


def duration(source: Source, node: Node) -> Duration:
    """`4bh`, `2bd`, `48h`, `5d`, `18:00`; the lengths also `after` or `before` a date field, `after start`, `after` a step."""
    word = scalar(node)
    if wall := WALL.fullmatch(word.value.strip()):
        return Duration(Clock.WALL, at=time(int(wall[1]), int(wall[2])))
    length = LENGTH.fullmatch(word.value.strip())
    if not length:
        raise Wrong(word.place, f"`{word.value}` is not a due time.", _DURATION_HINT)
    amount, clock, relation, after = length.groups()
    anchor = _anchor(source, Text(after, word.place), relation) if after else ""
    if not Decimal(amount) and (not anchor or ":" in anchor):
        raise Wrong(word.place, "A due time of nothing leaves no time to act.", _DURATION_HINT)
    return Duration(Clock(clock), Decimal(amount), anchor=anchor, before=relation == "before")


def _anchor(source: Source, word: Text, relation: str) -> str:
    """A date field goes first; `start` and a step are there to count from, never to count back from."""
    if word.value in source.names("field") or (relation == "before" and word.value != "start"):
        source.use("date", word)
        return word.value
    if relation == "before":
        raise Wrong(word.place, "Nothing is due before the start.", "Count `after start`, or back from a date field.")
    if word.value == "start":
        return START
    source.use("anchor", word)
    return f"{STEP}{word.value}"


def plain(source: Source, node: Node) -> Duration:
    """`4bh`, `2bd`, `48h` or `5d`: a length that counts from nothing else."""
    word = scalar(node)
    length = PLAIN.fullmatch(word.value.strip())
    if not length or not Decimal(length[1]):
        raise Wrong(word.place, f"`{word.value}` is not a length of time.", _PLAIN_HINT)
    return Duration(Clock(length[2]), Decimal(length[1]))


def clock_time(source: Source, node: Node) -> time:
    """`10:00`."""
    word = scalar(node)
    wall = WALL.fullmatch(word.value.strip())
    if not wall:
        raise Wrong(word.place, f"`{word.value}` is not a time of day.", 'Write it like `"10:30"`.')
    return time(int(wall[1]), int(wall[2]))


def until(source: Source, node: Node) -> Duration:
    """A duration, or a date field: then work begins on that date."""
    word = scalar(node)
    if not re.fullmatch(r"[a-z]\w*", word.value):
        return duration(source, node)
    return Duration(Clock.WALL, at=time(), anchor=source.use("date", name(word)))


def ladder(due: Duration | None) -> Callable[[Source, Node], tuple[Rung, ...]]:
    """A reader of a list such as `[50% owner, 1d before due owner, 150% manager]`, from early to late, for a step due `due`."""

    def read(source: Source, node: Node) -> tuple[Rung, ...]:
        rungs = some(_rung(due))(source, node)
        if any(_goes_down(earlier, later) for earlier, later in combinations(rungs, 2)):
            raise Wrong(
                node.place,
                "The ladder does not go up.",
                "Give each rung a larger share, or a later time, than the one before it.",
            )
        return rungs

    return read


def _goes_down(earlier: Rung, later: Rung) -> bool:
    """Whether it can be told that `later` is not climbed after `earlier`."""
    first, then = earlier.offset, later.offset
    if first is None and then is None:
        return later.share <= earlier.share
    if first and then and (first.clock, first.anchor) == (then.clock, then.anchor):
        return _signed(then) <= _signed(first)
    return _part(later) < _part(earlier)


def _signed(offset: Duration) -> Decimal:
    return -offset.amount if offset.before else offset.amount


def _part(rung: Rung) -> int:
    """Before the due moment, at it, or after it."""
    return (rung.share > 1) - (rung.share < 1)


def _rung(due: Duration | None) -> Callable[[Source, Node], Rung]:
    def read(source: Source, node: Node) -> Rung:
        word = scalar(node)
        share, offset = SHARE.fullmatch(word.value.strip()), OFFSET.fullmatch(word.value.strip())
        if share and int(share[1]):
            return _by_share(int(share[1]), _told(source, Text(share[2], word.place)))
        if offset and Decimal(offset[1]):
            return _by_offset(offset, _told(source, Text(offset[4], word.place)), due)
        raise Wrong(word.place, f"`{word.value}` is not a rung of a ladder.", _RUNG_HINT)

    return read


def _told(source: Source, to: Text) -> str:
    return to.value if to.value == "owner" else source.use("role", to)


def _by_share(percent: int, to: str) -> Rung:
    name = "due" if percent == 100 else f"{'remind' if percent < 100 else 'late'}{percent}"
    return Rung(name, Decimal(percent) / 100, to)


def _by_offset(found: re.Match[str], to: str, due: Duration | None) -> Rung:
    amount, clock, relation, _ = found.groups()
    offset = Duration(Clock(clock), Decimal(amount), anchor=DUE if relation else "", before=relation == "before")
    name = f"{relation or 'at'}{amount}{clock}"
    return Rung(name, _kind_of(offset, due), to, offset)


def _kind_of(offset: Duration, due: Duration | None) -> Decimal:
    """The share that says what the rung is: a reminder unless it can be told that it comes at the due moment or after it."""
    if offset.anchor:
        return _BEFORE if offset.before else _LATE
    if due is None or due.anchor or due.clock is not offset.clock or offset.amount < due.amount:
        return _BEFORE
    return _AT if offset.amount == due.amount else _LATE
