"""The names that rules see, and the words for what a rule saw."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from flows.events import Facts
from flows.model import Flow, Rule
from flows.run import Run, StepStatus
from flows.said import sentence
from flows.values import Erased, Line, Money, Value

_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?")


def names(flow: Flow, run: Run, facts: Facts | None = None) -> dict[str, Any]:
    """Every value that is set: money as its Decimal, lines as dicts. `documents` counts the files of each item; `requester` is a
    contact id; look-ups of the facts by their names. `outcomes` maps each step that is done to how it came out (a branch to the
    case that it took), `attempts` each step that was opened to how often, `children` each step that started runs to how many of
    them are over. What is not set, erased, or has not happened yet is not there: a rule that reads it cannot be decided."""
    counts = Counter(filed.item for filed in run.files if filed.counts)
    return {
        **(facts.lookups if facts else {}),
        **{name: _plain(value) for name, value in run.values.items() if not isinstance(value, Erased)},
        "documents": {item: counts[item] for item in flow.documents} | counts,
        "outcomes": _outcomes(run),
        "attempts": dict(Counter(state.path for state in (*run.history, *run.steps.values()))),
        "children": {path: sum(bool(child.outcome) for child in of) for path, of in run.children.items()},
        "requester": run.requester,
    }


def _outcomes(run: Run) -> dict[str, str]:
    done = {path: state.outcome for path, state in run.steps.items() if state.status is StepStatus.DONE}
    return {**run.taken, **done}


def _plain(value: Value) -> Any:
    match value:
        case Money(amount):
            return amount
        case tuple():
            return [_line(line) for line in value]
    return value


def _line(line: Line) -> dict[str, Any]:
    return {"item": line.item, "quantity": line.quantity, "unit": line.unit, "rate": line.rate, "tax": line.tax}


def because(held: Rule | None, tried: Iterable[Rule], seen: Mapping[str, Any]) -> str:
    """The rule that held (None: none did), with the values seen by all that were tried: `total <= 10000 (total = 4800)`."""
    shown: dict[str, str] = {}
    for name in dict.fromkeys(name for rule in tried for name in _NAME.findall(rule.source)):
        whole, _, part = name.partition(".")
        if part and isinstance(seen.get(whole), dict):
            shown |= {name: _shown(seen[whole][part])} if part in seen[whole] else {}
        elif whole in seen:
            shown[whole] = _shown(seen[whole])
    values = ", ".join(f"{name} = {value}" for name, value in shown.items())
    if held:
        return f"{held.source} ({values})" if values else held.source
    return sentence("otherwise ({values})", values=values) if values else sentence("otherwise")


def _shown(value: Any) -> str:
    match value:
        case dict():
            return ", ".join(f"{name} {count}" for name, count in value.items())
        case list():
            return f"{len(value)} lines"
    return str(value)
