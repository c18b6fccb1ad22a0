"""What a flow is, once loaded: immutable definitions with compiled rules. Standard library only.

A flow is a tree of steps. Steps of one block run one after another; a branch holds one block per case. Step ids are unique in
the whole flow, so a step's path is its id (blocks run several times will extend the path: `each/2/step`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Wording:
    """The same words in several languages (BCP 47 code to text); `en` is always present."""

    by_language: Mapping[str, str]

    def text(self, language: str = "en") -> str:
        """The wording in `language`, or in English where it has none."""
        return self.by_language.get(language) or self.by_language["en"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A CEL rule compiled by the loader. `evaluate(names)` raises RuleError where a value is missing: callers fail closed."""

    source: str
    evaluate: Callable[[Mapping[str, Any]], Any] = field(compare=False, repr=False)


class Clock(StrEnum):
    """Which clock a duration runs on."""

    WORKING_HOURS = "bh"
    WORKING_DAYS = "bd"
    HOURS = "h"
    DAYS = "d"
    WALL = "at"


@dataclass(frozen=True, slots=True)
class Duration:
    """`4bh`, `2bd`, `48h`, `5d`, or a wall clock time `18:00`; `anchor` is "" (the step's opening) or a date field's name,
    and `before` counts back from that date."""

    clock: Clock
    amount: Decimal = Decimal(0)
    at: time | None = None
    anchor: str = ""
    before: bool = False


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of a ladder: at `share` of the step's allowed time (0.5 = half, 1 = due, 1.25 = a quarter over), tell `to`
    ("owner", or a role). `name` is unique in the step: it is the timer's key."""

    name: str
    share: Decimal
    to: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Something a person can tap: `key` is stored, `label` is shown."""

    key: str
    label: Wording


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    YES_NO = "yes_no"
    CHOICE = "choice"
    LINES = "lines"
    EMAIL = "email"
    PHONE = "phone"
    GSTIN = "gstin"


@dataclass(frozen=True, slots=True)
class Field:
    """A value the run asks for or computes. `personal` names its subject ("requester", "vendor", ...) or is "". `formula`
    (`total(items)`) makes it computed: never asked."""

    name: str
    type: FieldType
    title: Wording
    ask: Wording
    required: bool = True
    choices: tuple[Choice, ...] = ()
    currency: str = ""
    personal: str = ""
    formula: str = ""


@dataclass(frozen=True, slots=True)
class DocumentItem:
    """One item of a checklist. `minimum` is a rule giving how many files are wanted (an int); types are media types."""

    name: str
    title: Wording
    minimum: Rule
    types: tuple[str, ...] = ("application/pdf", "image/jpeg", "image/png", "image/webp")


@dataclass(frozen=True, slots=True)
class Check:
    """A rule shown to the people who decide: where it does not hold, `message` is shown as a warning beside the request."""

    name: str
    rule: Rule
    message: Wording


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
    SEQUENCE = "sequence"
    N_OF_M = "n_of_m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve(Step):
    """Approvers decide: `approvers` are roles. ONE: any holder of the one role. SEQUENCE: one holder of each role in order.
    N_OF_M: `needed` different people among all holders; rejected as soon as that cannot be met. `send_back_to` names the
    earlier step reopened by "send back". The requester never counts as an approver."""

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
class End(Step):
    """The run ends with `outcome`; `message` goes to the requester."""

    outcome: str
    message: Wording


@dataclass(frozen=True, slots=True)
class Start:
    """How a run begins: whole phrases that open it (lower case, any language), and who may ("anyone" or roles)."""

    phrases: tuple[str, ...]
    by: tuple[str, ...] = ("anyone",)


@dataclass(frozen=True, slots=True)
class Participant:
    """An outside party of a run (a vendor): `address_field` names the field whose value is its address, `name_field` its name."""

    name: str
    title: Wording
    address_field: str
    name_field: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step stands in its flow: `number` counts in file order, `after` is the path of the step that follows once it is
    done ("" at the end of the flow)."""

    step: Step
    number: int
    after: str


@dataclass(frozen=True, slots=True)
class Flow:
    """One published version of a flow. Step ids must be unique (the loader sees to it)."""

    id: str
    version: int
    prefix: str
    title: Wording
    start: Start
    roles: Mapping[str, Wording]
    participants: Mapping[str, Participant]
    fields: Mapping[str, Field]
    documents: Mapping[str, DocumentItem]
    steps: tuple[Step, ...]
    summary: Wording
    lookups: tuple[str, ...] = ()
    places: Mapping[str, Place] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Works out every step's place once, so that the engine never searches the tree."""
        places: dict[str, Place] = {}

        def lay(block: tuple[Step, ...], after: str) -> None:
            for step, following in zip(block, (*(s.id for s in block[1:]), after), strict=False):
                places[step.id] = Place(step, len(places), following)
                if isinstance(step, Branch):
                    for case in step.cases:
                        lay(case.steps, following)

        lay(self.steps, "")
        object.__setattr__(self, "places", places)

    def walk(self) -> Iterator[Step]:
        """Every step, outermost first, in file order."""
        return (place.step for place in self.places.values())

    def step(self, path: str) -> Step:
        """The step at `path`. Raises KeyError where there is none."""
        return self.places[path].step
