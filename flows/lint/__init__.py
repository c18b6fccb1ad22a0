"""What is wrong with a flow file beyond its shape: names that lead nowhere, ways without end, rules and words that cannot work.

`lint` is for people and tools (every problem, warnings too); `flows.loader.load` refuses a file for the errors among them;
`problems_of_files` and `family` also see what flows say about each other.
"""

from __future__ import annotations

from pathlib import Path

from flows.lint.checks import check_draft
from flows.lint.family import family
from flows.lint.files import beside, problems_of_files
from flows.lint.words import RESERVED
from flows.model import Flow
from flows.reading.draft import Draft, read
from flows.reading.nodes import Place
from flows.reading.source import Problem

__all__ = ["RESERVED", "Place", "Problem", "beside", "check", "family", "lint", "problems_of", "problems_of_files"]


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
    problems = check_draft(draft)
    return (draft.flow if isinstance(draft, Draft) else None), problems
