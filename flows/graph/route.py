"""Where the lines of a picture run: down through the grid, back up on its right, out to the ends on its left.

Between two rows is a gap. From its top: levels for lines that leave to the sides, the level on which ways part, room for labels, the
level on which ways meet, and the level on which lines come back in. Lines that lead to one place share their way: the one from
farthest is drawn whole, the others up to where they join it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flows.graph.model import Edge, EdgeKind, Graph, Node

WIDTH, HEIGHT = 248, 104  # of a step
COLUMN = 284  # from one to the next
MARGIN, TOP = 24, 24  # around the picture
LANE = 14  # between lines side by side
_GAP, _LABELLED = 46, 104  # between rows: at least, and below a step that ways part from
_PART, _MEET, _ENTER = 40, 22, 12  # levels: below a row, and above the next
LABEL = 40  # characters of a label that are shown
_LETTER = 6.2  # about the width of one
_LEAVE, _INSET = 14, 16  # where lines leave to the side: below a row, and from a step's edge

_SIDES = {EdgeKind.BACK: 1, EdgeKind.EXIT: -1}  # right, left
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """An edge as a path of corners, with the place of its label and how the label hangs there (start, end). `whole`: not only
    the part up to another line that leads to the same place."""

    edge: Edge
    points: tuple[Point, ...]
    label: Point
    anchor: str
    whole: bool = True


class Routes:
    """The places of all nodes and lines of a graph, in pixels."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._nodes = {node.id: node for node in graph.nodes}
        self._back = self._lanes(EdgeKind.BACK)
        self._exit = self._lanes(EdgeKind.EXIT)
        self._left = MARGIN + LANE * (len(self._exit) + 1 if self._exit else 0)
        self._right = self._left + COLUMN * max([graph.columns, *(node.column + 0.5 for node in graph.nodes)])
        self.width = max(self._right + LANE * (len(self._back) + 1 if self._back else 0), self._labels_end()) + MARGIN
        self._tops = self._rows()
        self.height = self._tops[-1] + HEIGHT + MARGIN

    def _labels_end(self) -> float:
        """How far right the labels of cases reach."""
        cases = (edge for edge in self._graph.edges if edge.kind is EdgeKind.CASE)
        return max((self._x(e.lane) + min(LABEL, max(len(e.label), len(e.rule))) * _LETTER for e in cases), default=0)

    def _rows(self) -> list[float]:
        """The top of each row: the gap above it has room for the lines and labels in it."""
        tops: list[float] = [TOP]
        for row in range(self._graph.rows - 1):
            parting = any(e.kind is EdgeKind.CASE and self._nodes[e.source].row == row for e in self._graph.edges)
            room = max(_LABELLED if parting else 0, _GAP + LANE * len(self._leaving(row)))
            tops.append(tops[-1] + HEIGHT + room + self._crowd(row + 1))
        return tops

    def _leaving(self, row: int) -> list[tuple[EdgeKind, str]]:
        """Where lines lead that leave a row to the sides: each has a level of its own in the gap below."""
        found = {(e.kind, e.target) for e in self._graph.edges if e.kind in _SIDES and self._nodes[e.source].row == row}
        return sorted(found)

    def _lanes(self, kind: EdgeKind) -> dict[str, int]:
        """Targets of a kind, each with its lane: those with the shortest way, innermost, come first."""
        spans: dict[str, int] = {}
        for edge in self._graph.edges:
            if edge.kind is kind:
                span = abs(self._nodes[edge.source].row - self._nodes[edge.target].row)
                spans[edge.target] = max(span, spans.get(edge.target, 0))
        return {target: lane for lane, target in enumerate(sorted(spans, key=lambda target: (spans[target], target)))}

    def _arriving(self, row: int) -> list[str]:
        """Which nodes of a row lines come back to, or end at: each line has a level of its own above them, inner lanes the upper."""
        lanes = self._back | self._exit
        return sorted((id for id in lanes if self._nodes[id].row == row), key=lambda id: (-lanes[id], id))

    def _crowd(self, row: int) -> int:
        """How much more room than usual a row has above it for lines that come in."""
        return LANE * max(0, len(self._arriving(row)) - 1)

    def middle(self, node: Node) -> float:
        return self._x(node.column)

    def top(self, node: Node) -> float:
        return self._tops[node.row]

    def lines(self) -> Iterable[Line]:
        for edge in self._graph.edges:
            source, target = self._nodes[edge.source], self._nodes[edge.target]
            draw = self._aside if edge.kind in _SIDES else self._down
            yield draw(edge, source, target)

    def _x(self, column: float) -> float:
        return self._left + COLUMN * column

    def _down(self, edge: Edge, source: Node, target: Node) -> Line:
        start, lane, end = self.middle(source), self._x(edge.lane), self.middle(target)
        below, above = self.top(source) + HEIGHT, self.top(target)
        part, meet = below + _PART, above - _MEET - self._crowd(target.row)
        corners = ((start, below), (start, part), (lane, part), (lane, meet), (end, meet), (end, above))
        return Line(edge, _straightened(corners), (lane + 7, part + 20), "start")

    def _aside(self, edge: Edge, source: Node, target: Node) -> Line:
        """A line that leaves a step at its lower corner, runs in a lane beside the grid, and comes in from above its target."""
        side = _SIDES[edge.kind]
        inset = side * (WIDTH / 2 - _INSET)
        out, into = self.middle(source) + inset, self.middle(target) + (inset if edge.kind is EdgeKind.BACK else 0)
        lane = self._lane(edge)
        below, above = self.top(source) + HEIGHT, self.top(target)
        leave = below + _LEAVE + LANE * self._leaving(source.row).index((edge.kind, edge.target))
        enter = above - _ENTER - LANE * self._arriving(target.row).index(target.id)
        corners = ((out, below), (out, leave), (lane, leave), (lane, enter), (into, enter), (into, above))
        own = self._own(edge, source)
        label, anchor = (out - side * 6, leave - 3), "end" if side > 0 else "start"
        return Line(edge, corners[:own], label, anchor, whole=own == len(corners))

    def _lane(self, edge: Edge) -> float:
        if edge.kind is EdgeKind.BACK:
            return self._right + LANE * (self._back[edge.target] + 0.5)
        return self._left - LANE * (self._exit[edge.target] + 0.5)

    def _own(self, edge: Edge, source: Node) -> int:
        """How many corners of a line are its own: all, or those up to the line from farther away that it joins."""
        side = _SIDES[edge.kind]
        others = [e for e in self._graph.edges if (e.kind, e.target) == (edge.kind, edge.target) and e is not edge]
        places = [(self._nodes[e.source].row, self._nodes[e.source].column) for e in others]
        if any(row == source.row and (source.column - column) * side > 0 for row, column in places):
            return 2
        return 3 if any((row - source.row) * side > 0 for row, _ in places) else 6


def _straightened(corners: tuple[Point, ...]) -> tuple[Point, ...]:
    """The same path without corners that are none."""
    path: list[Point] = []
    for point in corners:
        if path and path[-1] == point:
            continue
        if len(path) > 1 and path[-2][0] == path[-1][0] == point[0]:
            path.pop()
        path.append(point)
    return tuple(path)
