"""What a rehearsal found, in words for people and as plain data for `--json`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.rehearsal.coverage import Coverage
from bot.rehearsal.play import Failure
from flows import Flow
from flows.reading.source import Problem

PARTICIPANT = "participant:"


@dataclass(frozen=True, slots=True)
class Tried:
    """One transcript file: what cannot be read in it, or what did not come as expected."""

    file: str
    problems: tuple[Problem, ...]
    failures: tuple[Failure, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return not self.problems and not self.failures


# --- baton test -------------------------------------------------------------------------------------------------------


def tried_lines(tried: Tried) -> Iterator[str]:
    """One line for a transcript that passed; else where, what was expected and what came."""
    yield f"{'passed' if tried.passed else 'FAILED'}  {tried.file}  ({tried.seconds:.2f} s)"
    for problem in tried.problems:
        yield f"  {problem}"
    for failure in tried.failures:
        yield f"  {failure.file}:{failure.place.line}:{failure.place.column}: {failure.problem}"
        if failure.expected:
            yield from _block("expected", failure.expected)
        for number, text in enumerate(failure.came):
            yield from _block("came" if number == 0 else "then", text)


def _block(label: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines() or [""]):
        yield f"    {label if number == 0 else '':>8}  {line}"


def coverage_lines(found: Coverage) -> Iterator[str]:
    yield (
        f"visited: {len(found.steps) - len(found.missing_steps)} of {len(found.steps)} steps, "
        f"{len(found.choices) - len(found.missing_choices)} of {len(found.choices)} choices and cases"
    )
    if found.missing_steps:
        yield f"no transcript visits the steps: {', '.join(found.missing_steps)}"
    if found.missing_choices:
        yield f"no transcript takes: {', '.join(f'{step}: {key}' for step, key in found.missing_choices)}"


def tested_data(flow: Flow, tried: list[Tried], found: Coverage) -> dict[str, Any]:
    """The whole of `baton test` as JSON."""
    return {
        "flow": flow.id,
        "passed": all(one.passed for one in tried),
        "transcripts": [_tried_data(one) for one in tried],
        "coverage": {
            "steps": len(found.steps),
            "choices": len(found.choices),
            "missing_steps": list(found.missing_steps),
            "missing_choices": [{"step": step, "choice": key} for step, key in found.missing_choices],
        },
    }


def _tried_data(one: Tried) -> dict[str, Any]:
    unread = [{**_at(p.place), "problem": p.problem, "hint": p.hint} for p in one.problems]
    failed = [{**_at(f.place), "problem": f.problem, "expected": f.expected, "came": list(f.came)} for f in one.failures]
    return {"file": one.file, "passed": one.passed, "seconds": round(one.seconds, 3), "failures": [*unread, *failed]}


def _at(place: Any) -> dict[str, int]:
    return {"line": place.line, "column": place.column}
