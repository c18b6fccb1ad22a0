"""What a transition wants done, as data. One executor outside turns effects into rows in the same commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from flows.decided import Decided
from flows.model import Choice
from flows.values import Value


@dataclass(frozen=True, slots=True)
class Record:
    """The decided facts of this transition, in order: folding them into the old snapshot gives the new one."""

    decided: tuple[Decided, ...]


class Topic(StrEnum):
    """What a message is about; the words are chosen outside, in the reader's language."""

    RECEIPT = "receipt"
    QUESTION = "question"
    COLLECT = "collect"
    APPROVE = "approve"
    DO = "do"
    NOTICE = "notice"
    OUTCOME = "outcome"
    DECIDED = "decided"
    SENT_BACK = "sent_back"
    REMINDER = "reminder"
    OVERDUE = "overdue"
    ESCALATION = "escalation"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"
    COMMENT = "comment"
    DROPPED = "dropped"
    HANDED = "handed"
    CONFIRM = "confirm"
    CHECKLIST = "checklist"
    SUGGESTED = "suggested"
    SLOTS = "slots"
    BOOKED = "booked"
    POOL = "pool"
    CLAIMED = "claimed"
    HELD = "held"
    UNDONE = "undone"
    WITHDRAWN = "withdrawn"
    EXPIRY = "expiry"
    COVERED = "covered"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Say:
    """Tell one contact something about a step attempt. `choices` become buttons with single-use tokens. `asks` is the field
    asked for (QUESTION). `attach` are document ids. `details` are extra values for the words (`{"rung": "remind90"}`)."""

    to: str
    topic: Topic
    path: str
    attempt: int
    choices: tuple[Choice, ...] = ()
    asks: str = ""
    attach: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanTimer:
    """Upsert the timer keyed (run, path, attempt, rung)."""

    path: str
    attempt: int
    rung: str
    due: datetime


@dataclass(frozen=True, slots=True)
class DropTimers:
    """The step attempt closed: its live timers must never fire."""

    path: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Work:
    """Slow work for a step attempt, done outside the transition; its result comes back as `flows.events.Finish`."""

    path: str
    attempt: int
    kind: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DropTimer:
    """One rung of an open step attempt must not fire."""

    path: str
    attempt: int
    rung: str


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start the run `run` (its id) of the newest version of `flow` that this version of ours was published with, for `requester`. When
    it is over, `flows.events.EndChild` comes back with the values that the step takes."""

    path: str
    attempt: int
    index: int
    run: str
    flow: str
    requester: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CancelChild:
    """Cancel a run that this one started, if it is open."""

    run: str
    reason: str


Effect = Record | Say | PlanTimer | DropTimers | DropTimer | Work | Spawn | CancelChild
