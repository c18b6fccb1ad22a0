"""A flow's graph as a Mermaid flowchart, for pages and documents that draw Mermaid."""

from __future__ import annotations

from flows.graph.model import OUTCOME, START, Edge, EdgeKind, Graph, Node

# Opening and closing bracket of a node's shape; a kind that is not named here is a rectangle.
_SHAPES = {
    "branch": ("{", "}"),
    "parallel": ("{{", "}}"),
    "collect": ("[/", "/]"),
    "generate": ("[[", "]]"),
    "subflow": ("[[", "]]"),
    "each": ("[[", "]]"),
    "notify": (">", "]"),
    "end": ("([", "])"),
    START: ("([", "])"),
    OUTCOME: ("([", "])"),
}
_ARROWS = {EdgeKind.BACK: "-.->"}
# Mermaid reads HTML and Markdown in labels; what could be either is written as an entity (# first, which starts one).
_ENTITIES = {"#": "#35;", "&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;"}
_ESCAPES = str.maketrans(_ENTITIES)


def mermaid(graph: Graph) -> str:
    """The flowchart, from the top down, with a last line break. The same graph always gives the same text."""
    lines = ["flowchart TD", f"  accTitle: {_title(graph.title)}"]
    lines += [f"  {_node(node)}" for node in graph.nodes]
    lines += [f"  {_edge(edge)}" for edge in graph.edges]
    return "\n".join(lines) + "\n"


def _node(node: Node) -> str:
    opening, closing = _SHAPES.get(node.kind, ("[", "]"))
    kind = "" if node.kind in (START, OUTCOME) else f"{node.kind}: "
    label = "<br/>".join(_escaped(part) for part in (kind + node.title, node.owner, node.due) if part)
    return f'{_id(node.id)}{opening}"{label}"{closing}'


def _edge(edge: Edge) -> str:
    label = _escaped(": ".join(part for part in (edge.label, edge.rule) if part))
    arrow = _ARROWS.get(edge.kind, "-->") + (f'|"{label}"|' if label else "")
    return f"{_id(edge.source)} {arrow} {_id(edge.target)}"


def _id(id: str) -> str:
    """An id that is no word of Mermaid (`end` is one): a step is `s_...`, other nodes keep their kind in front."""
    kind, colon, name = id.partition(":")
    return f"{kind}_{name}" if colon else f"s_{id}"


def _title(text: str) -> str:
    """A title on one line; signs that end or open a statement of Mermaid are left out, for it knows no entities there."""
    return " ".join(text.translate(dict.fromkeys(map(ord, "#;{}%"))).split())


def _escaped(text: str) -> str:
    return " ".join(text.split()).translate(_ESCAPES)
