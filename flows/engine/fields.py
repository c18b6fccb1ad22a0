"""Values given for fields: checked by type, stored, and what is computed from them computed again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

from flows.decided import ValueSet
from flows.engine.transition import Transition
from flows.errors import Refused
from flows.events import SYSTEM
from flows.model import Field, FieldType
from flows.values import Line, Money, Value, lines_total

_TOTAL = re.compile(r"\s*total\(\s*(\w+)\s*\)\s*")


def store(t: Transition, values: Mapping[str, Value], allowed: Iterable[str]) -> None:
    """Set `values`, all or none. Raises Refused `invalid` for the first that cannot be."""
    known = frozenset(allowed)
    for name, value in values.items():
        if name not in known or name not in t.flow.fields:
            raise invalid(name, "This is not asked here.")
        if problem := _problem(t.flow.fields[name], value):
            raise invalid(name, problem)
    for name, value in values.items():
        t.decide(ValueSet(name, value, t.actor))
        _compute(t, name)


def invalid(name: str, problem: str) -> Refused:
    """`problem` is a sentence that may be shown."""
    return Refused("invalid", field=name, problem=problem)


def _compute(t: Transition, changed: str) -> None:
    for field in t.flow.fields.values():
        found = _TOTAL.fullmatch(field.formula) if field.formula else None
        lines = t.run.values.get(changed)
        if found and found[1] == changed and isinstance(lines, tuple):
            total = lines_total(lines, field.currency)
            t.decide(ValueSet(field.name, total if field.type is FieldType.MONEY else total.amount, SYSTEM))


def _problem(field: Field, value: Value) -> str:
    """Why `value` cannot stand in `field`; "" where it can. Its form (an address, a tax number) is checked where text is read."""
    if field.formula:
        return "This is worked out, not answered."
    match field.type:
        case FieldType.NUMBER:
            good = _finite(value)
        case FieldType.MONEY:
            good = isinstance(value, Money) and _finite(value.amount)
            if good and isinstance(value, Money) and field.currency and value.currency != field.currency:
                return f"Please give the amount in {field.currency}."
        case FieldType.DATE:
            good = isinstance(value, date) and not isinstance(value, datetime)
        case FieldType.YES_NO:
            good = isinstance(value, bool)
        case FieldType.CHOICE:
            good = value in {choice.key for choice in field.choices}
        case FieldType.LINES:
            good = isinstance(value, tuple) and bool(value) and all(_sound(line) for line in value)
        case _:
            good = isinstance(value, str) and bool(value.strip())
    return "" if good else _WANTED.get(field.type, "Please write it as text.")


_WANTED: Mapping[FieldType, str] = {
    FieldType.NUMBER: "Please give a number.",
    FieldType.MONEY: "Please give an amount of money.",
    FieldType.DATE: "Please give a date.",
    FieldType.YES_NO: "Please answer yes or no.",
    FieldType.CHOICE: "Please take one of the choices.",
    FieldType.LINES: "Please give at least one line with quantity and rate.",
}


def _finite(value: object) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, Decimal) and value.is_finite())


def _sound(line: object) -> bool:
    return isinstance(line, Line) and all(n.is_finite() for n in (line.quantity, line.rate, line.tax))
