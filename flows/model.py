"""What a flow is, once loaded: immutable definitions with compiled rules. Standard library only.

A flow is a tree of steps. Steps of one block run one after another; a branch holds one block per case, a parallel step several
that run at once; a step can have another one that undoes it. Step ids are unique in the whole flow, so a step's path is its id.
What runs once per line is a run of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from flows.basics import (
    Check,
    Choice,
    Clock,
    DocumentItem,
    Duration,
    Field,
    FieldType,
    Pace,
    Rule,
    Rung,
    Wording,
)
from flows.kinds import (
    Approve,
    Ask,
    Block,
    Branch,
    Case,
    Collect,
    Do,
    Each,
    End,
    Generate,
    Job,
    Notify,
    Parallel,
    Policy,
    Proof,
    Schedule,
    Step,
    Subflow,
    Wait,
    Worker,
)

__all__ = [
    "Approve",
    "Ask",
    "Block",
    "Branch",
    "Case",
    "Check",
    "Choice",
    "Clock",
    "Collect",
    "Do",
    "DocumentItem",
    "Duration",
    "Each",
    "End",
    "Field",
    "FieldType",
    "Flow",
    "Generate",
    "Job",
    "Notify",
    "Pace",
    "Parallel",
    "Participant",
    "Place",
    "Policy",
    "Proof",
    "Rule",
    "Rung",
    "Schedule",
    "Start",
    "Step",
    "Subflow",
    "Wait",
    "Wording",
    "Worker",
]


Around = tuple[tuple[str, str], ...]

UNDO = "undo:"
"""Stands for the name of a block in the place of steps that undo another: no block of a flow file can be called so."""


def loop_of(branch: str, case: str) -> str:
    """Stands for the step that follows the steps of a case which leads back: no step can be called so."""
    return f"{branch}:{case}"


@dataclass(frozen=True, slots=True)
class Start:
    """How a run begins: whole phrases that open it (lower case, any language), and who may ("anyone" or roles). Without phrases only
    another flow starts it."""

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
    done ("" at the end of the flow, or of the innermost parallel block; `loop_of(...)` at the end of a case that leads back).
    `within`: the parallel steps around it with the name of its block, outermost first; for what undoes a step, only that step with
    UNDO. `cases`: the branches around it with the name of its case, outermost first."""

    step: Step
    number: int
    after: str
    within: Around = ()
    cases: Around = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """One published version of a flow. Step ids must be unique (the loader sees to it). `amount`: the money field that caps and leave
    are measured by. `alike`: the fields by which two runs are about the same thing. `pace`: the first that holds sets how fast."""

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
    amount: str = ""
    alike: tuple[str, ...] = ()
    pace: tuple[Pace, ...] = ()
    industry: str = ""
    places: Mapping[str, Place] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Works out every step's place once, so that the engine never searches the tree."""
        places: dict[str, Place] = {}

        def lay(block: tuple[Step, ...], after: str, within: Around, cases: Around) -> None:
            for step, following in zip(block, (*(s.id for s in block[1:]), after), strict=False):
                places[step.id] = Place(step, len(places), following, within, cases)
                if isinstance(step, Branch):
                    for case in step.cases:
                        after_case = loop_of(step.id, case.name) if case.back_to else following
                        lay(case.steps, after_case, within, (*cases, (step.id, case.name)))
                elif isinstance(step, Parallel):
                    for lane in step.blocks:
                        lay(lane.steps, "", (*within, (step.id, lane.name)), cases)
                lay(step.compensate, "", ((step.id, UNDO),), ())

        lay(self.steps, "", (), ())
        object.__setattr__(self, "places", places)

    def walk(self) -> Iterator[Step]:
        """Every step, outermost first, in file order."""
        return (place.step for place in self.places.values())

    def step(self, path: str) -> Step:
        """The step at `path`. Raises KeyError where there is none."""
        return self.places[path].step
