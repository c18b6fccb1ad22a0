"""A flow as a picture: one graph, drawn as Mermaid text or as an SVG."""

from flows.graph.mermaid import mermaid
from flows.graph.model import Edge, EdgeKind, Graph, Node, graph_of
from flows.graph.svg import svg

__all__ = ["Edge", "EdgeKind", "Graph", "Node", "graph_of", "mermaid", "svg"]
