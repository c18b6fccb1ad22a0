"""A flow's graph as one SVG: drawn here, without any program beside, readable on light and dark, with its words as text.

It is a picture of its own, for a file or an `<img>`: put into a page as it is, its classes would mix with the page's.
"""

from __future__ import annotations

from html import escape
from textwrap import wrap

from flows.graph.model import OUTCOME, START, EdgeKind, Graph, Node
from flows.graph.route import HEIGHT, LABEL, MARGIN, WIDTH, Line, Point, Routes

# Classes rather than colours stand in the picture, so that it follows the reader's light or dark.
_STYLE = """
svg { --paper: #ffffff; --card: #ffffff; --ink: #1a2230; --soft: #566173; --line: #8a94a6; --back: #a04c00; --exit: #b3261e;
  --people: #1f5fbf; --approve: #7a3db8; --machine: #0b7a5f; --way: #8a6100; --end: #2e7d32; background: var(--paper) }
@media (prefers-color-scheme: dark) { svg { --paper: #12161d; --card: #1c232d; --ink: #e8ecf2; --soft: #a9b3c2; --line: #6d788a;
  --back: #ffb066; --exit: #ff8a80; --people: #82b1ff; --approve: #d0a5ff; --machine: #5fd3b3; --way: #f2c14e; --end: #81c784 } }
text { font-family: system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: var(--ink); font-size: 12px }
.heading { font-size: 19px; font-weight: 600 } .title { font-size: 14.5px; font-weight: 600 } .soft { fill: var(--soft) }
.kind { font-size: 11px; font-weight: 600; letter-spacing: .04em; fill: var(--tone) }
.card { fill: var(--card); stroke: var(--line) } .stripe { fill: var(--tone) } .node { --tone: var(--people) }
.approve { --tone: var(--approve) } .generate, .notify, .wait, .worker { --tone: var(--machine) }
.branch, .parallel, .each, .subflow { --tone: var(--way) } .end, .start { --tone: var(--end) } .outcome { --tone: var(--exit) }
.pill { fill: var(--card); stroke: var(--tone); stroke-width: 2 }
.edge path { fill: none; stroke: var(--line); stroke-width: 1.6 } .edge text { stroke: var(--paper); stroke-width: 4px; paint-order: stroke }
.back path { stroke: var(--back); stroke-dasharray: 2 4; stroke-linecap: round } .back text { fill: var(--back) }
.exit path { stroke: var(--exit);} .exit text { fill: var(--exit) } .rule { font-size: 11px; fill: var(--soft) }
#next path { fill: var(--line) } #back path { fill: var(--back) } #exit path { fill: var(--exit) }
"""
_ARROW = (
    '<marker id="{id}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" '
    'orient="auto"><path d="M0 0.5 8 4 0 7.5z"/></marker>'
)
_TITLE, _LINE = 28, 38  # characters that fit: of a step's title, its other lines
_CORNER = 8  # radius
_PILLS = (START, "end", OUTCOME)


def svg(graph: Graph) -> str:
    """The picture, with a last line break. The same graph always gives the same text."""
    routes = Routes(graph)
    size = f'width="{routes.width:g}" height="{routes.height:g}" viewBox="0 0 {routes.width:g} {routes.height:g}"'
    steps = sum(node.kind not in (START, OUTCOME) for node in graph.nodes)
    heading = _cut(graph.title, int((routes.width - 2 * MARGIN) / 11))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="name about">',
        f'<title id="name">{_text(graph.title)}</title>',
        f'<desc id="about">A flow of {steps} steps, from the top down. Dotted lines lead back to an earlier step.</desc>',
        f"<style>{_STYLE}</style>",
        f"<defs>{''.join(_ARROW.format(id=id) for id in ('next', 'back', 'exit'))}</defs>",
        f'<rect width="100%" height="100%" style="fill: var(--paper)"/><text class="heading" x="{MARGIN}" y="40">{_text(heading)}</text>',
        *(_edge(line) for line in sorted(routes.lines(), key=lambda line: line.edge.kind is EdgeKind.NEXT)),
        *(_node(node, routes.middle(node), routes.top(node)) for node in graph.nodes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _node(node: Node, middle: float, top: float) -> str:
    whole = ". ".join(part for part in (node.title, node.kind, node.owner, node.due) if part)
    inside = _pill(node, middle, top) if node.kind in _PILLS else _card(node, middle - WIDTH / 2, top)
    return f'<g class="node {_text(node.kind)}" data-node="{_text(node.id)}"><title>{_text(whole)}</title>{inside}</g>'


def _pill(node: Node, middle: float, top: float) -> str:
    """A rounded box at the edge of the row that its lines reach: the lower one of the start, the upper one of an end."""
    height = 52 if node.owner else 40
    top = top + HEIGHT - height if node.kind == START else top
    shape = f'<rect class="pill" x="{middle - 80:g}" y="{top:g}" width="160" height="{height}" rx="{height / 2:g}"/>'
    words = _words(_cut(node.title, 20), middle, top + (23 if node.owner else 25), "title", "middle")
    return shape + words + (_words(_cut(node.owner, 22), middle, top + 40, "soft", "middle") if node.owner else "")


def _card(node: Node, left: float, top: float) -> str:
    title = wrap(node.title, _TITLE, max_lines=2, placeholder="…")
    below = [*wrap(node.owner, _LINE, max_lines=2, placeholder="…"), *([_cut(node.due, _LINE)] if node.due else [])]
    rows = [("kind", node.kind), *(("title", line) for line in title), *(("soft", line) for line in below)]
    first = top + HEIGHT / 2 - 16.5 * len(rows) / 2 + 12.5
    return (
        f'<rect class="card" x="{left:g}" y="{top:g}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
        f'<rect class="stripe" x="{left:g}" y="{top + 8:g}" width="4" height="{HEIGHT - 16}" rx="2"/>'
        + "".join(_words(line, left + 16, first + 16.5 * place, look) for place, (look, line) in enumerate(rows))
    )


def _edge(line: Line) -> str:
    edge, (x, y) = line.edge, line.label
    arrow = edge.kind.value if edge.kind in (EdgeKind.BACK, EdgeKind.EXIT) else "next"
    whole = ": ".join(part for part in (edge.label, edge.rule) if part)
    marker = f' marker-end="url(#{arrow})"' if line.whole else ""
    words = _words(_cut(edge.label, LABEL), x, y, "label", line.anchor) if edge.label else ""
    words += _words(_cut(edge.rule, LABEL), x, y + 15, "rule", line.anchor) if edge.rule and edge.kind is EdgeKind.CASE else ""
    return (
        f'<g class="edge {edge.kind}" data-from="{_text(edge.source)}" data-to="{_text(edge.target)}">'
        + (f"<title>{_text(whole)}</title>" if whole else "")
        + f'<path d="{_path(line.points)}" {marker}/>{words}</g>'
    )


def _path(points: tuple[Point, ...]) -> str:
    """The path through the points, its corners rounded."""
    commands = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        enter, leave = _toward(corner, before), _toward(corner, after)
        commands.append(f"L{enter[0]:g} {enter[1]:g}Q{corner[0]:g} {corner[1]:g} {leave[0]:g} {leave[1]:g}")
    return "".join([*commands, f"L{points[-1][0]:g} {points[-1][1]:g}"])


def _toward(corner: Point, other: Point) -> Point:
    """The point where the rounding of a corner begins on the way to `other`: at most half of that way."""
    (x, y), (to_x, to_y) = corner, other
    length = abs(to_x - x) + abs(to_y - y)
    share = min(_CORNER, length / 2) / length if length else 0
    return x + (to_x - x) * share, y + (to_y - y) * share


def _words(text: str, x: float, y: float, look: str, anchor: str = "start") -> str:
    hang = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="{look}" x="{x:g}" y="{y:g}"{hang}>{_text(text)}</text>'


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _text(text: str) -> str:
    """Escaped, without the control characters that XML does not know."""
    return escape("".join(c for c in text if c in "\t\n" or ord(c) >= 32))
