"""The language's description covers the language: every kind, field type and key, and only rules that can be written."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.model import FieldType
from flows.reading import steps
from flows.reading.owners import WORDS
from flows.rules import compile_rule
from flows.schema import schema

DOCS = (Path(__file__).parents[2] / "docs" / "flow-language.md").read_text(encoding="utf-8")
RULES = re.findall(r"`([^`]+)`", "\n".join(line for line in DOCS.split("## Rules")[1].splitlines() if line.startswith("| `")))


def keys_of(rule: Any) -> Iterator[str]:
    """Every key of a flow file, by the schema."""
    if isinstance(rule, dict):
        yield from rule["properties"] if rule.get("type") == "object" and "properties" in rule else ()
        for inner in rule.values():
            yield from keys_of(inner)
    elif isinstance(rule, list):
        for inner in rule:
            yield from keys_of(inner)


def test_every_step_kind_has_its_section():
    assert re.findall(r"^\*\*`(\w+)`\*\*", DOCS, re.M) == list(steps.KINDS)


def test_every_field_type_owner_word_and_key_is_described():
    assert all(f"`{type}`" in DOCS for type in FieldType)
    assert all(re.search(rf"`{word} \S+`", DOCS) for word in WORDS)
    keys = set(keys_of(schema()))
    assert len(keys) > 70
    described = set(re.findall(r"`(\w+)[`:]", DOCS)) | set(re.findall(r"^[ -]*(\w+):(?: |$)", DOCS, re.M))
    assert keys - described - {"case", "block", "label"} == set()


def test_a_key_that_nobody_described_would_be_found(monkeypatch):
    monkeypatch.setitem(globals(), "DOCS", DOCS.replace("review_after", "later"))
    with pytest.raises(AssertionError, match="review_after"):
        test_every_field_type_owner_word_and_key_is_described()


@pytest.mark.parametrize("rule", [rule.replace("\\|", "|") for rule in RULES if len(rule) > 7 and "..." not in rule])
def test_every_rule_in_the_description_can_be_written(rule):
    assert compile_rule(rule).source == rule
