"""What is wrong with a flow file beyond its shape: names that lead nowhere, ways without end, rules and words that cannot work.

`lint` is for people and tools (every problem, warnings too); `flows.loader.load` refuses a file for the errors among them.
"""

from __future__ import annotations

from pathlib import Path

from flows.lint.names import check_names, check_references, check_unused
from flows.lint.rules import check_rules
from flows.lint.ways import check_ways
from flows.lint.words import RESERVED, check_buttons, check_languages, check_slots, check_start
from flows.model import Flow
from flows.reading.draft import read
from flows.reading.nodes import Place
from flows.reading.source import Problem, Source

__all__ = ["RESERVED", "Place", "Problem", "check", "lint", "problems_of"]


def lint(path: Path) -> list[Problem]:
    """Every problem of the file at `path`, in the file's order. Raises OSError where the file cannot be read."""
    return problems_of(path.read_bytes(), str(path))


def problems_of(content: bytes | str, file: str) -> list[Problem]:
    """The same for content in hand; `file` is the name to report."""
    return check(content, file)[1]


def check(content: bytes | str, file: str, version: int = 1) -> tuple[Flow | None, list[Problem]]:
    """The flow (None where not even its outline could be read; not to be used beside an error) and every problem, in order."""
    text = content if isinstance(content, str) else content.decode("utf-8", errors="replace")
    draft = read(text, file, version)
    if isinstance(draft, Source):
        return None, draft.problems
    sound = not draft.source.problems
    for look in (check_references, check_buttons, check_start):
        look(draft)
    if sound:  # what was misread above would only raise false alarms in these
        for look in (check_names, check_ways, check_rules, check_slots, check_languages, check_unused):
            look(draft)
    return draft.flow, sorted(set(draft.source.problems), key=lambda problem: (problem.place, problem.problem))
