"""Rules of a flow file: CEL (the Common Expression Language, cel.dev) compiled to `flows.model.Rule`.

A rule reads what `flows.engine.names` gives: fields, look-ups, `documents` (files per checklist item), `requester`, and of the steps
that were done `outcomes`, `attempts` and `children`. Every number and amount is a decimal number there, a date is a CEL timestamp, and
item lines are a list of maps with `item`, `quantity`, `unit`, `rate` and `tax`. Beside CEL's own functions there are
- `given("field")`, `given("outcomes.step")`: whether there is a value; what is so guarded may be missing;
- `percent(105, amount)`: that share of an amount without binary rounding, so that a limit met exactly is not exceeded;
- `date("2026-04-01")`: a day to compare a date field with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import cel

from flows.errors import FlowError, RuleError
from flows.model import Rule
from flows.said import sentence
from flows.values import Erased, Line, Money

MAX_LENGTH = 500
OF_STEPS = ("outcomes", "attempts", "children")
"""What a rule reads of steps: `outcomes.NAME`, `attempts.NAME`, `children.NAME`."""
_NO_STEPS: dict[str, Any] = {root: {} for root in OF_STEPS}
_GUARD = re.compile(r"""\bgiven\(\s*(["'])([\w.]+)\1\s*\)""")
_TEXT = re.compile(r"""(["'])(?:\\.|(?!\1).)*\1""")
_OF_STEP = re.compile(rf"(?<![\w.])(?:{'|'.join(OF_STEPS)})\.\w+")
_BOUND = re.compile(r"\.(?:all|exists|exists_one|map|filter)\(\s*(\w+)\s*,")
_SYNTAX = re.compile(r"ERROR: <input>:(\d+):(\d+): (?:Syntax error: )?([^\n]*)")


class RuleSyntaxError(FlowError):
    """The text is not CEL; `line` and `column` count from 1 inside the rule."""

    def __init__(self, line: int, column: int, problem: str) -> None:
        self.line, self.column, self.problem = line, column, problem
        super().__init__(problem)


def compile_rule(source: str) -> Rule:
    """The rule behind `source`. Its `evaluate(names)` takes values by name and returns what CEL gives (a bool, an int); it raises
    RuleError naming the values that are missing (absent, None or erased) or that do not fit. Raises RuleSyntaxError."""
    program = _parse(source)
    read = names_in(source)
    needed = (read | of_steps_in(source)) - guarded_in(source) - {*OF_STEPS}

    def evaluate(names: Mapping[str, Any]) -> Any:
        present = _NO_STEPS | {name: value for name, value in names.items() if _there(value)}
        known = present.keys() | _paths(present)
        missing = sorted(needed - known)
        if missing:
            raise RuleError(sentence("{names} is missing", names=", ".join(missing)))
        return _execute(program, source, {name: present[name] for name in read & known}, known)

    return Rule(source, evaluate)


def _there(value: Any) -> bool:
    return value is not None and not isinstance(value, Erased)


def _paths(present: Mapping[str, Any]) -> set[str]:
    """What is known of steps: `outcomes.approval`, ..."""
    return {f"{root}.{step}" for root in OF_STEPS for step in present[root]}


def names_in(source: str) -> frozenset[str]:
    """The values that a rule reads, without the variables of its own macros (the `i` of `items.all(i, ...)`)."""
    own = set(_BOUND.findall(source))
    return frozenset(_parse(source).variables()) - own | {name for name in guarded_in(source) if "." not in name}


def of_steps_in(source: str) -> frozenset[str]:
    """What a rule reads of steps (`outcomes.approval`), guarded or not."""
    return frozenset(_OF_STEP.findall(_TEXT.sub('""', source))) | {name for name in guarded_in(source) if "." in name}


def guarded_in(source: str) -> frozenset[str]:
    """The values that the rule itself asks for by `given("name")` or `given("outcomes.name")`: these may be missing."""
    return frozenset(name for _, name in _GUARD.findall(source))


def _parse(source: str) -> cel.Program:
    if len(source) > MAX_LENGTH:
        raise RuleSyntaxError(1, MAX_LENGTH + 1, f"the rule is longer than {MAX_LENGTH} characters")
    try:
        return cel.compile(source)
    except ValueError as error:
        raise _syntax_error(str(error)) from error


def _syntax_error(text: str) -> RuleSyntaxError:
    found = _SYNTAX.search(text)
    if not found:
        return RuleSyntaxError(1, 1, "the rule cannot be read")
    line, column, problem = found.groups()
    wanted, _, _ = problem.partition(" expecting ")
    return RuleSyntaxError(int(line), int(column), wanted.replace("<EOF>", "end of rule"))


def _execute(program: cel.Program, source: str, used: Mapping[str, Any], known: Set[str]) -> Any:
    """What the program gives with the values in `used`; `known` are the names of all that there is."""
    try:
        values = {name: _to_cel(value) for name, value in used.items()}
        return program.execute(values | _functions(known))
    except (ValueError, TypeError, RuntimeError, LookupError, ArithmeticError) as error:
        # Names only: the message is stored and shown, and a value may be personal.
        about: dict[str, object] = {"rule": source, "names": ", ".join(sorted(used)), "problem": _reason(error)}
        if used:
            raise RuleError(sentence("“{rule}” cannot be worked out from {names}: {problem}", **about)) from error
        raise RuleError(sentence("“{rule}” cannot be worked out: {problem}", **about)) from error


def _reason(error: Exception) -> str:
    """The first sentence of what CEL says: the rest is advice to programmers."""
    return str(error).partition(". ")[0].removesuffix(".")


def _functions(known: Set[str]) -> dict[str, Callable[..., Any]]:
    return {"given": lambda name: name in known, "percent": _percent, "date": _date}


def _percent(share: Any, amount: Any) -> float | None:
    """None where an argument is no number: CEL then finds no fitting operation, which is a RuleError with a place."""
    numeric = all(isinstance(n, int | float) and not isinstance(n, bool) for n in (share, amount))
    return float(Decimal(str(share)) * Decimal(str(amount)) / 100) if numeric else None


def _date(text: Any) -> datetime | None:
    try:
        return _midnight(date.fromisoformat(text))
    except (ValueError, TypeError):
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _to_cel(value: Any) -> Any:
    match value:
        case bool() | str() | datetime():
            return value
        case int() | float() | Decimal():
            return float(value)
        case Money(amount, _):
            return float(amount)
        case date():
            return _midnight(value)
        case Line():
            return _to_cel({name: getattr(value, name) for name in ("item", "quantity", "unit", "rate", "tax")})
        case list() | tuple():
            return [_to_cel(item) for item in value]
        case dict():
            return {name: _to_cel(item) for name, item in value.items()}
    raise TypeError(f"a rule cannot read a {type(value).__name__}")
