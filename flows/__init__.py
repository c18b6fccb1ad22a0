"""The core: what flows are, and what happens to a run. Pure; the standard library only.

The parts that need a library stand apart and are imported by name: `flows.loader`, `flows.rules`, `flows.lint`.
"""

from flows.calendar import Calendar
from flows.decided import Decided
from flows.effects import DropTimers, Effect, PlanTimer, Record, Say, Topic, Work
from flows.engine import advance, asking, names, say_again, shortage
from flows.errors import FlowError, FlowFileError, FlowFileErrors, InvalidValue, Refused, RuleError
from flows.events import SYSTEM, Event, Facts
from flows.fold import replay
from flows.model import Flow
from flows.run import Run, Status, StepState, StepStatus
from flows.values import Erased, Line, Money, Value

__all__ = [
    "SYSTEM",
    "Calendar",
    "Decided",
    "DropTimers",
    "Effect",
    "Erased",
    "Event",
    "Facts",
    "Flow",
    "FlowError",
    "FlowFileError",
    "FlowFileErrors",
    "InvalidValue",
    "Line",
    "Money",
    "PlanTimer",
    "Record",
    "Refused",
    "RuleError",
    "Run",
    "Say",
    "Status",
    "StepState",
    "StepStatus",
    "Topic",
    "Value",
    "Work",
    "advance",
    "asking",
    "names",
    "replay",
    "say_again",
    "shortage",
]
