"""What the people of a forecast do: everyone agrees, gives what is asked, and work comes back well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from bot.forecast.sample import Unusable, sample
from flows import SYSTEM, Event, Facts, Flow, Run, StepState, Value, asking, shortage
from flows.engine.owners import FIELD, PERSON, unclaimed, words_of
from flows.engine.wait import WAKE
from flows.engine.words import ACCEPT_ALL, APPROVE, CONFIRM, SUBMIT
from flows.events import Book, Claim, Decide, EndChild, File, Finish, Fire, Give, Skip
from flows.model import Approve, Collect, Do, Each, Generate, Job, Schedule, Step, Subflow, Wait, Worker
from flows.said import sentence

ENDED = "completed"
"""How the runs of other flows are supposed to end."""


class Act(NamedTuple):
    """What is done next: an event, the decision in it ("" for none), and the values made up for it."""

    event: Event
    choice: str = ""
    supposed: Mapping[str, Value] = {}


@dataclass(frozen=True, slots=True)
class Situation:
    """The run as it stands `at` a moment, with the values that are `given`."""

    flow: Flow
    run: Run
    facts: Facts
    at: datetime
    given: Mapping[str, Value]

    def next(self, state: StepState) -> Act:
        """What whoever has this open step does, so that the run goes on. Raises Unusable where nothing would."""
        if unclaimed(self.flow, state):
            return Act(Claim(**self._about(state)))
        if (asked := asking(self.flow, self.run, state, self.facts)) is not None:
            return self._answer(state, asked)
        match step := self.flow.step(state.path):
            case Collect():
                return self._papers(step, state)
            case Approve():
                return self._decide(state, APPROVE.key, proof=step.proof.value)
            case Do():
                choice = CONFIRM.key if state.stage else _forward(step)
                return self._decide(state, choice, _why_back(step, choice), step.proof.value)
            case Worker():
                return (
                    self._decide(state, _forward(step), _why_back(step, _forward(step)))
                    if state.remark
                    else self._work(step, state)
                )
            case Schedule():
                return Act(Book(**self._about(state), slot=state.slots[0]))
            case Generate():
                return Act(Finish(**self._about(state, SYSTEM), **_file(f"{step.output}.pdf")))
            case Wait():
                return Act(Fire(**self._about(state, SYSTEM), rung=WAKE))
            case Subflow() | Each():
                return self._end_child(step, state)
        raise Unusable(
            sentence("The simulation cannot follow a step of kind {kind} yet (`{step}`).", kind=step.kind, step=step.id)
        )

    def _answer(self, state: StepState, name: str) -> Act:
        if name not in self.given and not self.flow.fields[name].required:
            return Act(Skip(**self._about(state), name=name))
        values, supposed = self._values([name])
        return Act(Give(**self._about(state), values=values), supposed=supposed)

    def _values(self, names: Iterable[str]) -> tuple[dict[str, Value], dict[str, Value]]:
        """A value for each field, and those among them that were made up."""
        today = self.facts.calendar.local(self.at).date()
        wanted = list(names)
        supposed = {name: sample(self.flow.fields[name], today, self.run.values) for name in wanted if name not in self.given}
        return {name: supposed[name] if name in supposed else self.given[name] for name in wanted}, supposed

    def _papers(self, step: Collect, state: StepState) -> Act:
        """One file more; or, when all are there, whoever checks them accepts them all."""
        if state.stage:
            return self._decide(state, ACCEPT_ALL.key)._replace(choice="")
        short = list(shortage(self.flow, self.run, self.facts, step))
        if not short:
            return self._decide(state, SUBMIT.key)
        return Act(File(**self._about(state), item=short[0], **_file(f"{short[0]} {len(self.run.files) + 1}")))

    def _decide(self, state: StepState, choice: str, reason: str = "", proof: str = "") -> Act:
        return Act(Decide(**self._about(state), choice=choice, reason=reason, stage=state.stage, proof=proof), choice)

    def _work(self, step: Worker, state: StepState) -> Act:
        """What a worker suggests; values that the run already has are suggested again."""
        fields = [] if step.job is Job.CHECK else [name for name in step.fields if name not in self.run.values]
        values, supposed = self._values(fields)
        return Act(Finish(**self._about(state, SYSTEM), values=values), supposed=supposed)

    def _end_child(self, step: Subflow | Each, state: StepState) -> Act:
        child = next(child for child in self.run.children[step.id] if not child.outcome)
        values, supposed = self._values(step.take if isinstance(step, Subflow) else ())
        return Act(EndChild(**self._about(state, SYSTEM), run=child.run, outcome=ENDED, values=values), supposed=supposed)

    def _about(self, state: StepState, actor: str = "") -> dict[str, Any]:
        who = actor or (state.owners[0] if state.owners else SYSTEM)
        return {"at": self.at, "actor": who, "facts": self.facts, "path": state.path, "attempt": state.attempt}


def _forward(step: Do | Worker) -> str:
    """The first outcome that goes on, if there is one."""
    forward = [o.key for o in step.outcomes if o.key not in step.send_back_to and o.key not in step.ends]
    return (forward or [outcome.key for outcome in step.outcomes])[0]


def _why_back(step: Do | Worker, choice: str) -> str:
    return "sent back in the simulation" if choice in step.send_back_to else ""


def _file(name: str) -> dict[str, Any]:
    return {"document": name, "digest": name, "name": name}


def one_person_words(steps: Iterable[Step]) -> set[str]:
    """The owner words that name one person: facts tell who that is."""
    used = {word for step in steps for word in words_of(step)}
    return {word for word in used if word.startswith((PERSON, FIELD))}
