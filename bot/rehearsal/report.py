"""What a rehearsal found, in words for people and as plain data for `--json`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.rehearsal.coverage import Coverage
from bot.rehearsal.forecast import Forecast, Stop
from bot.rehearsal.play import Failure
from bot.words import choice_label
from flows import Flow
from flows.calendar import Calendar
from flows.graph.captions import approvers, somebody
from flows.model import Approve, Branch, Notify, Step
from flows.parse import show
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


# --- baton simulate ---------------------------------------------------------------------------------------------------


def forecast_lines(found: Forecast, calendar: Calendar) -> Iterator[str]:
    """The way, station by station."""
    flow = found.flow
    yield f"{flow.title.text()} ({flow.id}), begun {_when(found.begun, calendar)}"
    for name, value in found.values.items():
        said = show(value, flow.fields[name]).replace("\n", "; ")
        yield f"  {flow.fields[name].title.text()}: {said}{' (supposed)' if name in found.supposed else ''}"
    for number, stop in enumerate(found.stops, 1):
        yield ""
        yield from _stop_lines(number, stop, found, calendar)
    yield ""
    if found.outcome:
        yield f"It ends as “{found.outcome}”, {_when(found.over, calendar)} at this pace."
    else:
        yield "It stops there, until a manager mends the cause."


def _stop_lines(number: int, stop: Stop, found: Forecast, calendar: Calendar) -> Iterator[str]:
    flow = found.flow
    step = flow.step(stop.path)
    title = step.title.text() or step.id
    if stop.case:
        yield f"{number:>3}. {step.id}: {stop.case.replace('_', ' ')}, because {stop.because}"
        return
    who = who_acts(flow, step)
    yield f"{number:>3}. {title}{f', with {who}' if who else ''} ({step.kind} {step.id})"
    yield f"     from {_when(stop.opened, calendar)}{f', due {_when(stop.due, calendar)}' if stop.due else ''}"
    for reminder in stop.reminders:
        told = who_acts(flow, step) if reminder.to == "owner" else somebody(flow, reminder.to)
        yield f"     {'late:  ' if reminder.late else 'remind:'} {_when(reminder.at, calendar)}, {told}"
    if stop.choice:
        yield f"     supposed: {choice_label(step, stop.choice, 'en')}"
    if stop.blocked:
        yield f"     stopped: {stop.blocked}"


def who_acts(flow: Flow, step: Step) -> str:
    """Who has a step, in the words of the flow: `Department head, then Finance`, `2 of Purchase committee`, `Vendor`."""
    match step:
        case Approve():
            return approvers(flow, step)
        case Notify():
            return somebody(flow, step.to)
    return somebody(flow, step.owner) if step.owner else ""


def forecast_data(found: Forecast, calendar: Calendar) -> dict[str, Any]:
    """The whole of `baton simulate` as JSON; times with the business's offset."""
    return {
        "flow": found.flow.id,
        "begun": _iso(found.begun, calendar),
        "over": _iso(found.over, calendar),
        "outcome": found.outcome,
        "values": {name: show(value, found.flow.fields[name]) for name, value in found.values.items()},
        "supposed": list(found.supposed),
        "path": [_stop_data(stop, found.flow, calendar) for stop in found.stops],
    }


def _stop_data(stop: Stop, flow: Flow, calendar: Calendar) -> dict[str, Any]:
    step = flow.step(stop.path)
    if isinstance(step, Branch) and stop.case:
        return {"step": step.id, "kind": step.kind, "case": stop.case, "because": stop.because}
    told = [
        {"at": _iso(r.at, calendar), "to": who_acts(flow, step) if r.to == "owner" else somebody(flow, r.to), "late": r.late}
        for r in stop.reminders
    ]
    return {
        "step": step.id,
        "kind": step.kind,
        "title": step.title.text(),
        "who": who_acts(flow, step),
        "opened": _iso(stop.opened, calendar),
        "due": _iso(stop.due, calendar) if stop.due else None,
        "reminders": told,
        "supposed": stop.choice,
        "stopped": stop.blocked,
    }


def _when(at: datetime, calendar: Calendar) -> str:
    there = calendar.local(at)
    return f"{there:%a} {there.day} {there:%b %Y %H:%M}"


def _iso(at: datetime, calendar: Calendar) -> str:
    return calendar.local(at).isoformat(timespec="minutes")
