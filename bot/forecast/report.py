"""The way of a run, in words for people and as plain data for `--json`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bot.forecast.way import Forecast, Stop
from bot.words import choice_label
from flows import Flow
from flows.calendar import Calendar
from flows.graph.captions import owner, somebody
from flows.model import Approve, Branch, Each, Notify, Parallel, Step, Subflow, Wait
from flows.parse import show

PARTICIPANT = "participant:"


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
        told = _told(flow, step, reminder.to)
        yield f"     {'late:  ' if reminder.late else 'remind:'} {_when(reminder.at, calendar)}, {told}"
    if stop.note:
        yield f"     {stop.note}"
    if stop.choice:
        yield f"     supposed: {choice_label(step, stop.choice, 'en')}"
    if stop.blocked:
        yield f"     stopped: {stop.blocked}"


def who_acts(flow: Flow, step: Step) -> str:
    """Who has a step, in the words of the flow: `Department head, then Finance`, `2 of Purchase committee`, `Vendor`."""
    match step:
        case Parallel() | Subflow() | Each():
            return ""
        case Notify():
            return somebody(flow, step.to)
        case Wait():
            return somebody(flow, step.owner) if step.owner else ""
    return owner(flow, step)


def _told(flow: Flow, step: Step, to: str) -> str:
    """Who a rung tells: a role, or who is asked at that step."""
    if to != "owner":
        return somebody(flow, to)
    return who_acts(flow, step) if isinstance(step, Approve) else somebody(flow, step.owner)


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
    told = [{"at": _iso(r.at, calendar), "to": _told(flow, step, r.to), "late": r.late} for r in stop.reminders]
    return {
        "step": step.id,
        "kind": step.kind,
        "title": step.title.text(),
        "who": who_acts(flow, step),
        "opened": _iso(stop.opened, calendar),
        "due": _iso(stop.due, calendar) if stop.due else None,
        "reminders": told,
        "supposed": stop.choice,
        "note": stop.note,
        "stopped": stop.blocked,
    }


def _when(at: datetime, calendar: Calendar) -> str:
    there = calendar.local(at)
    return f"{there:%a} {there.day} {there:%b %Y %H:%M}"


def _iso(at: datetime, calendar: Calendar) -> str:
    return calendar.local(at).isoformat(timespec="minutes")
