"""Fields that are worked out from others: `total(items)`, `sum(a, b)`, `difference(a, b)`, `percent(rate, a)`. Exact decimals.

Money is rounded half up to two places, where it comes out. What cannot be worked out has no value, so that rules that read it fail
closed: an input is missing, amounts are in several currencies, or a number is too long to be exact. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation, Overflow
from functools import lru_cache, reduce
from typing import NamedTuple

from flows.model import Field, FieldType
from flows.values import Line, Money, Value, lines_total

TAKES: Mapping[str, tuple[int, int]] = {"total": (1, 1), "sum": (2, 20), "difference": (2, 2), "percent": (2, 2)}
"""Each function with the least and the most that it is given."""

_CALL = re.compile(r"\s*([a-z]+)\(([^()]*)\)\s*")
_LITERAL = re.compile(r"\d+(?:\.\d+)?")
_CENT = Decimal("0.01")
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow])
_ROUNDED = Context(prec=60, rounding=ROUND_HALF_UP, traps=[InvalidOperation, Overflow])


class Quantity(NamedTuple):
    """A number, or an amount of money: `currency` is "" for a plain number."""

    amount: Decimal
    currency: str = ""


@lru_cache(maxsize=1024)
def parts(formula: str) -> tuple[str, tuple[str, ...]]:
    """The function, and what it is given: names of fields, or a number. Raises ValueError, in words, for what is no formula."""
    found = _CALL.fullmatch(formula)
    if found is None or found[1] not in TAKES:
        raise ValueError(f"`{formula}` is not a formula")
    given = tuple(part.strip() for part in found[2].split(","))
    least, most = TAKES[found[1]]
    if not least <= len(given) <= most or not all(given):
        raise ValueError(f"`{found[1]}` takes {least if least == most else f'{least} to {most}'} of them")
    return found[1], given


def inputs(formula: str) -> tuple[str, ...]:
    """The fields that a formula reads."""
    return tuple(part for part in parts(formula)[1] if not _LITERAL.fullmatch(part))


def behind(fields: Mapping[str, Field], changed: str) -> list[Field]:
    """The computed fields that depend on the field `changed`, each after those that it reads itself."""
    return list(reversed(list(_readers(fields, changed, {changed}))))


def _readers(fields: Mapping[str, Field], name: str, seen: set[str]) -> Iterator[Field]:
    for field in fields.values():
        if field.formula and field.name not in seen and name in inputs(field.formula):
            seen.add(field.name)
            yield from _readers(fields, field.name, seen)
            yield field


def work_out(field: Field, values: Mapping[str, Value]) -> Value | None:
    """The value of a computed field, or None where it has none."""
    function, given = parts(field.formula)
    try:
        found = _total(values.get(given[0]), field) if function == "total" else _CALLS[function](*(_of(p, values) for p in given))
        if field.type is not FieldType.MONEY:
            return found.amount
        currency = found.currency or field.currency
        if field.currency not in ("", currency):
            return None
        return Money(found.amount.quantize(_CENT, context=_ROUNDED), currency)
    except (ArithmeticError, LookupError):
        return None


def _of(part: str, values: Mapping[str, Value]) -> Quantity:
    """Raises LookupError where there is no number."""
    value = Decimal(part) if _LITERAL.fullmatch(part) else values.get(part)
    match value:
        case Money(amount, currency):
            return Quantity(amount, currency)
        case bool():
            raise LookupError(part)
        case int() | Decimal():
            return Quantity(Decimal(value))
    raise LookupError(part)


def _total(lines: Value | None, field: Field) -> Quantity:
    if not isinstance(lines, tuple) or not all(isinstance(line, Line) for line in lines):
        raise LookupError(field.name)
    total = lines_total(lines, field.currency)
    return Quantity(total.amount, total.currency)


def _sum(*terms: Quantity) -> Quantity:
    return reduce(lambda one, other: _joined(_EXACT.add, one, other), terms)


def _difference(one: Quantity, other: Quantity) -> Quantity:
    return _joined(_EXACT.subtract, one, other)


def _joined(join: Callable[[Decimal, Decimal], Decimal], one: Quantity, other: Quantity) -> Quantity:
    """Raises LookupError for two currencies, or money and a number."""
    if one.currency != other.currency:
        raise LookupError(other.currency)
    return Quantity(join(one.amount, other.amount), one.currency)


def _percent(rate: Quantity, amount: Quantity) -> Quantity:
    """Raises LookupError where the rate is money."""
    if rate.currency:
        raise LookupError(rate.currency)
    return Quantity(_EXACT.scaleb(_EXACT.multiply(rate.amount, amount.amount), -2), amount.currency)


_CALLS: Mapping[str, Callable[..., Quantity]] = {"sum": _sum, "difference": _difference, "percent": _percent}
