"""What was decided about one step attempt, in the past tense. `flows.decided` joins these with what is about the whole run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flows.run import Child, Court, StepStatus
from flows.values import Value


@dataclass(frozen=True, slots=True)
class StepOpened:
    """`sent_back_by` and `reason` say who sent it back and why; both "" when the step was reached by going forward. `court` is whose
    move it is. `pace` is the share of its usual time in percent. `renews`: checklist items whose document must be replaced, after which
    the run goes on at the steps `returns_to` (none: it has gone on meanwhile)."""

    path: str
    attempt: int
    owners: tuple[str, ...]
    due_at: datetime | None
    at: datetime
    reason: str = ""
    sent_back_by: str = ""
    court: Court = Court.US
    pace: int = 100
    renews: tuple[str, ...] = ()
    returns_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Awaited:
    """The step `by` was reached and cannot open before this checklist is complete: the run goes on there too."""

    path: str
    attempt: int
    by: str


@dataclass(frozen=True, slots=True)
class FieldSkipped:
    path: str
    name: str


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
class VoteWithdrawn:
    """`by` took back the vote; they are asked again."""

    path: str
    attempt: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """`by` decided, and has until `until` to undo it: it counts from then on."""

    path: str
    attempt: int
    by: str
    choice: str
    reason: str
    stage: int
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Released:
    """What was held of `by` is held no longer: undone, or counted now."""

    path: str
    attempt: int
    by: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """One of the owners of a pool took the step; it is theirs alone now."""

    path: str
    attempt: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StageReached:
    """A sequence moved on to its next role, a `do` step to its second person, a checklist to who checks it. `before`: who had it,
    where it may go back to them."""

    path: str
    stage: int
    owners: tuple[str, ...]
    due_at: datetime | None
    at: datetime
    court: Court = Court.US
    before: tuple[str, ...] = ()


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
    case, a parallel step its blocks, a subflow its children."""

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
class Delegated:
    """What waited for `owner` waits for `to` now; `by` is the owner, a manager, or SYSTEM for who covers a leave. `untaken`: `to`
    has yet to take or decline it."""

    path: str
    attempt: int
    owner: str
    to: str
    by: str
    at: datetime
    untaken: bool = False


@dataclass(frozen=True, slots=True)
class HandoverTaken:
    """`by` took what was handed to them."""

    path: str
    attempt: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HandoverDeclined:
    """`by` declined what was handed to them: it waits for `back_to` again."""

    path: str
    attempt: int
    by: str
    back_to: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Suggested:
    """A worker is done: values for its owner to confirm, the checks that failed, and a remark ("" or why there is nothing)."""

    path: str
    attempt: int
    values: Mapping[str, Value] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """Slots (UTC) were offered to the owner."""

    path: str
    attempt: int
    slots: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Booked:
    """The slot `at_time` in the diary of the role `diary` was taken."""

    path: str
    attempt: int
    diary: str
    at_time: datetime
    minutes: int
    by: str


@dataclass(frozen=True, slots=True)
class Spawned:
    """Child runs were started."""

    path: str
    attempt: int
    children: tuple[Child, ...]


@dataclass(frozen=True, slots=True)
class ChildDone:
    """The child run `run` is over."""

    path: str
    run: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Rescheduled:
    """The step is due at another time: working time, holidays or a time zone have changed."""

    path: str
    attempt: int
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reminded:
    """A rung was climbed: who was told."""

    path: str
    attempt: int
    rung: str
    told: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Deferred:
    """The owner was heard from: this rung is left out."""

    path: str
    attempt: int
    rung: str


OfStep = (
    StepOpened
    | Awaited
    | FieldSkipped
    | Voted
    | VoteWithdrawn
    | Held
    | Released
    | Claimed
    | StageReached
    | StepClosed
    | StepBlocked
    | Delegated
    | HandoverTaken
    | HandoverDeclined
    | Suggested
    | Offered
    | Booked
    | Rescheduled
    | Deferred
)
"""Facts that change the state of one open step attempt."""
