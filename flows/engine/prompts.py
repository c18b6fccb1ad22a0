"""What the owners of an open step are asked: when it opens, when they ask again, and in reminders, always the same question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from flows.effects import Say, Topic
from flows.engine import words
from flows.engine.scope import names
from flows.errors import RuleError
from flows.events import SYSTEM, Facts
from flows.model import Approve, Ask, Choice, Collect, Do, Field, FieldType, Flow, Policy, Wait
from flows.run import Filed, Run, StepState, StepStatus


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question before it is addressed to anyone."""

    topic: Topic
    choices: tuple[Choice, ...] = ()
    asks: str = ""
    attach: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)

    def to(self, contact: str, state: StepState) -> Say:
        return Say(contact, self.topic, state.path, state.attempt, self.choices, self.asks, self.attach, self.details)

    def turned(self, topic: Topic, **details: str) -> Prompt:
        """The same question under another topic, with further details."""
        return replace(self, topic=topic, details={**self.details, **details})


def prompt(flow: Flow, run: Run, facts: Facts | None, state: StepState) -> Prompt | None:
    """The question that an open step puts to its owners now; None where it waits for no person. Without facts, checks and
    checklists that need a look-up are left out."""
    step = flow.step(state.path)
    name = asking(flow, run, state)
    if name is not None:
        return question(flow.fields[name], filled=name in run.values)
    match step:
        case Ask():
            return sent_back(state)
        case Collect():
            submit = (words.SUBMIT,) if state.sent_back_by else ()
            return Prompt(Topic.COLLECT, submit, details={"missing": _missing(flow, run, facts, step)})
        case Approve():
            return _approval(flow, run, facts, step, state)
        case Do():
            details = {"by": state.sent_back_by, "reason": state.reason} if state.sent_back_by else {}
            return Prompt(Topic.DO, step.outcomes, attach=attached(run, step.attach), details=details)
    return None


def say_again(flow: Flow, run: Run, path: str, contact: str, facts: Facts | None = None) -> tuple[Say, ...]:
    """The open question at `path` once more, for `contact` (who must own it); () where nothing is asked."""
    state = run.steps.get(path)
    if state is None or state.status is not StepStatus.OPEN or contact not in state.owners:
        return ()
    asked = prompt(flow, run, facts, state)
    return () if asked is None else (asked.to(contact, state),)


def asking(flow: Flow, run: Run, state: StepState) -> str | None:
    """The field that an open ask, do or wait step waits for now. After a send-back only what is required is asked again."""
    step = flow.step(state.path)
    if state.status is not StepStatus.OPEN or not isinstance(step, Ask | Do | Wait):
        return None
    for name in step.fields:
        wanted = flow.fields[name]
        if name in run.values or wanted.formula or name in state.skipped:
            continue
        if wanted.required or not state.sent_back_by:
            return name
    return None


def question(asked: Field, *, filled: bool = False) -> Prompt:
    """The question for one field; an optional one may be skipped."""
    choices = (words.YES, words.NO) if asked.type is FieldType.YES_NO else asked.choices
    if not asked.required and not filled:
        choices = (*choices, words.SKIP)
    return Prompt(Topic.QUESTION, choices, asks=asked.name)


def sent_back(state: StepState, **details: str) -> Prompt:
    """The step came back: correct what is wrong, then submit."""
    return Prompt(Topic.SENT_BACK, (words.SUBMIT,), details={"by": state.sent_back_by, "reason": state.reason, **details})


def shortage(flow: Flow, run: Run, facts: Facts | None, step: Collect) -> dict[str, int]:
    """How many files each item still lacks; items that have enough are not there. Raises RuleError."""
    seen = names(flow, run, facts)
    short = {item: _least(flow, item, seen) - seen["documents"][item] for item in step.items}
    return {item: count for item, count in short.items() if count > 0}


def _least(flow: Flow, item: str, seen: Mapping[str, object]) -> int:
    rule = flow.documents[item].minimum
    least = rule.evaluate(seen)
    if isinstance(least, bool) or not isinstance(least, int | float | Decimal) or least % 1:
        raise RuleError(f"“{rule.source}” gives no whole number")
    return int(least)


def _missing(flow: Flow, run: Run, facts: Facts | None, step: Collect) -> str:
    """`quotes:2,spec:1`: the items still wanted with how many."""
    try:
        return ",".join(f"{item}:{count}" for item, count in shortage(flow, run, facts, step).items())
    except RuleError:
        return ""


def _approval(flow: Flow, run: Run, facts: Facts | None, step: Approve, state: StepState) -> Prompt:
    choices = (words.APPROVE, words.REJECT, words.SEND_BACK) if step.send_back_to else (words.APPROVE, words.REJECT)
    details = {"stage": str(state.stage)} if step.policy is Policy.SEQUENCE else {}
    if warnings := _warnings(flow, run, facts, step):
        details["warnings"] = warnings
    return Prompt(Topic.APPROVE, choices, details=details)


def _warnings(flow: Flow, run: Run, facts: Facts | None, step: Approve) -> str:
    """The checks that do not hold, or cannot be decided: better one warning too many."""
    if not step.checks:
        return ""
    seen, failed = names(flow, run, facts), []
    for check in step.checks:
        try:
            holds = check.rule.evaluate(seen) is True
        except RuleError:
            holds = facts is None
        if not holds:
            failed.append(check.name)
    return ",".join(failed)


def attached(run: Run, items: tuple[str, ...]) -> tuple[str, ...]:
    """The documents of checklist items, in order; of what we made ourselves only the latest version."""
    return tuple(filed.document for item in items for filed in _current([f for f in run.files if f.item == item]))


def _current(files: list[Filed]) -> list[Filed]:
    made = [filed for filed in files if filed.by == SYSTEM]
    return [filed for filed in files if filed.by != SYSTEM] + made[-1:]
