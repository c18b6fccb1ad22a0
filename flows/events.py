"""What can happen to a run: commands, imperative, from outside. What is decided on them: `flows.decided`.

Every event carries the facts it was decided on: nothing in `flows.engine` looks anything up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from flows.run import Parent, Verdict
from flows.values import Money, Value

if TYPE_CHECKING:
    from flows.calendar import Calendar

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Cover:
    """Who stands in for a person on leave, up to `most` (None: for everything)."""

    to: tuple[str, ...]
    most: Money | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a transition needs from outside the run.

    `people`: role (also the owner words "person:<address>" and "field:<name>") to contact ids that hold it now, in a fixed order.
    `calendar`: the business's working time; `calendar_digest` names the stored version. `numbers`: series to the next free number,
    already formatted (`{"PO": "PO-2026-0007"}`). `lookups`: named results the flow asks for (`{"same_vendor_7d": 2}`).
    `participants`: outside party to contact id, if bound. `leave`: who is on leave now, with who covers them. `load`: open steps per
    contact; `turns`: how many steps were given out in turn, per role. `booked`: slots (UTC) taken in the diary of a role, one entry a
    booking. `grace`: seconds in which a decision can be undone.
    """

    people: Mapping[str, tuple[str, ...]]
    calendar: Calendar
    calendar_digest: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)
    lookups: Mapping[str, int | str | bool] = field(default_factory=dict)
    participants: Mapping[str, str] = field(default_factory=dict)
    leave: Mapping[str, Cover] = field(default_factory=dict)
    load: Mapping[str, int] = field(default_factory=dict)
    turns: Mapping[str, int] = field(default_factory=dict)
    booked: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)
    grace: int = 0


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
    parent: Parent | None = None


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
    attempt. `stage` is the stage that the prompt was for: who holds two stages of a sequence must name the second. `proof`: what the
    person has shown beside the tap ("pin", "code"), checked outside."""

    path: str
    attempt: int
    choice: str
    reason: str = ""
    stage: int = 0
    proof: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire(Event):
    """A timer of a step attempt came due. `generation` must match the planned one (checked by storage)."""

    path: str
    attempt: int
    rung: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish(Event):
    """Work for a step attempt came back: a filed document, what a worker suggests (`values`, the checks that `failed`, a `remark`), or
    `error` in words for the manager."""

    path: str
    attempt: int
    document: str = ""
    digest: str = ""
    name: str = ""
    error: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    remark: str = ""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Event):
    """One of a pool takes the open step."""

    path: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Take(Event):
    """Take (or decline, with a reason) what was handed over."""

    path: str
    attempt: int
    accept: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(Event):
    """The requester takes back what waits for approval, to change it; or somebody who voted takes back their vote while the step is
    open."""

    path: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo(Event):
    """Take back a decision within its grace period."""

    path: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop(Event):
    """A manager cancels one open step, with a reason; the run goes on behind it. Never an approval."""

    path: str
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge(Event):
    """Accept or reject the files of a checklist item."""

    path: str
    attempt: int
    item: str
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waive(Event):
    """A checklist item is not needed in this run: by who checks the list, or a manager."""

    path: str
    attempt: int
    item: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Book(Event):
    """Take one of the slots offered."""

    path: str
    attempt: int
    slot: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndChild(Event):
    """A run that this one started is over, with the `reason` given for it; `values` are those that the step takes over, under our
    own names."""

    path: str
    attempt: int
    run: str
    outcome: str
    values: Mapping[str, Value] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replan(Event):
    """Working time, holidays or a zone have changed: what is still to come is timed again. `climbed`: the rungs of each open step that
    have fired already (they stay climbed)."""

    climbed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Event):
    """A manager moves the run to the flow version that the engine is called with (see `flows.move`). `climbed`: as in Replan."""

    climbed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
