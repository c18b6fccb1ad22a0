"""How fast a step must be: the first urgency rule of its flow that holds as it opens."""

from __future__ import annotations

from flows.engine.scope import names
from flows.errors import RuleError
from flows.events import Facts
from flows.model import Flow
from flows.run import Run

USUAL = 100


def pace_of(flow: Flow, run: Run, facts: Facts) -> int:
    """The percentage of the usual time. A rule that cannot be told (a value is missing) is not the one."""
    if not flow.pace:
        return USUAL
    seen = names(flow, run, facts)
    for pace in flow.pace:
        try:
            if pace.when.evaluate(seen) is True:
                return int(pace.share * 100)
        except RuleError:
            continue
    return USUAL
