"""The steps that wait for no person: generate, notify, branch, end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.decided import BranchTaken, DocumentFiled, NumberIssued
from flows.effects import Say, Topic, Work
from flows.engine import loop
from flows.engine.people import distinct, nobody, resolve
from flows.engine.prompts import attached
from flows.engine.scope import because, names
from flows.engine.transition import Next, Transition
from flows.errors import Refused, RuleError
from flows.events import SYSTEM, Finish
from flows.model import Branch, Case, Generate, Notify, Rule
from flows.run import Filed
from flows.said import sentence


def generate(t: Transition, step: Generate, why: Next) -> None:
    """Give the document its number, once for all attempts, and have it made."""
    number = t.run.numbers.get(step.series) or t.facts.numbers.get(step.series, "")
    if step.series and not number:
        t.stop(step, why, sentence("There is no number to give from the series {series}.", series=step.series))
        return
    state = t.open(step, (), why)
    if step.series and step.series not in t.run.numbers:
        t.decide(NumberIssued(step.series, number))
    details = {"template": step.template, "output": step.output, "number": number}
    t.effects.append(Work(step.id, state.attempt, "generate", details))


def finish(t: Transition, event: Finish) -> Next | None:
    """Work came back: file the document and go on, or stop with the error."""
    step = t.flow.step(event.path)
    t.waiting(event.path, event.attempt)
    if not isinstance(step, Generate):
        raise Refused("not_waiting")
    if event.error or not event.document:
        t.block(step.id, event.error or sentence("The work came back without a document."))
        return None
    t.decide(DocumentFiled(Filed(event.document, event.digest, event.name, step.output, SYSTEM, t.at)))
    t.close(step.id, "made")
    return t.after(step.id)


def notify(t: Transition, step: Notify, why: Next) -> Next | None:
    """Tell them, and go on."""
    told = distinct(resolve(t, step.to))
    if not told:
        t.stop(step, why, nobody(t.flow, step.to))
        return None
    state = t.open(step, told, why, timed=False)
    attach = attached(t.run, step.attach)
    t.say(Say(contact, Topic.NOTICE, step.id, state.attempt, attach=attach) for contact in told)
    t.close(step.id, "told")
    return t.after(step.id)


def branch(t: Transition, step: Branch, why: Next) -> Next | None:
    """Take the first case whose rule holds; where that cannot be told, stop."""
    seen = names(t.flow, t.run, t.facts)
    tried: list[Rule] = []
    for case in step.cases:
        try:
            holds = _holds(case, seen, tried)
        except RuleError as error:
            t.stop(step, why, sentence("The way on is not clear: {problem}.", problem=error))
            return None
        if holds:
            t.decide(BranchTaken(step.id, case.name, because(case.when, tried, seen)))
            if case.steps:
                return Next(case.steps[0].id)
            return loop.again(t, step, case) if case.back_to else t.after(step.id)
    t.stop(step, why, sentence("No case fits {values}.", values=because(None, tried, seen)))
    return None


def _holds(case: Case, seen: Mapping[str, Any], tried: list[Rule]) -> bool:
    if case.when is None:
        return True
    tried.append(case.when)
    answer = case.when.evaluate(seen)
    if not isinstance(answer, bool):
        raise RuleError(sentence("“{rule}” gives neither true nor false", rule=case.when.source))
    return answer
