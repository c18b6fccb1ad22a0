"""Values given for fields: checked by type, stored, and what is computed from them computed again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

from flows.decided import ValueCleared, ValueSet
from flows.engine.transition import Transition
from flows.errors import Refused
from flows.events import SYSTEM
from flows.formulas import behind, work_out
from flows.model import Field, FieldType
from flows.said import sentence
from flows.values import Line, Money, Value


def store(t: Transition, values: Mapping[str, Value], allowed: Iterable[str]) -> None:
    """Set `values`, all or none. Raises Refused `invalid` for the first that cannot be."""
    known = frozenset(allowed)
    for name, value in values.items():
        if name not in known or name not in t.flow.fields:
            raise invalid(name, sentence("This is not asked here."))
        if problem := _problem(t.flow.fields[name], value):
            raise invalid(name, problem)
    for name, value in values.items():
        put(t, name, value, t.actor)


def fits(field: Field, value: Value) -> bool:
    """Whether `value` may stand in `field`."""
    return not _problem(field, value)


def invalid(name: str, problem: str) -> Refused:
    """`problem` is a sentence that may be shown."""
    return Refused("invalid", field=name, problem=problem)


def put(t: Transition, name: str, value: Value, by: str) -> None:
    """Set one value that is known to be good, and compute what depends on it."""
    t.decide(ValueSet(name, value, by))
    _compute(t, name)


def clear(t: Transition, name: str) -> None:
    """Forget a value, and what was computed from it."""
    if name in t.run.values:
        t.decide(ValueCleared(name))
        _compute(t, name)


def _compute(t: Transition, changed: str) -> None:
    """Formulas that read `changed`, and formulas that read those; what cannot be worked out any more has no value."""
    for field in behind(t.flow.fields, changed):
        value = work_out(field, t.run.values)
        if value is not None:
            t.decide(ValueSet(field.name, value, SYSTEM))
        elif field.name in t.run.values:
            t.decide(ValueCleared(field.name))


def _problem(field: Field, value: Value) -> str:
    """Why `value` cannot stand in `field`; "" where it can. Its form (an address, a tax number) is checked where text is read."""
    if field.formula:
        return sentence("This is worked out, not answered.")
    match field.type:
        case FieldType.NUMBER:
            good = _finite(value)
        case FieldType.MONEY:
            good = isinstance(value, Money) and _finite(value.amount)
            if good and isinstance(value, Money) and field.currency and value.currency != field.currency:
                return sentence("Please give the amount in {currency}.", currency=field.currency)
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
    return "" if good else _WANTED.get(field.type, sentence("Please write it as text."))


_WANTED: Mapping[FieldType, str] = {
    FieldType.NUMBER: sentence("Please give a number."),
    FieldType.MONEY: sentence("Please give an amount of money."),
    FieldType.DATE: sentence("Please give a date."),
    FieldType.YES_NO: sentence("Please answer yes or no."),
    FieldType.CHOICE: sentence("Please take one of the choices."),
    FieldType.LINES: sentence("Please give at least one line with quantity and rate."),
}


def _finite(value: object) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, Decimal) and value.is_finite())


def _sound(line: object) -> bool:
    return isinstance(line, Line) and all(n.is_finite() for n in (line.quantity, line.rate, line.tax))
