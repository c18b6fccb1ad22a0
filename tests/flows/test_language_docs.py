"""The language's description covers the language: every kind, field type and key, and only rules that can be written."""

import re
from pathlib import Path

import pytest

from flows.loader import templates
from flows.model import FieldType
from flows.reading import steps
from flows.rules import compile_rule

DOCS = (Path(__file__).parents[2] / "docs" / "flow-language.md").read_text(encoding="utf-8")
LANGUAGE, LATER = DOCS.split("\n## Later\n")
RULES = re.findall(r"`([^`]+)`", "\n".join(line for line in LANGUAGE.split("## Rules")[1].splitlines() if line.startswith("| `")))


def test_every_step_kind_has_its_section_and_later_ones_are_marked():
    assert re.findall(r"^\*\*`(\w+)`\*\*", LANGUAGE, re.M) == list(steps.KINDS)
    assert all(f"`{kind}`" in LATER for kind in steps.LATER)


def test_every_field_type_and_every_key_of_the_template_is_described():
    assert all(f"`{type}`" in LANGUAGE for type in FieldType)
    keys = set(re.findall(r"^[ -]*(\w+):(?= |$)", templates()["purchase-approval"].read_text(encoding="utf-8"), re.M))
    schema = {"flow", "summary", "start", "phrases", "address", "formula", "minimum", "warn", "policy", "send_back_to", "by_mail"}
    assert schema <= keys
    assert {key for key in schema if key not in LANGUAGE} == set()


@pytest.mark.parametrize("rule", [rule.replace("\\|", "|") for rule in RULES if len(rule) > 4 and "..." not in rule])
def test_every_rule_in_the_description_can_be_written(rule):
    assert compile_rule(rule).source == rule
