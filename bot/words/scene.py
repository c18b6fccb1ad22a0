"""What the words are about: a run as its reader sees it, and the values in their form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from string import Formatter

from bot.words.catalogue import Translate, translator
from flows import Run
from flows.engine.words import APPROVE, REJECT, SEND_BACK, SUBMIT
from flows.model import Do, Flow, Step
from flows.parse import show
from flows.values import Erased


@dataclass(frozen=True, slots=True)
class Scene:
    """What the words need beside the effect: `names` gives a contact's name, times are told in `zone` as seen at `now`."""

    flow: Flow
    run: Run
    language: str
    zone: str
    now: datetime
    names: Callable[[str], str]

    @property
    def t(self) -> Translate:
        return translator(self.language)

    @property
    def values(self) -> Slots:
        """The run's values, reference and numbers, for the slots of a flow's wording."""
        shown = {n: show(v, self.flow.fields.get(n), self.language) for n, v in self.run.values.items()}
        return Slots(shown | {"reference": self.run.reference, **self.run.numbers})


class Slots(dict[str, str]):
    """What is not known yet is shown as …"""

    def __missing__(self, key: str) -> str:
        return "…"


def summary(flow: Flow, run: Run, language: str = "en") -> str:
    """The run's one line: the flow's `summary` with the values known so far, its title while none is."""
    shown = {
        name: show(value, flow.fields.get(name), language) for name, value in run.values.items() if not isinstance(value, Erased)
    }
    line = flow.summary.text(language)
    wanted = [name for _, name, _, _ in Formatter().parse(line) if name]
    if wanted and not shown.keys() & set(wanted):
        return flow.title.text(language)
    return line.format_map(Slots(shown))


def choice_label(step: Step | None, key: str, language: str) -> str:
    """The label of a do step's outcome, or of an approval's choice."""
    choices = step.outcomes if isinstance(step, Do) else (APPROVE, REJECT, SEND_BACK, SUBMIT)
    return next((choice.label.text(language) for choice in choices if choice.key == key), key)
