"""Every step, field, document, rule and ladder that a template promises is named once, with its line in the flow and in a transcript.

The files in `coverage/` are written from what a business of the trade expects, never from the flow. One looks like this:

    flow: admissions-intake
    items:
      - step: "4 documents within five working days"
        at: "- collect: documents"                         # stands in exactly one line of the flow
        played: {file: 02-grade-five.yaml, text: "· documents"}   # stands in that transcript
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from flows.loader import TEMPLATES, load, templates
from flows.model import Flow

COVERAGE = Path(__file__).parent / "coverage"
KINDS = ("step", "field", "document", "rule", "ladder")
FILES = sorted(COVERAGE.glob("*.yaml"))


@dataclass(frozen=True)
class Item:
    kind: str
    says: str
    at: str
    file: str
    text: str


def items(raw: dict[str, Any]) -> Iterator[Item]:
    for entry in raw["items"]:
        (kind,) = entry.keys() - {"at", "played"}
        yield Item(kind, entry[kind], entry["at"], entry["played"]["file"], str(entry["played"]["text"]))


def read(file: Path) -> tuple[str, list[Item]]:
    raw = YAML(typ="safe").load(file)
    return raw["flow"], list(items(raw))


def missing(flow: str, transcripts: dict[str, str], promised: list[Item]) -> list[str]:
    """What is promised and not there, in words."""
    lines = flow.splitlines()
    problems = []
    for item in promised:
        here = [number for number, line in enumerate(lines, 1) if item.at in line]
        if item.kind not in KINDS:
            problems.append(f"{item.kind} is not one of {KINDS}")
        if len(here) != 1:
            problems.append(f"{item.kind} “{item.says}”: “{item.at}” stands in lines {here} of the flow")
        if item.text not in transcripts.get(item.file, ""):
            problems.append(f"{item.kind} “{item.says}”: “{item.text}” does not stand in {item.file}")
    return problems


def unnamed(flow: Flow, source: str, promised: list[Item]) -> set[str]:
    """The fields and documents of a flow that no item stands on."""
    said = {line.strip() for item in promised for line in source.splitlines() if item.at in line}
    return {name for name in (*flow.fields, *flow.documents) if not any(line.startswith(f"{name}:") for line in said)}


def transcripts_of(name: str) -> dict[str, str]:
    folder = TEMPLATES / f"{name}.transcripts"
    return {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.yaml")}


def test_every_template_has_a_coverage_file() -> None:
    assert {read(file)[0] for file in FILES} == set(templates())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_is_promised_is_there(file: Path) -> None:
    name, promised = read(file)
    source = templates()[name].read_text(encoding="utf-8")
    assert missing(source, transcripts_of(name), promised) == []
    assert {item.kind for item in promised} >= {"step", "field"}
    assert unnamed(load(templates()[name]), source, promised) == set(), "a field or document that nobody asked for"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_promise_is_kept_by_a_line_of_its_own(file: Path) -> None:
    """The planted bug: take any promised line out of the flow, and this promise is missing."""
    name, promised = read(file)
    lines = templates()[name].read_text(encoding="utf-8").splitlines()
    for item in promised:
        without = "\n".join(line for line in lines if item.at not in line)
        assert any(f"“{item.says}”" in problem for problem in missing(without, transcripts_of(name), promised))
