"""The typed values that a run holds: text, whole and decimal numbers, money, dates, yes/no, item lines, and what erasure leaves.

Values are plain immutable Python objects; `to_json` and `from_json` are the only way in and out of storage.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency (ISO 4217 code). Never a float."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order: `rate` is per unit before tax, `tax` in percent (18 means 18%)."""

    item: str
    quantity: Decimal
    unit: str
    rate: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Erased:
    """Stands where a personal value was before its subject's key was destroyed."""


Value = str | int | bool | Decimal | Money | date | tuple[Line, ...] | Erased


def lines_total(lines: tuple[Line, ...], currency: str) -> Money:
    """Sum of quantity x rate with tax, rounded half up to two decimals at the end."""
    from decimal import ROUND_HALF_UP

    total = sum((n.quantity * n.rate * (1 + n.tax / 100) for n in lines), Decimal(0))
    return Money(total.quantize(Decimal("0.01"), ROUND_HALF_UP), currency)


def to_json(value: Value) -> Any:
    """A JSON form that `from_json` turns back into an equal value."""
    match value:
        case bool() | int() | str():
            return value
        case Decimal():
            return {"decimal": str(value)}
        case Money(amount, currency):
            return {"money": str(amount), "currency": currency}
        case date():
            return {"date": value.isoformat()}
        case Erased():
            return {"erased": True}
        case tuple():
            return {"lines": [[n.item, str(n.quantity), n.unit, str(n.rate), str(n.tax)] for n in value]}
    raise TypeError(f"not a run value: {type(value).__name__}")


def from_json(raw: Any) -> Value:
    """The value behind `to_json`'s form. Raises ValueError on anything else."""
    match raw:
        case bool() | int() | str():
            return raw
        case {"decimal": str(text)}:
            return Decimal(text)
        case {"money": str(amount), "currency": str(currency)}:
            return Money(Decimal(amount), currency)
        case {"date": str(text)}:
            return date.fromisoformat(text)
        case {"erased": True}:
            return Erased()
        case {"lines": list(rows)}:
            return tuple(Line(i, Decimal(q), u, Decimal(r), Decimal(t)) for i, q, u, r, t in rows)
    raise ValueError("not a stored run value")
