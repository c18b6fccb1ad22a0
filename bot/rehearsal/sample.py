"""Values for a forecast: those that were given, and plausible ones where none were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from flows import FlowError, InvalidValue, Line, Money, Value
from flows.model import Field, FieldType, Flow
from flows.parse import parse
from flows.reading.source import did_you_mean

SAMPLE_MONEY = Decimal(1000)
DATE_AHEAD = timedelta(days=7)


class Unusable(FlowError):
    """A value given for a forecast cannot be used; the message says what to write instead."""


def given(flow: Flow, settings: Iterable[str], today: date) -> dict[str, Value]:
    """The values in `name=value` texts, in people's words. One for a worked-out amount (`total(items)`) becomes one line of that
    amount, without tax. Raises Unusable."""
    found: dict[str, Value] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip()
        if not equals:
            raise Unusable(f"“{setting}” sets nothing. Write it as name=value, such as amount=75000.")
        if name not in flow.fields:
            hint = did_you_mean(name, flow.fields, f"The fields are: {', '.join(flow.fields)}.")
            raise Unusable(f"The flow has no field `{name}`. {hint}")
        if name in found:
            raise Unusable(f"`{name}` is set twice. Keep one of the two.")
        try:
            found[name] = parse(flow.fields[name], text, today)
        except InvalidValue as error:
            raise Unusable(f"{name}: {error}") from error
    for name in [name for name in found if flow.fields[name].formula]:
        _put_lines(flow.fields[name], flow, found)
    return found


def _put_lines(field: Field, flow: Flow, found: dict[str, Value]) -> None:
    """The line that gives a worked-out amount, in place of the amount."""
    lines = next(other for other in flow.fields.values() if f"total({other.name})" == field.formula.replace(" ", ""))
    amount = found.pop(field.name)
    if lines.name in found:
        raise Unusable(f"`{field.name}` is worked out from `{lines.name}`. Set only one of the two.")
    assert isinstance(amount, Money), "a formula's field is money"
    found[lines.name] = (_line(amount.amount),)


def sample(field: Field, today: date, known: Mapping[str, Value]) -> Value:
    """A plausible value. Money is what the run already holds, so that nothing looks dearer than it was."""
    match field.type:
        case FieldType.TEXT:
            return f"Sample {field.title.text().lower()} for the simulation"
        case FieldType.NUMBER:
            return 1
        case FieldType.MONEY:
            held = [value.amount for value in known.values() if isinstance(value, Money) and value.currency == field.currency]
            return Money(max(held, default=SAMPLE_MONEY), field.currency)
        case FieldType.DATE:
            return today + DATE_AHEAD
        case FieldType.YES_NO:
            return True
        case FieldType.CHOICE:
            return field.choices[0].key
        case FieldType.LINES:
            return (_line(SAMPLE_MONEY),)
        case FieldType.EMAIL:
            return "someone@example.com"
        case FieldType.PHONE:
            return "+919800000001"
        case FieldType.GSTIN:
            return "27ABCDE1234F1Z0"


def _line(rate: Decimal) -> Line:
    return Line("sample item", Decimal(1), "pcs", rate, Decimal(0))
