"""The step kinds, as the engine knows them. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum

from flows.basics import Check, Choice, Duration, Rule, Rung, Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What all step kinds share. `owner` is a word that `flows.engine.people` resolves: a role, "requester", "participant:<name>" (an
    outside party bound by a field), "person:<address>", "field:<name>" (whose address a field holds), "pool:<role>" (whoever claims it),
    "turn:<role>" (one holder after another) or "least:<role>" (who has least open). `needs`: documents that must not have expired when
    the step opens. `compensate`: steps gone through, last done first, when a run is cancelled after this step was done."""

    id: str
    title: Wording
    owner: str = ""
    due: Duration | None = None
    ladder: tuple[Rung, ...] = ()
    needs: tuple[str, ...] = ()
    compensate: tuple[Step, ...] = ()
    line: int = 0

    @property
    def kind(self) -> str:
        return type(self).__name__.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Step):
    """Ask the owner for `fields`, one at a time, skipping those already filled; done when all required ones are."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collect(Step):
    """Ask the owner for documents, then for the dates until which they are valid (`fields`, from the items that expire). Done when
    every item has its minimum or is waived; with `checked_by`, once that role has accepted every item that was given."""

    items: tuple[str, ...]
    fields: tuple[str, ...] = ()
    checked_by: str = ""


class Policy(StrEnum):
    """How several approvers make one decision."""

    ONE = "one"
    ANY = "any"
    ALL = "all"
    SEQUENCE = "sequence"
    N_OF_M = "n_of_m"
    PERCENT = "percent"


class Proof(StrEnum):
    """What a person must show beside a tap: nothing, their PIN, or a code sent to them."""

    NONE = ""
    PIN = "pin"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve(Step):
    """Approvers decide: `approvers` are roles. ONE: any holder of the one role; ANY: of several. SEQUENCE: one holder of each role
    in order. ALL: every holder; N_OF_M: `needed` different people among all holders; PERCENT: `needed` percent of them; each
    rejected as soon as it cannot be met. Who holds the roles when the step opens counts. `send_back_to` names the earlier step
    reopened by "send back". The requester never counts as an approver, nor does who acted on a step of `not_by`."""

    policy: Policy
    approvers: tuple[str, ...]
    needed: int = 1
    send_back_to: str = ""
    checks: tuple[Check, ...] = ()
    rejected: str = "rejected"
    not_by: tuple[str, ...] = ()
    attach: tuple[str, ...] = ()
    proof: Proof = Proof.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Do(Step):
    """A person does work and reports one of `outcomes`, after giving `fields` (asked one at a time). `send_back_to` maps an
    outcome's key to an earlier step reopened by it; `ends` maps an outcome's key to the run's outcome. `by_mail`: a mail reply to
    our own mail may report it (an approval never can). `confirm_by` (an owner word): a second person of these must confirm what the
    first gave and reported. Who acted on a step of `not_by` does not act here."""

    outcomes: tuple[Choice, ...]
    instruction: Wording
    fields: tuple[str, ...] = ()
    send_back_to: Mapping[str, str] = field(default_factory=dict)
    ends: Mapping[str, str] = field(default_factory=dict)
    attach: tuple[str, ...] = ()
    by_mail: bool = False
    confirm_by: str = ""
    not_by: tuple[str, ...] = ()
    proof: Proof = Proof.NONE


class Job(StrEnum):
    """What a worker does: read values out of documents, word a text, or go through checks."""

    EXTRACT = "extract"
    DRAFT = "draft"
    CHECK = "check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker(Step):
    """Work done outside the transition suggests values for `fields`; the owner corrects or confirms them, and only then do they
    count. EXTRACT reads them from the files of `items`; DRAFT fills the one field with `text`; CHECK evaluates `checks` and suggests
    nothing. Outcomes as in `Do`; a worker that fails leaves the fields to its owner."""

    job: Job
    outcomes: tuple[Choice, ...]
    fields: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    text: Wording | None = None
    checks: tuple[Check, ...] = ()
    send_back_to: Mapping[str, str] = field(default_factory=dict)
    ends: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(Step):
    """Offer the owner slots of `minutes` at the wall times `at` on working days between `after` and `within` (both from the opening),
    `capacity` bookings a slot in the diary of `with_role`; the one taken is stored in `date_field` and `time_field` ("HH:MM"), and both
    sides are told, with an invitation (.ics) where their channel carries one."""

    with_role: str
    date_field: str
    time_field: str
    at: tuple[time, ...]
    after: Duration
    within: Duration
    minutes: int = 30
    capacity: int = 1
    place: Wording | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Generate(Step):
    """Make a document from `template` as work outside the transition; the file is filed under checklist item `output`.
    `series` (such as `PO`) gives it a number, stored under numbers[series] and kept over attempts. The template `record` prints `text`
    and the values of `fields`, in their order."""

    template: str
    output: str
    series: str = ""
    fields: tuple[str, ...] = ()
    text: Wording | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify(Step):
    """Tell `to` (an owner word) `message` with the files of checklist items `attach`; done at once."""

    to: str
    message: Wording
    attach: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way out of a branch: its block of steps when `when` is true (None: otherwise). With `back_to` it then leads back to that
    earlier step, to go through it and all that follows once more (a loop): what was asked there is asked anew."""

    name: str
    when: Rule | None
    steps: tuple[Step, ...]
    back_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Step):
    """Take the first case whose rule holds. A missing value takes no case: the run stops at role "manager" with the reason."""

    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One of the blocks of a parallel step."""

    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel(Step):
    """All `blocks` run at once; the run goes on once `needed` of them are done, and what is still open in the others is dropped."""

    blocks: tuple[Block, ...]
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Step):
    """Wait `until` then; or, with `fields`, until the owner has answered them; or, with `when`, until that rule holds (a milestone),
    whichever comes first. A wall time hung on a date field is the beginning of work on that date. A date that is not known stops the
    run at role "manager"."""

    until: Duration
    fields: tuple[str, ...] = ()
    when: Rule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subflow(Step):
    """Start a run of the flow `flow` and wait for its end (`wait`; else go on at once). `give` maps the child's fields to ours, `take`
    our fields to the child's, taken over at its end. `ends` maps an outcome of the child to ours, by which our run ends too;
    `send_back_to` maps one to an earlier step. A cancelled run cancels its children."""

    flow: str
    give: Mapping[str, str] = field(default_factory=dict)
    take: Mapping[str, str] = field(default_factory=dict)
    wait: bool = True
    ends: Mapping[str, str] = field(default_factory=dict)
    send_back_to: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Each(Step):
    """A run of `flow` for each line of the lines field `of`, all at once; goes on when `needed` of them have ended (0: all), and
    cancels the rest. `give` maps the child's fields to ours, or to "line.item", "line.quantity", "line.unit", "line.rate", "line.tax"."""

    of: str
    flow: str
    give: Mapping[str, str] = field(default_factory=dict)
    needed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class End(Step):
    """The run ends with `outcome`; `message` goes to the requester. After `review_after` managers are told that the personal values of
    the run are no longer needed."""

    outcome: str
    message: Wording
    review_after: Duration | None = None
