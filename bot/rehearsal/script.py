"""What a transcript says, once read: people, a beginning, and turns with what is expected after each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from flows.calendar import Calendar, share
from flows.model import Duration
from flows.reading.nodes import Place

ACTIONS = ("says", "taps", "sends", "replies")


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody in a transcript. `address` is where an outside party (a vendor) is reached; staff and requesters have none. `pin`
    proves their decisions."""

    key: str
    name: str
    language: str = "en"
    roles: tuple[str, ...] = ()
    address: str = ""
    pin: str = ""


@dataclass(frozen=True, slots=True)
class Jump:
    """Where the clock goes: `ahead` by a duration (minutes as a `span`), or to a wall time in the business's zone, `date` None
    being the same day."""

    ahead: Duration | None = None
    span: timedelta | None = None
    day: date | None = None
    at: time | None = None

    def target(self, now: datetime, calendar: Calendar) -> datetime:
        """The UTC moment; it may lie before `now`, which the player refuses."""
        if self.span is not None:
            return now + self.span
        if self.ahead is not None:
            return share(calendar, now, self.ahead, Decimal(1))
        assert self.at is not None, "a jump says how far or when"
        return calendar.moment(self.day or calendar.local(now).date(), self.at)


@dataclass(frozen=True, slots=True)
class Expected:
    """What one person must have received since the last turn: `texts` in order, each with its place; none means nothing."""

    player: str
    texts: tuple[tuple[str, Place], ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the run must stand; what is None is not looked at. `run` is a reference, "" the one begun last. `values` are what people
    would answer or see, "nothing" for a value that must not be there; `places` are those of the other keys."""

    place: Place
    run: str = ""
    status: str | None = None
    outcome: str | None = None
    steps: tuple[str, ...] | None = None
    owners: tuple[str, ...] | None = None
    values: Mapping[str, tuple[str, Place]] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)

    def place_of(self, key: str) -> Place:
        return self.places.get(key, self.place)


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that happens (`action` of ACTIONS by `player` with `text`, or a `jump`, or neither), then what must hold."""

    place: Place
    player: str = ""
    action: str = ""
    text: str = ""
    jump: Jump | None = None
    expected: tuple[Expected, ...] = ()
    wanted: Wanted | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """A transcript. `at` is the wall time at which it begins in `zone`; `country` gives the public holidays; `undo` is for how many
    seconds a decision can be undone."""

    file: str
    about: str
    at: datetime
    zone: str
    country: str
    people: Mapping[str, Player]
    turns: tuple[Turn, ...]
    undo: int = 0
