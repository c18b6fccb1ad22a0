"""Reads several fields from one message: a line each, `Label: value`. Lines without a label go on with the value above."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from bot.words import mistake, retold
from flows import Value
from flows.errors import InvalidValue
from flows.model import Field, Flow
from flows.parse import parse
from flows.said import sentence
from prompts.words import normal

MOST_LABEL_WORDS = 3


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
    parts, unknown = _parts(fields, text)
    problems = [(label, retold(_UNKNOWN, language)) for label in unknown]
    for name, said in parts.items():
        field = fields[name]
        try:
            values[name] = parse(field, said, today, language)
        except InvalidValue as error:
            problems.append((field.title.text(language), mistake(error, language)))
    return Form(values, tuple(problems), bool(parts))


_UNKNOWN = sentence("I do not know this label, so I left the line out.")


def _parts(fields: Mapping[str, Field], text: str) -> tuple[dict[str, str], list[str]]:
    """What stands behind each known label, and the labels that are none of ours."""
    labels = {_label(word): name for name, field in fields.items() for word in (name, *field.title.by_language.values())}
    parts: dict[str, str] = {}
    unknown: list[str] = []
    current = ""
    for line in filter(str.strip, text.splitlines()):
        head, colon, rest = line.partition(":")
        name = labels.get(_label(head)) if colon else None
        if name is not None:
            parts[name], current = rest.strip(), name
        elif colon and parts and len(head.split()) <= MOST_LABEL_WORDS and rest.startswith(" "):
            unknown.append(head.strip())
            current = ""
        elif current:
            parts[current] += f"\n{line.strip()}"
    return parts, unknown


def _label(words: str) -> str:
    """`Vendor's e-mail`, `vendor_email` and `vendor email` are not far apart: letters and digits only, less a possessive."""
    return "".join(
        sign for sign in normal(words).replace("'s ", " ").replace("’s ", " ") if unicodedata.category(sign)[0] in "LMN"
    )
