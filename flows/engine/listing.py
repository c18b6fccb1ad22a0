"""What a checklist asks for now: looked up from the run, for the step itself and for the questions that it puts."""

from __future__ import annotations

from datetime import date

from flows.checklist import Checklist, asked_of, counting, waived
from flows.checklist import checklist as listed
from flows.engine.scope import names
from flows.errors import RuleError
from flows.events import Facts
from flows.model import Collect, Flow
from flows.run import Run, StepState, StepStatus, Verdict


def checklist(flow: Flow, run: Run, facts: Facts | None, step: Collect, today: date | None = None) -> Checklist:
    """How the checklist stands (see `flows.checklist`). Raises RuleError, also where a rule needs a look-up and there are no facts."""
    return listed(flow, run, names(flow, run, facts), step, today)


def shortage(flow: Flow, run: Run, facts: Facts | None, step: Collect) -> dict[str, int]:
    """How many files each item still lacks; items that have enough are not there. Raises RuleError."""
    return checklist(flow, run, facts, step).short


def date_wanted(flow: Flow, run: Run, facts: Facts | None, step: Collect, state: StepState) -> str | None:
    """The date until which a document is valid, asked once all files are there. Where only a look-up could tell that, an answer is
    better taken than turned away."""
    wanted = [name for name in step.fields if name not in run.values and _there(flow, run, step, state, name)]
    if not wanted or state.status is not StepStatus.OPEN:
        return None
    try:
        short = bool(shortage(flow, run, facts, step))
    except RuleError:
        short = facts is not None
    return None if short else wanted[0]


def _there(flow: Flow, run: Run, step: Collect, state: StepState, name: str) -> bool:
    """Whether a document whose date this field holds was given."""
    items = (item for item in asked_of(step, state) if flow.documents[item].expires == name and not waived(run, item))
    return any(counting(run, item, state) for item in items)


def unchecked(run: Run, step: Collect, state: StepState) -> tuple[str, ...]:
    """The items with files of which nobody has said yet whether they are good."""
    return tuple(
        item
        for item in asked_of(step, state)
        if not waived(run, item) and any(filed.verdict is Verdict.OPEN for filed in counting(run, item, state))
    )


def given_so_far(run: Run, step: Collect) -> int:
    """How many files were ever given to it: whoever accepts all of it says up to which one they have seen."""
    return sum(filed.item in step.items for filed in run.files)


def givers(state: StepState) -> tuple[str, ...]:
    """Who gives the documents, whoever has the step now."""
    return state.before if state.stage else state.owners
