"""Values as people read them: ₹2,00,000.00, 15 Aug 2026, Yes, a choice's label, lines one per row."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from flows.model import Field
from flows.parse.days import MONTHS, MONTHS_HI
from flows.values import Erased, Line, Money, Value

_SIGNS = {"INR": "₹", "EUR": "€", "GBP": "£"}
_YES_NO = {"en": ("Yes", "No"), "hi": ("हाँ", "नहीं")}
_ERASED = {"en": "(erased)", "hi": "(मिटाया गया)"}


def show(value: Value, field: Field | None = None, language: str = "en") -> str:
    """`value` in words for people who read `language`. `field` gives a choice its label, and lines their currency."""
    match value:
        case bool():
            yes, no = _YES_NO.get(language, _YES_NO["en"])
            return yes if value else no
        case Erased():
            return _ERASED.get(language, _ERASED["en"])
        case Money(amount, currency):
            return show_money(amount, currency)
        case int() | Decimal():
            return _grouped(Decimal(value), "")
        case date():
            return f"{value.day} {(MONTHS_HI if language == 'hi' else MONTHS)[value.month - 1]} {value.year}"
        case tuple():
            return "\n".join(_line(line, field.currency if field else "") for line in value)
    labels = {choice.key: choice.label.text(language) for choice in field.choices} if field else {}
    return labels.get(value, value)


def show_money(amount: Decimal, currency: str) -> str:
    """Two decimals, grouped as in India for rupees (₹2,00,000.00) and by three otherwise (USD 200,000.00)."""
    digits = _grouped(amount.quantize(Decimal("0.01")), currency)
    sign = _SIGNS.get(currency, f"{currency} " if currency else "")
    return f"-{sign}{digits[1:]}" if digits.startswith("-") else f"{sign}{digits}"


def _grouped(number: Decimal, currency: str) -> str:
    western = f"{number:,f}"
    if currency != "INR":
        return western
    whole, point, decimals = western.replace(",", "").partition(".")
    sign, whole = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    head, tail = whole[:-3], whole[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    return sign + ",".join([*pairs, tail]) + point + decimals


def _line(line: Line, currency: str) -> str:
    tax = f" +{line.tax.normalize():f}%" if line.tax else ""
    rate = show_money(line.rate, currency) if currency else f"{line.rate:,f}"
    return f"{line.quantity.normalize():f} {line.unit} {line.item} @ {rate}{tax}"
