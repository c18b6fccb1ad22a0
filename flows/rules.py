"""Rules of a flow file: CEL (the Common Expression Language, cel.dev) compiled to `flows.model.Rule`.

A rule reads what `flows.engine.names` gives: fields, look-ups, `documents` (files per checklist item) and `requester`. Every
number and amount is a decimal number there, a date is a CEL timestamp, and item lines are a list of maps with `item`,
`quantity`, `unit`, `rate` and `tax`. Beside CEL's own functions there are
- `given("field")`: whether the field has a value; a field so guarded may be missing;
- `percent(105, amount)`: that share of an amount without binary rounding, so that a limit met exactly is not exceeded;
- `date("2026-04-01")`: a day to compare a date field with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import cel

from flows.errors import FlowError, RuleError
from flows.model import Rule
from flows.values import Erased, Line, Money

MAX_LENGTH = 500
_GUARD = re.compile(r"""\bgiven\(\s*(["'])(\w+)\1\s*\)""")
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
    needed = read - guarded_in(source)

    def evaluate(names: Mapping[str, Any]) -> Any:
        present = {name: value for name, value in names.items() if value is not None and not isinstance(value, Erased)}
        missing = sorted(needed - present.keys())
        if missing:
            raise RuleError(f"{', '.join(missing)} is missing")
        return _execute(program, source, present, read & present.keys())

    return Rule(source, evaluate)


def names_in(source: str) -> frozenset[str]:
    """The values that a rule reads, without the variables of its own macros (the `i` of `items.all(i, ...)`)."""
    own = set(_BOUND.findall(source))
    return frozenset(_parse(source).variables()) - own | guarded_in(source)


def guarded_in(source: str) -> frozenset[str]:
    """The values that the rule itself asks for by `given("name")`: these may be missing."""
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


def _execute(program: cel.Program, source: str, present: Mapping[str, Any], used: frozenset[str]) -> Any:
    try:
        values = {name: _to_cel(present[name]) for name in used}
        return program.execute(values | _functions(present))
    except (ValueError, TypeError, RuntimeError, LookupError, ArithmeticError) as error:
        # Names only: the message is stored and shown, and a value may be personal.
        seen = f" from {', '.join(sorted(used))}" if used else ""
        raise RuleError(f"“{source}” cannot be worked out{seen}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """The first sentence of what CEL says: the rest is advice to programmers."""
    return str(error).partition(". ")[0].removesuffix(".")


def _functions(present: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    return {"given": lambda name: name in present, "percent": _percent, "date": _date}


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
