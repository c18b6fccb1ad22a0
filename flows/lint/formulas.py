"""Formulas of a flow file: what each works with fits together, and none is worked out from itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flows.formulas import inputs, parts
from flows.model import Field, FieldType
from flows.reading.draft import Draft


def check_formulas(draft: Draft) -> None:
    flow, source = draft.flow, draft.source
    for field in flow.fields.values():
        if field.formula:
            at = source.defined["formula"][field.name]
            read = [flow.fields[name] for name in inputs(field.formula) if name in flow.fields]
            wrong = list(_misfits(field, read))
            for problem, hint in (*wrong, *_circle(field, flow.fields)):
                source.add(at, problem, hint)
            if not wrong and len(read) == len(inputs(field.formula)):  # a field that is not there is reported already
                for problem, hint in _differing(field, read):
                    source.add(source.defined["field"][field.name], problem, hint)


def _misfits(field: Field, read: list[Field]) -> Iterator[tuple[str, str]]:
    """The fields whose type does not fit, with what to write."""
    function, given = parts(field.formula)
    for one, types in _wanted(function, given, read):
        if one.type not in types:
            kinds = " or ".join(types)
            yield f"`{function}` cannot work with `{one.name}`: it is not of type {kinds}.", f"Name a field of type {kinds} here."


def _wanted(function: str, given: tuple[str, ...], read: list[Field]) -> list[tuple[Field, tuple[FieldType, ...]]]:
    """Each field that a formula reads, with the types that fit its place."""
    plain = (FieldType.NUMBER, FieldType.MONEY)
    match function:
        case "total":
            return [(one, (FieldType.LINES,)) for one in read]
        case "percent":
            return [(one, (FieldType.NUMBER,) if one.name == given[0] else plain) for one in read]
    return [(one, plain) for one in read]


def _differing(field: Field, read: list[Field]) -> Iterator[tuple[str, str]]:
    """Amounts are reckoned with amounts of the same currency, and give such an amount; only a total can be a plain number."""
    function, _ = parts(field.formula)
    if function == "total":
        if field.type is FieldType.MONEY and read[0].currency != field.currency:
            yield f"`{field.name}` and `{read[0].name}` differ in currency.", f"Write `currency: {read[0].currency}`."
        return
    reckoned = read[-1:] if function == "percent" else read
    for one in reckoned:
        if one.type is not field.type:
            yield f"`{field.name}` is of type {field.type}, and `{one.name}` of type {one.type}.", "Make their types the same."
        elif one.currency != field.currency:
            yield f"`{field.name}` and `{one.name}` differ in currency.", f"Write `currency: {one.currency}`."


def _circle(field: Field, fields: Mapping[str, Field]) -> Iterator[tuple[str, str]]:
    """Whether the field is worked out from itself, by whatever way."""
    seen, waiting = set[str](), [field.name]
    while waiting:
        of = fields.get(waiting.pop())
        for name in inputs(of.formula) if of and of.formula else ():
            if name == field.name:
                yield f"`{field.name}` is worked out from itself.", "Break the circle: one of these fields must be asked."
                return
            if name not in seen:
                seen.add(name)
                waiting.append(name)
