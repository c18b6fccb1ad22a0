"""Rules of a flow file, tried on sample values of the right types: each must know its names and give what its place needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from flows.errors import RuleError
from flows.lint.steps_read import check_steps_read, sample_of_steps
from flows.model import Field, FieldType, Flow
from flows.reading.draft import ALIKE, LOOKUPS, Draft
from flows.reading.source import RuleUse, Source, did_you_mean
from flows.values import Line

_DOCUMENT = re.compile(r"\bdocuments\.(\w+)")
_WORDS = {bool: ("yes or no", "Write a comparison such as `amount <= 10000`."), int: ("a whole number", "Write `2`, not `2.0`.")}


def check_rules(draft: Draft) -> None:
    samples = tuple(_samples(draft.flow))
    for use in draft.source.rules:
        if _check_names(draft, use, samples[0]):
            _check_result(draft.source, use, samples)


def _check_names(draft: Draft, use: RuleUse, known: Mapping[str, Any]) -> bool:
    """Whether all that the rule reads can be there."""
    if draft.flow.alike and "same_vendor_7d" in use.names:
        hint = "Write `alike_7d`, or remove `alike` at the top."
        draft.source.add(use.place, "`same_vendor_7d` is not there beside `alike`: a flow counts by one of the two.", hint)
    unknown = sorted(use.names - known.keys())
    for name in unknown:
        if name in ALIKE:
            hint = "Add `alike: [...]` at the top: the fields by which two requests are about the same thing."
            draft.source.add(use.place, f"The rule reads `{name}`, and the flow does not say which requests are alike.", hint)
            continue
        hint = did_you_mean(name, known, f"A rule can read: {', '.join(known)}.")
        draft.source.add(use.place, f"The rule reads `{name}`, which is not a field of this flow.", hint)
    lost = sorted(set(_DOCUMENT.findall(use.rule.source)) - draft.flow.documents.keys())
    for name in lost:
        hint = did_you_mean(name, draft.flow.documents, f"The documents are: {', '.join(draft.flow.documents)}.")
        draft.source.add(use.place, f"The rule counts `{name}`, which is not a document of this flow.", hint)
    return not unknown and not lost and check_steps_read(draft, use)


def _check_result(source: Source, use: RuleUse, samples: tuple[Mapping[str, Any], ...]) -> None:
    what, hint = _WORDS[use.wanted]
    for sample in samples:
        try:
            result = use.rule.evaluate(sample)
        except RuleError as error:
            source.add(use.place, f"The rule cannot work: {error}.", _advice(str(error)))
            return
        if type(result) is not use.wanted:
            source.add(use.place, f"The rule does not give {what}.", hint)
            return


def _advice(problem: str) -> str:
    if "float" in problem and "int" in problem:
        return "Write numbers to reckon with as decimals: `amount * 2.0`. A share of an amount is `percent(105, amount)`."
    if "Undefined variable or function" in problem:
        return "Check the spelling of functions, and that each is given the type of value it needs."
    return 'Compare numbers with numbers, texts with quoted texts, and dates with `date("2026-04-01")`.'


def _samples(flow: Flow) -> Iterator[dict[str, Any]]:
    """What a run might hold: small values everywhere, then large ones."""
    for large in (False, True):
        fields = {field.name: _sample(field, large) for field in flow.fields.values()}
        given: dict[str, Any] = {"documents": dict.fromkeys(flow.documents, 9 * large), "requester": "somebody"}
        lookups = [name for name in LOOKUPS if flow.alike or name not in ALIKE]
        yield fields | given | dict.fromkeys(lookups, 9 * large) | sample_of_steps(flow, large)


def _sample(field: Field, large: bool) -> Any:
    match field.type:
        case FieldType.NUMBER | FieldType.MONEY:
            return Decimal(10**9 if large else 1)
        case FieldType.DATE:
            return date(2099 if large else 1999, 1, 1)
        case FieldType.YES_NO:
            return large
        case FieldType.CHOICE:
            return field.choices[-large].key
        case FieldType.LINES:
            return (Line("item", Decimal(1), "pcs", Decimal(1), Decimal(18)),) * (1 + large)
    return "x" * (1000 if large else 1)
