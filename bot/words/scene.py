"""What the words are about: a run as its reader sees it, and the values in their form."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from string import Formatter

from bot.words.catalogue import ENGLISH, Translate, isolated, retold, spoken, translator
from flows import Run, Value
from flows.engine.words import APPROVE, CONFIRM, DIFFERS, REJECT, SEND_BACK, SUBMIT
from flows.model import Choice, Do, Field, Flow, Step, Worker
from flows.parse import show
from flows.values import Erased


@dataclass(frozen=True, slots=True)
class Scene:
    """What the words need beside the effect: `names` gives a contact's name, times are told in `zone` as seen at `now`.
    `home` is the business's own zone ("": as `zone`). `reader` (a contact id) and their `roles` say which values are shown.
    `gone`: values that were there a moment ago, before a loop cleared them."""

    flow: Flow
    run: Run
    language: str
    zone: str
    now: datetime
    names: Callable[[str], str]
    home: str = ""
    reader: str = ""
    roles: tuple[str, ...] = ()
    gone: Mapping[str, Value] = field(default_factory=dict)

    def shows(self, field: Field) -> bool:
        """Whether the reader is shown the value of a field among the others."""
        return seen_by(field, self.run, self.reader, self.roles)

    @property
    def t(self) -> Translate:
        return translator(self.language)

    @property
    def values(self) -> Slots:
        """The run's values, reference and numbers, for the slots of a flow's wording."""
        return self._slots(self.run.values)

    @property
    def values_then(self) -> Slots:
        """The same for a notice, which was given before a loop that follows it cleared anything."""
        return self._slots({**self.gone, **self.run.values})

    def _slots(self, values: Mapping[str, Value]) -> Slots:
        shown = {n: show(v, self.flow.fields.get(n), self.language) for n, v in values.items()}
        known = shown | {"reference": self.run.reference, **self.run.numbers}
        return Slots({name: isolated(value, self.language) for name, value in known.items()})


def seen_by(field: Field, run: Run, contact: str, roles: Collection[str]) -> bool:
    """Whether somebody may be shown the value of a field unasked: the requester, and who holds one of the roles that it names."""
    return not field.seen_by or contact == run.requester or not frozenset(field.seen_by).isdisjoint(roles)


class Slots(dict[str, str]):
    """What is not known yet is shown as …"""

    def __missing__(self, key: str) -> str:
        return "…"


def summary(flow: Flow, run: Run, language: str = "en") -> str:
    """The run's one line: the flow's `summary` with the values known so far, its title while none is. Everybody sees it, so that
    values for some roles only are not in it."""
    values = {name: value for name, value in run.values.items() if not isinstance(value, Erased)}
    shown = {
        name: show(value, flow.fields.get(name), language)
        for name, value in values.items()
        if name not in flow.fields or not flow.fields[name].seen_by
    }
    line = flow.summary.text(language)
    wanted = [name for _, name, _, _ in Formatter().parse(line) if name]
    if wanted and not shown.keys() & set(wanted):
        return flow.title.text(language)
    return line.format_map(Slots({name: isolated(value, language) for name, value in shown.items()}))


def opening(flow: Flow, language: str) -> str:
    """The phrase to name to somebody who reads `language`: the first in Latin letters for English, another one otherwise."""
    english = spoken(language) == ENGLISH
    return next((phrase for phrase in flow.start.phrases if phrase.isascii() == english), flow.start.phrases[0])


def came_back(path: str, scene: Scene) -> list[str]:
    """Who sent a step back, and why; nothing where it was reached by going forward."""
    state = scene.run.steps.get(path)
    if state is None or not state.sent_back_by:
        return []
    return [
        scene.t("It came back from {name}: {reason}").format(
            name=scene.names(state.sent_back_by), reason=retold(state.reason, scene.language)
        )
    ]


def choice_label(step: Step | None, key: str, language: str) -> str:
    """The label of a do step's outcome, or of an approval's choice."""
    return next((choice.label.text(language) for choice in _choices(step) if choice.key == key), key)


def _choices(step: Step | None) -> tuple[Choice, ...]:
    match step:
        case Do():
            return (*step.outcomes, CONFIRM, DIFFERS)
        case Worker():
            return step.outcomes
    return (APPROVE, REJECT, SEND_BACK, SUBMIT)
