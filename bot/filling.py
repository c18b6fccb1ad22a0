"""Which item of a checklist a file fills: the one its caption names, else its file name, else the first that is still short."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import NamedTuple

from flows import Flow, RuleError, Run, StepState, shortage
from flows.checklist import asked_of
from flows.model import Collect, DocumentItem
from flows.run import Filed, Verdict

SAME = 0.84
"""From this likeness on two words are one, misspelt ("insurence")."""
STEM = 4
"""Words of at least so many letters that differ only after the shorter one's last but one are one ("quote", "quotation")."""
SAYING_NOTHING = "the and for this that with from our your my copy scan file photo image picture document paper pdf jpg img"
EMPTY = frozenset(SAYING_NOTHING.split())


class Filling(NamedTuple):
    """The item that a file goes to, and whether its sender named it in the caption."""

    item: str
    named: bool


def filling(flow: Flow, run: Run, step: Collect, kind: str, caption: str, name: str) -> Filling:
    """The item of `step` for a file of media type `kind`, in whatever order files come."""
    if found := named(flow, step.items, caption):
        return Filling(found, True)
    items = [item for item in step.items if kind in flow.documents[item].types] or list(step.items)
    if found := named(flow, items, name.rpartition(".")[0] or name):
        return Filling(found, False)
    missing = _short(flow, run, step)
    wanted = [item for item in items if item in missing] or [i for i in asked_of(step, run.steps.get(step.id)) if i in items]
    return Filling((wanted or items)[0], False)


def named(flow: Flow, items: Iterable[str], text: str) -> str:
    """The item that a text names by words of its title in any language, roughly written; "" where none, or several alike."""
    said = words(text)
    if not said:
        return ""
    titles = {item: _titles(flow.documents[item]) for item in items}
    shared = Counter(word for of in titles.values() for word in of)
    scores = {item: sum(1 / shared[w] for w in of if any(alike(w, s) for s in said)) for item, of in titles.items()}
    best = max(scores.values(), default=0)
    winners = [item for item, score in scores.items() if score == best and score]
    return winners[0] if len(winners) == 1 else ""


def holder(run: Run, digest: str) -> Filed | None:
    """The file of the same content that the run has already, unless it was replaced."""
    return next((filed for filed in run.files if filed.digest == digest and filed.verdict is not Verdict.ASIDE), None)


def latest(flow: Flow, run: Run, path: str) -> tuple[StepState, Collect] | None:
    """The newest attempt of the checklist at `path`, or where that is "" of the newest checklist of the run."""
    for state in (*reversed(run.open_steps()), *reversed((*run.history, *run.steps.values()))):
        step = flow.step(state.path)
        if isinstance(step, Collect) and path in ("", state.path):
            return run.steps.get(state.path, state), step
    return None


def words(text: str) -> frozenset[str]:
    """Its words, folded, less those that say nothing."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    parts = "".join(sign if unicodedata.category(sign)[0] in "LM" else " " for sign in folded).split()
    return frozenset(part for part in parts if len(part) > 1 and part not in EMPTY)


def alike(one: str, other: str) -> bool:
    """Whether two words are the same, in another form or misspelt."""
    one, other = one.removesuffix("s"), other.removesuffix("s")
    if one == other:
        return True
    if min(len(one), len(other)) < STEM:
        return False
    stem = max(min(len(one), len(other)) - 1, STEM)
    return one[:stem] == other[:stem] or SequenceMatcher(None, one, other).ratio() >= SAME


def _titles(item: DocumentItem) -> frozenset[str]:
    return frozenset(word for text in (item.name, *item.title.by_language.values()) for word in words(text))


def _short(flow: Flow, run: Run, step: Collect) -> dict[str, int]:
    try:
        return shortage(flow, run, None, step)
    except RuleError:
        return {}
