"""The JSON Schema agrees with the reader: what it takes is taken, what it refuses is refused, and the stored copy is the newest."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from typer.testing import CliRunner

from bot.cli import app
from flows.lint import problems_of
from flows.loader import templates
from flows.reading.source import Keys
from flows.reading.steps import KINDS, UNDOING
from flows.schema import schema, schema_text
from tests.flows.broken import SOUND
from tests.flows.shapes import AT_ONCE, NASTY_FLOW, TANGLED
from tests.flows.test_loader import BROKEN
from tests.flows.whole import ITEM, VARIATION, WHOLE

SCHEMA = schema()
STORED = Path(__file__).parents[2] / "docs" / "flow.schema.json"
TYPES = {"object": dict, "array": list, "string": str, "number": (int, float), "integer": int, "boolean": bool}
DESCRIBING = {"$schema", "$defs", "title", "description"}


def holds(rule: Any, value: Any) -> bool:
    """Whether a JSON value is valid, for the keywords of draft 2020-12 that the schema uses; any other keyword is an error."""
    if isinstance(rule, bool):
        return rule
    return all(holds_keyword(rule, key, value) for key in rule.keys() - DESCRIBING)


def holds_keyword(rule: dict[str, Any], keyword: str, value: Any) -> bool:
    wanted = rule[keyword]
    match keyword:
        case "$ref":
            return holds(SCHEMA["$defs"][wanted.removeprefix("#/$defs/")], value)
        case "type":
            return any(is_a(name, value) for name in ([wanted] if isinstance(wanted, str) else wanted))
        case "enum":
            return any(value == one and type(value) is type(one) for one in wanted)
        case "const":
            return bool(value == wanted)
        case "not":
            return not holds(wanted, value)
        case "anyOf":
            return any(holds(one, value) for one in wanted)
        case "allOf":
            return all(holds(one, value) for one in wanted)
        case "if":
            return holds(rule.get("then" if holds(wanted, value) else "else", True), value)
        case "then" | "else":
            return True  # with `if`
        case "pattern":
            return not isinstance(value, str) or re.search(wanted, value) is not None
        case "maxLength":
            return not isinstance(value, str) or len(value) <= wanted
        case "minimum":
            return not isinstance(value, int) or value >= wanted
        case "maximum":
            return not isinstance(value, int) or value <= wanted
    return holds_inside(rule, keyword, value)


def holds_inside(rule: dict[str, Any], keyword: str, value: Any) -> bool:
    """The keywords about lists, then those about tables; each says nothing of other values."""
    wanted, items, table = rule[keyword], value if isinstance(value, list) else [], value if isinstance(value, dict) else {}
    match keyword:
        case "items":
            return all(holds(wanted, item) for item in items)
        case "minItems":
            return not isinstance(value, list) or len(items) >= wanted
        case "maxItems":
            return len(items) <= wanted
        case "uniqueItems":
            return len({json.dumps(item) for item in items}) == len(items)
        case "properties":
            return all(holds(wanted[key], table[key]) for key in wanted.keys() & table.keys())
        case "required":
            return not isinstance(value, dict) or set(wanted) <= table.keys()
        case "propertyNames":
            return all(holds(wanted, key) for key in table)
        case "additionalProperties":
            return all(holds(wanted, table[key]) for key in table.keys() - rule.get("properties", {}).keys())
        case "minProperties":
            return not isinstance(value, dict) or len(table) >= wanted
        case "maxProperties":
            return len(table) <= wanted
    raise AssertionError(f"the schema uses `{keyword}`, which this check does not know")


def is_a(name: str, value: Any) -> bool:
    return isinstance(value, TYPES[name]) and not (name in ("number", "integer") and isinstance(value, bool))


def valid(text: str) -> bool:
    return holds(SCHEMA, YAML(typ="safe", pure=True).load(text))


def is_yaml(text: str) -> bool:
    try:
        YAML(typ="safe", pure=True).load(text)
    except (YAMLError, TypeError):  # TypeError: a key that is a list
        return False
    return True


FILES = {
    "sound": SOUND,
    "nasty": NASTY_FLOW,
    "tangled": TANGLED,
    "at once": AT_ONCE,
    "whole": WHOLE,
    "item": ITEM,
    "variation": VARIATION,
}
FILES |= {name: path.read_text(encoding="utf-8") for name, path in templates().items()}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_sound_files_are_valid(text):
    assert valid(text)


# What a schema cannot say: the order of keys, numbers compared, and rules or slots inside a text.
BEYOND = {
    "kind not first",
    "due of nothing",
    "ladder going down",
    "ladder without due",
    "policy missing",
    "policy impossible",
    "no otherwise",
    "otherwise first",
    "case twice",
    "open slot",
    "slot with a method",
    "rule syntax",
    "rule syntax in quotes",
    "rule in a block",
    "anchor",
    "key twice",
    "rung of no time",
    "rungs that go down",
    "rungs before due that go down",
    "rung after due before due",
    "rung past due before one before due",
    "back from the start",
    "nothing after a step",
    "slots in no order",
    "slots that overlap",
    "no slot in time",
    "person with a short number",
}
SHAPES = {name: broken.text()[0] for name, broken in BROKEN.items() if name not in BEYOND}
SHAPES = {name: text for name, text in SHAPES.items() if is_yaml(text) and any(p.error for p in problems_of(text, name))}


def test_most_of_the_broken_files_are_for_the_schema():
    assert len(SHAPES) >= 30
    assert BROKEN.keys() >= BEYOND


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_a_broken_shape_is_invalid(text):
    assert not valid(text)


VARIANTS = [
    ("policy: in sequence", ["policy: any", "policy: all", "policy: 1 of 2", "policy: 60 percent", "policy: 60%", "policy: most"]),
    ("due: 4bh", ["due: 0.5bh", "due: 18:00", "due: 7:30", "due: 2d before first_day", "due: 3w", "due: 4bh after", "due: [4bh]"]),
    ("required: no", ["required: false", "required: 'no'", "required: true", "required: 1"]),
    ("minimum: 0\n", ["minimum: '1'\n", "minimum: 2\n", "minimum: []\n"]),
    ("{en: Days, hi: दिन}", ["Days", "{en: Days, hi-IN: दिन}", "{en: 12}", "12", "{hi: दिन}", "{}", "''"]),
    ("prefix: LV\n", ["prefix: LV\nschema: 1\n", "prefix: LV\nschema: '1'\n", "prefix: Lv\n", "prefix: 12\n"]),
    ("attach: [letter]", ["attach: []", "attach: [letter, note]", "attach: [Letter]"]),
]  # fmt: skip


@pytest.mark.parametrize("text", [SOUND.replace(old, new) for old, variants in VARIANTS for new in variants])
def test_the_schema_takes_what_the_reader_takes(text):
    assert valid(text) is not any(problem.error for problem in problems_of(text, "x.yaml")), problems_of(text, "x.yaml")


def tables(rule: Any) -> Iterator[dict[str, Any]]:
    """Every table of fixed keys in the schema."""
    if isinstance(rule, dict):
        if rule.get("type") == "object" and "properties" in rule:
            yield rule
        for inner in rule.values():
            yield from tables(inner)
    elif isinstance(rule, list):
        for inner in rule:
            yield from tables(inner)


def test_the_tables_have_the_keys_that_the_reader_asks_for(monkeypatch):
    asked: dict[str, set[str]] = defaultdict(set)
    plain = Keys.may

    def noting(keys: Keys, key: str, *rest: Any) -> Any:
        asked[keys._what].add(key)
        return plain(keys, key, *rest)

    monkeypatch.setattr(Keys, "may", noting)
    for text in (SOUND, AT_ONCE, WHOLE):
        assert not any(problem.error for problem in problems_of(text, "x.yaml"))
    asked.pop("a case of a branch")  # two tables, of which a case is one: each is tried above
    for kind in UNDOING:
        asked.pop(f"a step of kind `{kind}` under `if_cancelled`", None)  # the same table, without that key
    drawn = [set(table["properties"]) for table in tables(SCHEMA)]
    assert {what for what, keys in asked.items() if keys not in drawn} == set()
    assert len(asked) >= 8 + len(KINDS)  # the file, start, participant, field, document, check, outcome, block


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_table_that_needs_its_name_and_takes_no_other_key(kind):
    table = SCHEMA["$defs"][f"{kind} step"]
    assert kind in table["required"]
    assert table["additionalProperties"] is False
    assert {"$ref": f"#/$defs/{kind} step"} in SCHEMA["$defs"]["step"]["anyOf"]


def test_the_stored_schema_is_the_newest():
    assert STORED.read_text(encoding="utf-8") == schema_text(), "write it anew: baton schema -o docs/flow.schema.json"


def test_the_command_prints_or_writes_it(tmp_path: Path):
    printed = CliRunner().invoke(app, ["schema"])
    written = CliRunner().invoke(app, ["schema", "-o", str(tmp_path / "flow.schema.json")])
    assert (printed.exit_code, written.exit_code) == (0, 0)
    assert printed.stdout == schema_text() == (tmp_path / "flow.schema.json").read_text(encoding="utf-8")
    assert json.loads(printed.stdout)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
