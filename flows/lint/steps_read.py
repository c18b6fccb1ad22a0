"""What rules read of steps: `outcomes.NAME`, `attempts.NAME`, `children.NAME` name steps that have such a thing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flows.model import Approve, Branch, Do, Each, Flow, Step, Subflow, Wait, Worker
from flows.reading.draft import Draft
from flows.reading.source import RuleUse, did_you_mean
from flows.rules import OF_STEPS, of_steps_in

APPROVED = ("approve",)
WAITED = ("reached", "answered", "time-up")
_ANY = "ended"  # stands for an outcome of another flow, whatever that is
_COMPARED = re.compile(r"""outcomes\.(\w+)\s*[!=]=\s*(["'])([^"']*)\2|outcomes\.(\w+)\s+in\s+\[([^\]]*)\]""")
_TEXTS = re.compile(r"""(["'])([^"']*)\1""")
_ROOT = re.compile(rf"(?<![\w.])({'|'.join(OF_STEPS)})\b(?!\.\w)")
_TEXT = re.compile(r"""(["'])(?:\\.|(?!\1).)*\1""")


def outcomes_of(step: Step) -> tuple[str, ...] | None:
    """The outcomes that a step that is done can have; () for those of another flow, None where it has none to speak of."""
    match step:
        case Approve():
            return APPROVED
        case Do() | Worker():
            return tuple(outcome.key for outcome in step.outcomes)
        case Wait():
            return WAITED
        case Branch():
            return tuple(case.name for case in step.cases)
        case Subflow():
            return ()
    return None


def sample_of_steps(flow: Flow, large: bool) -> dict[str, Any]:
    """What a run might hold of its steps."""
    found = {step.id: outcomes_of(step) for step in flow.walk()}
    return {
        "outcomes": {id: (outcomes[-large] if outcomes else _ANY) for id, outcomes in found.items() if outcomes is not None},
        "attempts": {step.id: Decimal(9 if large else 1) for step in flow.walk()},
        "children": {step.id: Decimal(9 if large else 1) for step in flow.walk() if isinstance(step, Each | Subflow)},
    }


def check_steps_read(draft: Draft, use: RuleUse) -> bool:
    """Whether all that the rule reads of steps can be there."""
    problems = [*_unnamed(use), *_lost(draft.flow, use)]
    problems = problems or list(_never_equal(draft.flow, use))
    for problem, hint in problems:
        draft.source.add(use.place, problem, hint)
    return not problems


def _unnamed(use: RuleUse) -> Iterator[tuple[str, str]]:
    for root in dict.fromkeys(_ROOT.findall(_TEXT.sub('""', use.rule.source))):
        if root in use.names:
            yield f"The rule reads `{root}` without a step.", f"Write `{root}.` and the name of a step: `{root}.request`."


def _lost(flow: Flow, use: RuleUse) -> Iterator[tuple[str, str]]:
    known = sample_of_steps(flow, large=False)
    for path in sorted(of_steps_in(use.rule.source)):
        root, _, name = path.partition(".")
        if root not in known:
            yield f"`given` does not know `{path}`.", "Write a field, or `outcomes.`, `attempts.` or `children.` and a step."
        elif name not in known[root]:
            what = {"outcomes": "a step with outcomes", "children": "a step that starts other runs"}.get(root, "a step")
            hint = did_you_mean(name, known[root], f"It can be: {', '.join(known[root])}." if known[root] else "There is none.")
            yield f"The rule reads `{path}`, and `{name}` is not {what}.", hint


def _never_equal(flow: Flow, use: RuleUse) -> Iterator[tuple[str, str]]:
    """Outcomes compared with one that the step does not have."""
    for one, _, text, other, texts in _COMPARED.findall(use.rule.source):
        step, compared = (one, [text]) if one else (other, [found for _, found in _TEXTS.findall(texts)])
        outcomes = outcomes_of(flow.step(step))
        for text in compared:
            if outcomes and text not in outcomes:
                yield (
                    f"`{step}` has no outcome `{text}`.",
                    did_you_mean(text, outcomes, f"Its outcomes are: {', '.join(outcomes)}."),
                )
