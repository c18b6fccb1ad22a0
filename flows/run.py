"""A run: one execution of a flow, as a snapshot. It is the fold of decided facts and nothing else (see `flows.fold`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from flows.values import Value


class Status(StrEnum):
    OPEN = "open"
    ENDED = "ended"
    CANCELLED = "cancelled"


class Court(StrEnum):
    """Whose move it is: ours (somebody who holds a role of the flow), or theirs (everybody else)."""

    US = "us"
    THEM = "them"


class Verdict(StrEnum):
    """What was said of a file: nothing yet; good; no good; or replaced, so that it counts no longer."""

    OPEN = ""
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ASIDE = "aside"


class StepStatus(StrEnum):
    OPEN = "open"
    DONE = "done"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's decision on one attempt of a step. `choice` is approve, reject, send_back, or a do-step's outcome. `instead_of`
    is who was asked first, where the decision was delegated."""

    by: str
    choice: str
    at: datetime
    reason: str = ""
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class Filed:
    """A document given to the run: `document` is its id in storage, `digest` its SHA-256, `item` the checklist item it fills. A file
    counts while it is neither rejected nor set aside."""

    document: str
    digest: str
    name: str
    item: str
    by: str
    at: datetime
    verdict: Verdict = Verdict.OPEN

    @property
    def counts(self) -> bool:
        return self.verdict in (Verdict.OPEN, Verdict.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Waiver:
    """A checklist item that is not needed in this run."""

    item: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Parent:
    """The step attempt of another run that started this one; `index` counts its children from 0."""

    run: str
    path: str
    attempt: int
    index: int = 0


@dataclass(frozen=True, slots=True)
class Child:
    """A run started by a step: `outcome` is "" until it is over."""

    run: str
    index: int
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class HeldChoice:
    """A decision that its maker can still undo: it counts from `until` on."""

    by: str
    choice: str
    reason: str
    stage: int
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Cancelling:
    """A cancelled run that is still undoing what was done: `paths` are the steps left to compensate, the next one first."""

    paths: tuple[str, ...]
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Remark:
    """What somebody said about the run."""

    by: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Handover:
    """What waited for `owner` at a stage of a step was given to `to`, by the owner or a manager."""

    owner: str
    to: str
    by: str
    at: datetime
    stage: int = 0


@dataclass(frozen=True, slots=True)
class StepState:
    """One step's latest attempt. `owners` are contact ids who can act now (an approve step in sequence: the current role's
    holders; who has voted leaves); `stage` counts through a sequence; times are UTC; `reason` says why it is blocked or was sent
    back, by `sent_back_by`; `skipped` are optional fields left unanswered; `closed_by` ended it; `handovers`
    are in their order, and `untaken` those who have yet to take theirs. `court` is whose move it is; `pace` the percentage of its
    usual time; `held` what can still be undone; `suggested`, `failed` and `remark` come from a worker; `slots` (UTC) are offered;
    `renews` and `returns_to`: see `flows.progress.StepOpened`. `claimed`: the owner took it out of a pool. `before`
    are who had it at the stage before, where it may go back to them."""

    path: str
    attempt: int
    status: StepStatus
    owners: tuple[str, ...]
    opened_at: datetime
    due_at: datetime | None = None
    stage: int = 0
    votes: tuple[Vote, ...] = ()
    outcome: str = ""
    reason: str = ""
    closed_at: datetime | None = None
    closed_by: str = ""
    sent_back_by: str = ""
    skipped: tuple[str, ...] = ()
    handovers: tuple[Handover, ...] = ()
    untaken: tuple[str, ...] = ()
    court: Court = Court.US
    pace: int = 100
    held: tuple[HeldChoice, ...] = ()
    claimed: bool = False
    suggested: Mapping[str, Value] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    remark: str = ""
    slots: tuple[datetime, ...] = ()
    renews: tuple[str, ...] = ()
    returns_to: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    deferred: tuple[str, ...] = ()

    def acted_for(self, contact: str) -> str:
        """Who was asked first of what `contact` holds at this stage; "" where that is themselves."""
        first = contact
        for given in reversed(self.handovers):
            if given.to == first and given.stage == self.stage:
                first = given.owner
        return "" if first == contact else first


@dataclass(frozen=True, slots=True)
class Run:
    """A run's snapshot. Contact ids are opaque strings; `sequence` is the number of events folded in so far. `steps` holds the
    current attempt of each step on the way; attempts that were sent back or tried again are in `history`, oldest first. `taken`
    maps a branch to its case; `joined` a parallel step that has begun to its blocks that are done; `children` a step to the runs it
    started. `cancelling` is there while a cancelled run is still undoing what was done."""

    id: str
    reference: str
    flow: str
    flow_version: int
    requester: str
    started_at: datetime
    status: Status = Status.OPEN
    outcome: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    files: tuple[Filed, ...] = ()
    steps: Mapping[str, StepState] = field(default_factory=dict)
    history: tuple[StepState, ...] = ()
    taken: Mapping[str, str] = field(default_factory=dict)
    participants: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    ended_at: datetime | None = None
    sequence: int = 0
    joined: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    parent: Parent | None = None
    children: Mapping[str, tuple[Child, ...]] = field(default_factory=dict)
    cancelling: Cancelling | None = None

    def open_steps(self) -> tuple[StepState, ...]:
        """The step attempts that wait for somebody, oldest first (blocked ones included)."""
        waiting = (s for s in self.steps.values() if s.status in (StepStatus.OPEN, StepStatus.BLOCKED))
        return tuple(sorted(waiting, key=lambda s: (s.opened_at, s.path)))
