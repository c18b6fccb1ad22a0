"""The graph of a flow: what stands in its picture, what leads where, and the cell of a grid that each thing stands in.

A flow is blocks within blocks, so the grid follows the file: steps of one block stand below each other, the blocks of a branch beside
each other. Nothing needs to be searched for, and the same flow always gives the same picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from flows.graph import captions
from flows.model import Approve, Branch, Do, End, Flow, Parallel, Step, Subflow, Worker

START, OUTCOME = "start", "outcome"  # the kinds of node that are no step
CANCELLED = "cancelled:"


class EdgeKind(StrEnum):
    NEXT = "next"  # the flow goes on
    CASE = "case"  # one of several ways on
    BACK = "back"  # an earlier step opens again
    EXIT = "exit"  # the run ends here, or is cancelled and undone


@dataclass(frozen=True, slots=True)
class Node:
    """A step, the start, or an outcome that ends the run. `row` counts from the top; `column` is the middle of its column."""

    id: str
    kind: str
    title: str
    owner: str = ""
    due: str = ""
    row: int = 0
    column: float = 0


@dataclass(frozen=True, slots=True)
class Edge:
    """`label` is what people tap or the case's name, `rule` the case's rule; `lane` is the column that it runs down in."""

    source: str
    target: str
    kind: EdgeKind = EdgeKind.NEXT
    label: str = ""
    rule: str = ""
    lane: float = 0


@dataclass(frozen=True, slots=True)
class Graph:
    """`columns` is how many stand beside each other at the widest place; `rows` how many below each other."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class Way:
    """One block inside a step: its label, its rule ("" where it has none), its steps, and the step that it then leads back to."""

    label: str
    rule: str
    steps: tuple[Step, ...]
    back_to: str = ""


def ways(step: Step) -> tuple[Way, ...]:
    """The blocks inside a step. A new kind that holds blocks is one more case here."""
    match step:
        case Branch():
            cases = (case for case in step.cases if case.steps or not case.back_to)
            return tuple(Way(captions.spoken(c.name), c.when.source if c.when else "", c.steps, c.back_to) for c in cases)
        case Parallel():
            return tuple(Way(captions.spoken(block.name), "", block.steps) for block in step.blocks)
    return ()


def graph_of(flow: Flow) -> Graph:
    """The graph of a flow in English. Every step is one node under its own id; ids of other nodes hold a colon."""
    drawing = _Drawing(flow)
    width = _width(flow.steps)
    first = flow.steps[0].id if flow.steps else ""
    by = ", ".join("Anyone" if role == "anyone" else flow.roles[role].text() for role in flow.start.by)
    drawing.nodes.append(Node(f"{START}:", START, "Start", by, row=0, column=width / 2))
    if first:
        drawing.edges.append(Edge(f"{START}:", first, lane=width / 2))
    rows = drawing.outcomes(drawing.block(flow.steps, 1, 0, width, ""))
    return Graph(flow.title.text(), tuple(drawing.nodes), tuple(drawing.edges + drawing.exits), width, rows)


def _width(steps: tuple[Step, ...]) -> int:
    """Columns of a block: as many as its widest step."""
    return max((sum(_width(way.steps) for way in ways(step)) or 1 for step in steps), default=1)


def _lasts(steps: tuple[Step, ...]) -> Iterator[Step]:
    """The steps with which a block can be over."""
    inside = ways(steps[-1]) if steps else ()
    for way in inside:
        if not way.back_to:
            yield from _lasts(way.steps) if way.steps else (steps[-1],)
    if not inside and not isinstance(steps[-1], End):
        yield steps[-1]


@dataclass(slots=True)
class _Drawing:
    flow: Flow
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    exits: list[Edge] = field(default_factory=list)

    def block(self, steps: tuple[Step, ...], row: int, left: float, width: float, after: str) -> int:
        """Draws a block between `left` and `left + width` from `row` on, followed by the step `after` (""): the row below it."""
        middle = left + width / 2
        for step, following in zip(steps, (*(s.id for s in steps[1:]), after), strict=False):
            self.nodes.append(self._node(step, row, middle))
            self._leave_early(step)
            row = self._onward(step, row + 1, middle, following)
        return row

    def _node(self, step: Step, row: int, column: float) -> Node:
        flow, title = self.flow, step.title.text()
        return Node(step.id, step.kind, title, captions.owner(flow, step), captions.due(flow, step), row, column)

    def _onward(self, step: Step, row: int, middle: float, following: str) -> int:
        """Draws what is inside a step and the edges out of it; returns the row below."""
        inside = ways(step)
        if not inside and following and not isinstance(step, End):
            self.edges.append(Edge(step.id, following, lane=middle))
        left, lowest = middle - sum(_width(way.steps) for way in inside) / 2, row
        for way in inside:
            width = _width(way.steps)
            target = way.steps[0].id if way.steps else following
            if target:
                self.edges.append(Edge(step.id, target, EdgeKind.CASE, way.label, way.rule, left + width / 2))
            lowest = max(lowest, self.block(way.steps, row, left, width, "" if way.back_to else following))
            for last in _lasts(way.steps) if way.back_to else ():
                self._back(last, way.back_to, "")
            left += width
        return lowest

    def _leave_early(self, step: Step) -> None:
        """The edges of a step that do not lead on: back to an earlier step, or to an end."""
        match step:
            case Approve():
                if step.send_back_to:
                    self._back(step, step.send_back_to, "Send back")
                self._exit(step, step.rejected, "Reject")
            case Do() | Worker():
                labels = {outcome.key: outcome.label.text() for outcome in step.outcomes}
                self._by_outcome(step, labels)
            case Subflow():
                self._by_outcome(step, {key: captions.spoken(key) for key in (*step.send_back_to, *step.ends)})
            case Branch():
                for case in step.cases:
                    if case.back_to and not case.steps:
                        self._back(step, case.back_to, captions.spoken(case.name), case.when.source if case.when else "")

    def _by_outcome(self, step: Do | Worker | Subflow, labels: Mapping[str, str]) -> None:
        for key, target in step.send_back_to.items():
            self._back(step, target, labels[key])
        for key, outcome in step.ends.items():
            self._exit(step, outcome, labels[key])

    def _back(self, step: Step, target: str, label: str, rule: str = "") -> None:
        self.edges.append(Edge(step.id, target, EdgeKind.BACK, label, rule))

    def _exit(self, step: Step, outcome: str, label: str) -> None:
        self.exits.append(Edge(step.id, f"{OUTCOME}:{outcome}", EdgeKind.EXIT, label))

    def outcomes(self, row: int) -> int:
        """One node for each outcome that ends a run from within a step, in the row below everything, and beside them what undoes
        steps of a cancelled run: the row below all that."""
        targets = list(dict.fromkeys(edge.target for edge in self.exits))
        for place, target in enumerate(targets):
            title = captions.spoken(target.removeprefix(f"{OUTCOME}:"))
            self.nodes.append(Node(target, OUTCOME, title, row=row, column=place + 0.5))
        undone = [step for step in self.flow.walk() if step.compensate]
        for place, step in enumerate(undone, len(targets)):
            self._undoing(step, row, place + 0.5)
        if not undone:
            return row + bool(targets)
        last = row + max(len(step.compensate) for step in undone)
        self.nodes.append(Node(CANCELLED, OUTCOME, "Cancelled", row=last, column=len(targets) + 0.5))
        return last + 1

    def _undoing(self, step: Step, row: int, column: float) -> None:
        """The steps that undo `step`, below each other, down to the end of a cancelled run."""
        self.exits.append(Edge(step.id, step.compensate[0].id, EdgeKind.EXIT, "If cancelled"))
        for undoing, following in zip(step.compensate, (*(s.id for s in step.compensate[1:]), CANCELLED), strict=True):
            self.nodes.append(self._node(undoing, row, column))
            self.edges.append(Edge(undoing.id, following, lane=column))
            row += 1
