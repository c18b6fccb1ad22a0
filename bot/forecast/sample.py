"""Values for a forecast: those that were given, and plausible ones where none were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from flows import FlowError, InvalidValue, Line, Money, Value
from flows.formulas import inputs, parts
from flows.model import Field, FieldType, Flow
from flows.parse import parse
from flows.reading.source import did_you_mean
from flows.said import sentence

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
            raise Unusable(sentence("“{setting}” sets nothing. Write it as name=value, such as amount=75000.", setting=setting))
        if name not in flow.fields:
            hint = did_you_mean(name, flow.fields, sentence("The fields are: {names}.", names=", ".join(flow.fields)))
            raise Unusable(sentence("The flow has no field `{name}`. {hint}", name=name, hint=hint))
        if name in found:
            raise Unusable(sentence("`{name}` is set twice. Keep one of the two.", name=name))
        try:
            found[name] = parse(flow.fields[name], text, today)
        except InvalidValue as error:
            raise Unusable(sentence("{name}: {problem} {hint}", name=name, problem=error.problem, hint=error.hint)) from error
    for name in [name for name in found if flow.fields[name].formula]:
        _put_lines(flow.fields[name], flow, found)
    return found


def _put_lines(field: Field, flow: Flow, found: dict[str, Value]) -> None:
    """The line that gives a worked-out total, in place of the total. Raises Unusable for another formula: what is asked can be set."""
    function, _ = parts(field.formula)
    behind = inputs(field.formula)
    if function != "total":
        asked = ", ".join(f"`{name}`" for name in behind)
        raise Unusable(
            sentence(
                "`{name}` is worked out as {formula}. Set {asked} instead.", name=field.name, formula=field.formula, asked=asked
            )
        )
    amount = found.pop(field.name)
    if behind[0] in found:
        raise Unusable(
            sentence("`{name}` is worked out from `{other}`. Set only one of the two.", name=field.name, other=behind[0])
        )
    found[behind[0]] = (_line(Decimal(amount.amount if isinstance(amount, Money) else str(amount))),)


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
