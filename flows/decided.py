"""What was decided on an event, in the past tense: folded into the snapshot, and never decided again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flows.run import Filed, StepStatus
from flows.values import Value


@dataclass(frozen=True, slots=True)
class RunBegun:
    run_id: str
    reference: str
    flow: str
    flow_version: int
    requester: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ValueSet:
    name: str
    value: Value
    by: str


@dataclass(frozen=True, slots=True)
class StepOpened:
    """`sent_back_by` and `reason` say who sent it back and why; both "" when the step was reached by going forward."""

    path: str
    attempt: int
    owners: tuple[str, ...]
    due_at: datetime | None
    at: datetime
    reason: str = ""
    sent_back_by: str = ""


@dataclass(frozen=True, slots=True)
class FieldSkipped:
    path: str
    name: str


@dataclass(frozen=True, slots=True)
class DocumentFiled:
    filed: Filed


@dataclass(frozen=True, slots=True)
class Voted:
    path: str
    attempt: int
    by: str
    choice: str
    reason: str
    at: datetime
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class StageReached:
    """A sequence moved on to its next role."""

    path: str
    stage: int
    owners: tuple[str, ...]
    due_at: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class StepClosed:
    """`status` DONE, RETURNED or CANCELLED."""

    path: str
    attempt: int
    status: StepStatus
    outcome: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StepCleared:
    """The step is to be gone through again: its closed attempt, if any, moves to the history, a branch forgets its
    case, a parallel step its blocks."""

    path: str


@dataclass(frozen=True, slots=True)
class StepBlocked:
    """The engine could not go on by rule (missing value, nobody in the role, failed work): a person must mend it."""

    path: str
    attempt: int
    reason: str
    owners: tuple[str, ...]
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
class Delegated:
    """What waited for `owner` waits for `to` now; `by` is the owner or a manager."""

    path: str
    attempt: int
    owner: str
    to: str
    by: str
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
class Reminded:
    """A rung was climbed: who was told."""

    path: str
    attempt: int
    rung: str
    told: tuple[str, ...]
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
    | StepOpened
    | FieldSkipped
    | DocumentFiled
    | Voted
    | StageReached
    | StepClosed
    | StepCleared
    | StepBlocked
    | BranchTaken
    | Forked
    | BlockDone
    | Commented
    | Delegated
    | ParticipantBound
    | NumberIssued
    | Reminded
    | RunEnded
)
