"""Requests that belong together, in words: children under the step that started them, the parent on a child."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.conversation.turn import Turn
from bot.words.outcomes import outcome
from flows import Run, StepState
from storage import RunRow

Line = Callable[[RunRow], str]


def children(turn: Turn, run: Run, state: StepState, line: Line) -> Iterator[str]:
    """One line for each request that this step attempt started, in their order; `line` tells where an open one stands."""
    started = run.children.get(state.path, ())
    rows = turn.unit.runs.rows([child.run for child in started]) if started else {}
    return (f"    {_child(turn, rows[child.run], line)}" for child in started if child.run in rows)


def _child(turn: Turn, row: RunRow, line: Line) -> str:
    if row.status == "open":
        return line(row)
    ended = turn.t("cancelled") if row.status == "cancelled" else outcome(row.outcome, turn.language)
    return turn.t("{reference} · {title} · ended: {outcome}").format(
        reference=row.reference, title=turn.title(row), outcome=ended
    )


def parent(turn: Turn, run: Run) -> list[str]:
    """What started this request, if another one did."""
    rows = turn.unit.runs.rows([run.parent.run]) if run.parent is not None else {}
    return [
        turn.t("Part of {reference} · {title}").format(reference=row.reference, title=turn.title(row)) for row in rows.values()
    ]


def count(turn: Turn, run: Run, state: StepState) -> str:
    """How far the requests that a step waits for have come."""
    started = run.children.get(state.path, ())
    over = sum(bool(child.outcome) for child in started)
    return turn.t("{over} of {all} requests are done").format(over=over, all=len(started))
