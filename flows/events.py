"""What can happen to a run (commands are imperative, from outside) and what was decided (past tense, folded into the snapshot).

Every event carries the facts it was decided on: nothing in `flows.engine` looks anything up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from flows.run import Filed, StepStatus
from flows.values import Value

if TYPE_CHECKING:
    from flows.calendar import Calendar

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


# --- decided facts -------------------------------------------------------------------------------------------------


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
    """The step is to be gone through again: its closed attempt, if any, moves to the history, a branch forgets its case."""

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
    | ParticipantBound
    | NumberIssued
    | Reminded
    | RunEnded
)
