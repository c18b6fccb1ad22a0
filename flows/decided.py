"""What was decided on an event, in the past tense: folded into the snapshot, and never decided again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flows.progress import (
    Awaited,
    Booked,
    ChildDone,
    Claimed,
    Deferred,
    Delegated,
    FieldSkipped,
    HandoverDeclined,
    HandoverTaken,
    Held,
    Offered,
    Released,
    Reminded,
    Rescheduled,
    Spawned,
    StageReached,
    StepBlocked,
    StepCleared,
    StepClosed,
    StepOpened,
    Suggested,
    Voted,
    VoteWithdrawn,
)
from flows.run import Filed, Parent, Verdict
from flows.values import Value

__all__ = [
    "Awaited",
    "BlockDone",
    "Booked",
    "BranchTaken",
    "ChildDone",
    "Claimed",
    "Commented",
    "Compensated",
    "Decided",
    "Deferred",
    "Delegated",
    "DocumentFiled",
    "DocumentJudged",
    "FieldSkipped",
    "FilesSetAside",
    "Forked",
    "HandoverDeclined",
    "HandoverTaken",
    "Held",
    "ItemWaived",
    "Moved",
    "NumberIssued",
    "Offered",
    "ParticipantBound",
    "Released",
    "Reminded",
    "Rescheduled",
    "RunBegun",
    "RunEnded",
    "Spawned",
    "StageReached",
    "StepBlocked",
    "StepCleared",
    "StepClosed",
    "StepOpened",
    "Suggested",
    "Undoing",
    "ValueCleared",
    "ValueSet",
    "VoteWithdrawn",
    "Voted",
]


@dataclass(frozen=True, slots=True)
class RunBegun:
    run_id: str
    reference: str
    flow: str
    flow_version: int
    requester: str
    at: datetime
    parent: Parent | None = None


@dataclass(frozen=True, slots=True)
class ValueSet:
    name: str
    value: Value
    by: str


@dataclass(frozen=True, slots=True)
class ValueCleared:
    """A loop asks it anew."""

    name: str


@dataclass(frozen=True, slots=True)
class DocumentFiled:
    filed: Filed


@dataclass(frozen=True, slots=True)
class DocumentJudged:
    """All files of a checklist item that still stand were accepted or rejected."""

    item: str
    verdict: Verdict
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FilesSetAside:
    """The files of these items stay on record and count no longer: a loop, or a document that has expired, asks for new ones."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemWaived:
    """A checklist item is not needed in this run."""

    item: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class BranchTaken:
    """`because` is the rule's source with the values it saw, for `why`."""

    path: str
    case: str
    because: str


@dataclass(frozen=True, slots=True)
class Forked:
    """The blocks of a parallel step began."""

    path: str


@dataclass(frozen=True, slots=True)
class BlockDone:
    """One block of the parallel step at `path` is through."""

    path: str
    block: str


@dataclass(frozen=True, slots=True)
class Commented:
    by: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ParticipantBound:
    name: str
    contact: str


@dataclass(frozen=True, slots=True)
class NumberIssued:
    series: str
    number: str


@dataclass(frozen=True, slots=True)
class Undoing:
    """The run was cancelled, and `paths` (done steps) are compensated, in this order, before it ends."""

    paths: tuple[str, ...]
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Compensated:
    """What undoes the step at `path` has been gone through."""

    path: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The run goes on under another version of its flow."""

    flow_version: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RunEnded:
    outcome: str
    cancelled: bool
    by: str
    at: datetime
    reason: str = ""


Decided = (
    RunBegun
    | ValueSet
    | ValueCleared
    | StepOpened
    | Awaited
    | FieldSkipped
    | DocumentFiled
    | DocumentJudged
    | FilesSetAside
    | ItemWaived
    | Voted
    | VoteWithdrawn
    | Held
    | Released
    | Claimed
    | StageReached
    | StepClosed
    | StepCleared
    | StepBlocked
    | BranchTaken
    | Forked
    | BlockDone
    | Commented
    | Delegated
    | HandoverTaken
    | HandoverDeclined
    | Suggested
    | Offered
    | Booked
    | Spawned
    | ChildDone
    | Rescheduled
    | ParticipantBound
    | NumberIssued
    | Reminded
    | Deferred
    | Undoing
    | Compensated
    | Moved
    | RunEnded
)
