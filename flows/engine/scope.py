"""The names that rules see, and the words for what a rule saw."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from flows.events import Facts
from flows.model import Flow, Rule
from flows.run import Run
from flows.values import Erased, Line, Money, Value

_WORD = re.compile(r"[A-Za-z_]\w*")


def names(flow: Flow, run: Run, facts: Facts | None = None) -> dict[str, Any]:
    """Every value that is set: money as its Decimal, lines as dicts. `documents` counts the files of each item; `requester` is a
    contact id; look-ups of the facts by their names. What is not set, or erased, is not there."""
    counts = Counter(filed.item for filed in run.files)
    return {
        **(facts.lookups if facts else {}),
        **{name: _plain(value) for name, value in run.values.items() if not isinstance(value, Erased)},
        "documents": {item: counts[item] for item in flow.documents} | counts,
        "requester": run.requester,
    }


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
    words = dict.fromkeys(word for rule in tried for word in _WORD.findall(rule.source) if word in seen)
    values = ", ".join(f"{word} = {_shown(seen[word])}" for word in words)
    source = held.source if held else "otherwise"
    return f"{source} ({values})" if values else source


def _shown(value: Any) -> str:
    match value:
        case dict():
            return ", ".join(f"{name} {count}" for name, count in value.items())
        case list():
            return f"{len(value)} lines"
    return str(value)
