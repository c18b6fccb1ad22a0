"""Problems of flow files as a person or a tool wants to read them: text with the line itself, JSON, SARIF, GitHub's annotations."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from flows.reading.source import Problem

_WIDTH = 120  # characters of a line that are shown; a longer one is shown around the problem
_JOINERS = "\u200c\u200d"  # shape the letters of Indian scripts and take no room of their own


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def render(problems: Sequence[Problem], texts: Mapping[str, str], format: Format = Format.TEXT) -> str:
    """The problems in one of the formats, without a last line break. `texts` maps a problem's file to what stands in it."""
    return _FORMATS[format](problems, texts)


def _text(problems: Sequence[Problem], texts: Mapping[str, str]) -> str:
    return "\n".join(f"{problem}{_snippet(problem, texts)}" for problem in problems)


def _snippet(problem: Problem, texts: Mapping[str, str]) -> str:
    """The line that the problem is on, with a caret below its column; "" where the file has no such line."""
    lines = texts.get(problem.file, "").splitlines()
    line, column = problem.place.line, problem.place.column
    if not 1 <= line <= len(lines) or not lines[line - 1].strip():
        return ""
    first = max(0, column - 1 - _WIDTH // 2) if len(lines[line - 1]) > _WIDTH else 0
    shown = [_shown(c) for c in lines[line - 1][first : first + _WIDTH]]
    before = sum(_columns(c) for c in shown[: column - 1 - first])
    margin = " " * len(str(line))
    return f"\n  {line} | {''.join(shown)}\n  {margin} | {' ' * before}^"


def _shown(character: str) -> str:
    """The character, or a stand-in for one that would move the cursor or turn the direction of writing."""
    if character == "\t":
        return " "
    hidden = unicodedata.category(character) in ("Cc", "Cf", "Cs") and character not in _JOINERS
    return "\N{REPLACEMENT CHARACTER}" if hidden else character


def _columns(character: str) -> int:
    """How many columns of a terminal the character takes."""
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _json(problems: Sequence[Problem], texts: Mapping[str, str]) -> str:
    return json.dumps([_record(problem) for problem in problems], ensure_ascii=False, indent=2)


def _record(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "severity": _severity(problem),
        "problem": problem.problem,
        "hint": problem.hint,
    }


def _severity(problem: Problem) -> str:
    return "error" if problem.error else "warning"


def _sarif(problems: Sequence[Problem], texts: Mapping[str, str]) -> str:
    """SARIF 2.1.0 (OASIS), which code scanning tools read."""
    rules = [
        {"id": "flow-error", "shortDescription": {"text": "Stops the flow from going live."}},
        {"id": "flow-warning", "shortDescription": {"text": "Does not stop the flow from going live."}},
    ]
    run = {
        "tool": {"driver": {"name": "Baton", "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem) for problem in problems],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=2)


def _result(problem: Problem) -> dict[str, Any]:
    region = {"startLine": problem.place.line, "startColumn": problem.place.column}
    return {
        "ruleId": f"flow-{_severity(problem)}",
        "level": _severity(problem),
        "message": {"text": f"{problem.problem} {problem.hint}".strip()},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(problem.file)}, "region": region}}],
    }


def _uri(file: str) -> str:
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _github(problems: Sequence[Problem], texts: Mapping[str, str]) -> str:
    """Workflow commands of GitHub Actions: each becomes a note beside its line."""
    return "\n".join(
        f"::{_severity(problem)} file={_property(problem.file)},line={problem.place.line},col={problem.place.column}"
        f"::{_escaped(f'{problem.problem} {problem.hint}'.strip())}"
        for problem in problems
    )


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


_FORMATS: dict[Format, Callable[[Sequence[Problem], Mapping[str, str]], str]] = {
    Format.TEXT: _text,
    Format.JSON: _json,
    Format.SARIF: _sarif,
    Format.GITHUB: _github,
}
