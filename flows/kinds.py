"""The step kinds, as the engine knows them. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from flows.basics import Check, Choice, Duration, Rule, Rung, Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What all step kinds share. `owner` is a role, "requester", or "participant:<name>" (an outside party bound by a field)."""

    id: str
    title: Wording
    owner: str = ""
    due: Duration | None = None
    ladder: tuple[Rung, ...] = ()
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
    """Ask the owner for documents; done when every item has its minimum."""

    items: tuple[str, ...]


class Policy(StrEnum):
    """How several approvers make one decision."""

    ONE = "one"
    ANY = "any"
    ALL = "all"
    SEQUENCE = "sequence"
    N_OF_M = "n_of_m"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve(Step):
    """Approvers decide: `approvers` are roles. ONE: any holder of the one role; ANY: of several. SEQUENCE: one holder of each role
    in order. ALL: every holder; N_OF_M: `needed` different people among all holders; PERCENT: `needed` percent of them; each
    rejected as soon as it cannot be met. Who holds the roles when the step opens counts. `send_back_to` names the earlier step
    reopened by "send back". The requester never counts as an approver."""

    policy: Policy
    approvers: tuple[str, ...]
    needed: int = 1
    send_back_to: str = ""
    checks: tuple[Check, ...] = ()
    rejected: str = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Do(Step):
    """A person does work and reports one of `outcomes`, after giving `fields` (asked one at a time). `send_back_to` maps an
    outcome's key to an earlier step reopened by it; `ends` maps an outcome's key to the run's outcome. `by_mail`: a mail reply to
    our own mail may report (an approval never can)."""

    outcomes: tuple[Choice, ...]
    instruction: Wording
    fields: tuple[str, ...] = ()
    send_back_to: Mapping[str, str] = field(default_factory=dict)
    ends: Mapping[str, str] = field(default_factory=dict)
    attach: tuple[str, ...] = ()
    by_mail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Generate(Step):
    """Make a document from `template` as work outside the transition; the file is filed under checklist item `output`.
    `series` (such as `PO`) gives it a number, stored under numbers[series] and kept over attempts."""

    template: str
    output: str
    series: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify(Step):
    """Tell `to` (role, requester or participant) `message` with the files of checklist items `attach`; done at once."""

    to: str
    message: Wording
    attach: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way out of a branch: its block of steps when `when` is true (None: otherwise)."""

    name: str
    when: Rule | None
    steps: tuple[Step, ...]


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
    """Wait `until` then; or, with `fields`, until the owner has answered them, whichever comes first. A wall time hung on a date
    field is the beginning of work on that date. A date that is not known stops the run at role "manager"."""

    until: Duration
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class End(Step):
    """The run ends with `outcome`; `message` goes to the requester."""

    outcome: str
    message: Wording
