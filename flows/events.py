"""What can happen to a run (commands are imperative, from outside) and what was decided (past tense, folded into the snapshot).

Every event carries the facts it was decided on: nothing in `flows.engine` looks anything up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from flows.decided import (
    BlockDone,
    BranchTaken,
    Commented,
    Decided,
    Delegated,
    DocumentFiled,
    FieldSkipped,
    Forked,
    NumberIssued,
    ParticipantBound,
    Reminded,
    RunBegun,
    RunEnded,
    StageReached,
    StepBlocked,
    StepCleared,
    StepClosed,
    StepOpened,
    ValueSet,
    Voted,
)
from flows.values import Value

if TYPE_CHECKING:
    from flows.calendar import Calendar

__all__ = [
    "SYSTEM",
    "Begin",
    "BlockDone",
    "BranchTaken",
    "Cancel",
    "Comment",
    "Commented",
    "Decide",
    "Decided",
    "Delegate",
    "Delegated",
    "DocumentFiled",
    "Event",
    "Facts",
    "FieldSkipped",
    "File",
    "Finish",
    "Fire",
    "Forked",
    "Give",
    "NumberIssued",
    "ParticipantBound",
    "Reminded",
    "Resume",
    "RunBegun",
    "RunEnded",
    "Skip",
    "StageReached",
    "StepBlocked",
    "StepCleared",
    "StepClosed",
    "StepOpened",
    "ValueSet",
    "Voted",
]

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a transition needs from outside the run.

    `people`: role to contact ids that hold it now, in a fixed order. `calendar`: the business's working time; `calendar_digest`
    names the stored version. `numbers`: series to the next free number, already formatted (`{"PO": "PO-2026-0007"}`).
    `lookups`: named results the flow asks for (`{"same_vendor_7d": 2}`). `participants`: outside party to contact id, if bound.
    """

    people: Mapping[str, tuple[str, ...]]
    calendar: Calendar
    calendar_digest: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)
    lookups: Mapping[str, int | str | bool] = field(default_factory=dict)
    participants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Common to all: when (aware, UTC), by whom (contact id or SYSTEM), on what facts."""

    at: datetime
    actor: str
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin(Event):
    """Start a run. `values` were given in the same message."""

    run_id: str
    reference: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Give(Event):
    """Answer one or more fields of the open step at `path`."""

    path: str
    attempt: int
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip(Event):
    """Leave an optional field of the open step unanswered."""

    path: str
    attempt: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class File(Event):
    """Hand in a document for an item of the open collect step."""

    path: str
    attempt: int
    item: str
    document: str
    digest: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide(Event):
    """Approve, reject or send back (approve step), report an outcome (do step), or `submit` a step that was sent back, on one
    attempt. `stage` is the stage that the prompt was for: who holds two stages of a sequence must name the second."""

    path: str
    attempt: int
    choice: str
    reason: str = ""
    stage: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire(Event):
    """A timer of a step attempt came due. `generation` must match the planned one (checked by storage)."""

    path: str
    attempt: int
    rung: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish(Event):
    """Work for a step attempt came back: a filed document, or `error` in words for the manager."""

    path: str
    attempt: int
    document: str = ""
    digest: str = ""
    name: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Event):
    """A manager asks a blocked step to be tried again after mending the cause."""

    path: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Event):
    """The requester or a manager cancels the whole run."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment(Event):
    """Somebody says something about the run; who may see the run may."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegate(Event):
    """What waits for `owner` at an open step goes to `to`: by the owner, or by a manager."""

    path: str
    attempt: int
    owner: str
    to: str
