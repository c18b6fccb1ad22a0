"""What the owners of an open step are asked: when it opens, when they ask again, and in reminders, always the same question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeGuard

from flows.checklist import counting
from flows.effects import Say, Topic
from flows.engine import words
from flows.engine.listing import date_wanted, given_so_far, shortage, unchecked
from flows.engine.owners import unclaimed
from flows.engine.scope import names
from flows.errors import RuleError
from flows.events import SYSTEM, Facts
from flows.model import Approve, Ask, Choice, Collect, Do, Field, FieldType, Flow, Policy, Schedule, Step, Wait, Worker
from flows.run import Filed, Run, StepState, StepStatus, Verdict

FEW = 2
"""So many items can each be rejected by a button of its own, beside the one that accepts all."""
LABEL = 20
"""Characters of a button on every channel."""


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
    if unclaimed(flow, state):
        return Prompt(Topic.POOL, (words.CLAIM,))
    name = asking(flow, run, state, facts)
    if name is not None:
        return question(flow.fields[name], filled=name in run.values or isinstance(step, Collect))
    match step:
        case Ask():
            return sent_back(state)
        case Collect():
            return _papers(flow, run, facts, step, state)
        case Approve():
            return _approval(flow, run, facts, step, state)
        case Do():
            return _work(run, step, state)
        case Worker() if state.remark:
            return Prompt(Topic.SUGGESTED, step.outcomes)
        case Schedule() if state.slots:
            return Prompt(Topic.SLOTS, (*(words.slot(at) for at in state.slots), words.MORE_TIMES))
    return None


def say_again(flow: Flow, run: Run, path: str, contact: str, facts: Facts | None = None) -> tuple[Say, ...]:
    """The open question at `path` once more, for `contact` (who must own it); () where nothing is asked."""
    state = run.steps.get(path)
    if state is None or state.status is not StepStatus.OPEN or contact not in state.owners:
        return ()
    asked = prompt(flow, run, facts, state)
    return () if asked is None else (asked.to(contact, state),)


def asking(flow: Flow, run: Run, state: StepState, facts: Facts | None = None) -> str | None:
    """The field that an open ask, collect, do or wait step waits for now. After a send-back only what is required is asked again."""
    step = flow.step(state.path)
    if isinstance(step, Collect):
        return date_wanted(flow, run, facts, step, state)
    if state.status is not StepStatus.OPEN or not _asks(step, state):
        return None
    for name in step.fields:
        wanted = flow.fields[name]
        if name in run.values or name in state.suggested or wanted.formula or name in state.skipped:
            continue
        if wanted.required or not state.sent_back_by:
            return name
    return None


def _asks(step: Step, state: StepState) -> TypeGuard[Ask | Do | Wait | Worker]:
    """Whether a step asks for fields now: a worker's once it is done, that of a `do` not of the second person."""
    return (
        isinstance(step, Ask | Wait)
        or (isinstance(step, Do) and not state.stage)
        or (isinstance(step, Worker) and bool(state.remark))
    )


def question(asked: Field, *, filled: bool = False) -> Prompt:
    """The question for one field; an optional one may be skipped."""
    choices = (words.YES, words.NO) if asked.type is FieldType.YES_NO else asked.choices
    if not asked.required and not filled:
        choices = (*choices, words.SKIP)
    return Prompt(Topic.QUESTION, choices, asks=asked.name)


def sent_back(state: StepState, **details: str) -> Prompt:
    """The step came back: correct what is wrong, then submit."""
    return Prompt(Topic.SENT_BACK, (words.SUBMIT,), details={"by": state.sent_back_by, "reason": state.reason, **details})


def _papers(flow: Flow, run: Run, facts: Facts | None, step: Collect, state: StepState) -> Prompt:
    """What is missing; or, where somebody checks it, what was given."""
    if not state.stage:
        details = {"missing": _missing(flow, run, facts, step)} | ({"renews": ",".join(state.renews)} if state.renews else {})
        return Prompt(Topic.COLLECT, (words.SUBMIT,) if state.sent_back_by else (), details=details)
    items = unchecked(run, step, state)
    files = tuple(f.document for item in items for f in counting(run, item, state) if f.verdict is Verdict.OPEN)
    each = tuple(words.reject(flow.documents[item]) for item in items)
    short = len(each) <= FEW and all(len(label) <= LABEL for choice in each for label in choice.label.by_language.values())
    accept = replace(words.ACCEPT_ALL, key=f"{words.ACCEPT_ALL.key}:{given_so_far(run, step)}")
    choices = (accept, *(each if short else (words.REJECT_ONE,)))
    return Prompt(Topic.CHECKLIST, choices, attach=files, details={"stage": str(state.stage), "items": ",".join(items)})


def _missing(flow: Flow, run: Run, facts: Facts | None, step: Collect) -> str:
    """`quotes:2,spec:1`: the items still wanted with how many."""
    try:
        return ",".join(f"{item}:{count}" for item, count in shortage(flow, run, facts, step).items())
    except RuleError:
        return ""


def _work(run: Run, step: Do, state: StepState) -> Prompt:
    """The work to do, with why it came back; or, at the second stage, what somebody else reported of it."""
    attach = attached(run, step.attach)
    if state.stage:
        report = state.votes[-1]
        details = {"stage": str(state.stage), "by": report.by, "choice": report.choice, "reason": report.reason}
        return Prompt(Topic.CONFIRM, (words.CONFIRM, words.DIFFERS), attach=attach, details=details)
    by, reason = (state.votes[-1].by, state.votes[-1].reason) if state.votes else (state.sent_back_by, state.reason)
    return Prompt(Topic.DO, step.outcomes, attach=attach, details={"by": by, "reason": reason} if by else {})


def _approval(flow: Flow, run: Run, facts: Facts | None, step: Approve, state: StepState) -> Prompt:
    choices = (words.APPROVE, words.REJECT, words.SEND_BACK) if step.send_back_to else (words.APPROVE, words.REJECT)
    details = {"stage": str(state.stage)} if step.policy is Policy.SEQUENCE else {}
    if warnings := _warnings(flow, run, facts, step):
        details["warnings"] = warnings
    return Prompt(Topic.APPROVE, choices, attach=attached(run, step.attach), details=details)


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
    return tuple(filed.document for item in items for filed in _current([f for f in run.files if f.item == item and f.counts]))


def _current(files: list[Filed]) -> list[Filed]:
    made = [filed for filed in files if filed.by == SYSTEM]
    return [filed for filed in files if filed.by != SYSTEM] + made[-1:]
