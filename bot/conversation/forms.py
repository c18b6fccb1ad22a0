"""Reads several fields from one message: a line each, `Label: value`. Lines without a label go on with the value above."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from flows import Value
from flows.errors import InvalidValue
from flows.model import Field, Flow
from flows.parse import parse
from prompts.words import normal


@dataclass(frozen=True, slots=True)
class Form:
    """What could be read, and what could not (field title, problem with its hint)."""

    values: Mapping[str, Value]
    problems: tuple[tuple[str, str], ...]
    labelled: bool


def read_form(flow: Flow, names: Iterable[str], text: str, today: date, language: str) -> Form:
    """The values of fields `names` that `text` gives. Never raises; `labelled` is False where no line carries a label."""
    fields = {name: flow.fields[name] for name in names if not flow.fields[name].formula}
    values: dict[str, Value] = {}
    problems: list[tuple[str, str]] = []
    parts = _parts(fields, text)
    for name, said in parts.items():
        field = fields[name]
        try:
            values[name] = parse(field, said, today, language)
        except InvalidValue as error:
            problems.append((field.title.text(language), str(error)))
    return Form(values, tuple(problems), bool(parts))


def _parts(fields: Mapping[str, Field], text: str) -> dict[str, str]:
    labels = {normal(word): name for name, field in fields.items() for word in (name, *field.title.by_language.values())}
    parts: dict[str, str] = {}
    current = ""
    for line in text.splitlines():
        head, colon, rest = line.partition(":")
        name = labels.get(normal(head)) if colon else None
        if name is not None:
            parts[name] = rest.strip()
            current = name
        elif current and line.strip():
            parts[current] += f"\n{line.strip()}"
    return parts
