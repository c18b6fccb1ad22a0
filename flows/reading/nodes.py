"""A YAML file as a tree of texts, lists and tables that know their place. Every scalar stays the text that it is."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode

MAX_SIZE = 65_536
_DEEP = re.compile(r"(?:[\[{]\s*){30}")  # would keep the YAML parser busy for seconds
_CORE_TAG = "tag:yaml.org,2002:"
_HINTS = {
    "mapping values are not allowed here": "Put a text that holds a colon in quotes, and start each key on its own line.",
    "found character '\\t'": "Indent with spaces, never with tabs.",
    "cannot start any token": "Put a text that starts with this character in quotes.",
    "found unexpected end of stream": "Close the quotation mark.",
    "but found another document": "Keep one flow per file: remove the line `---`.",
    "undefined alias": "Put a text that starts with * in quotes.",
    "expected ',' or": "Close the bracket that was opened before this place.",
    "expected <block end>": "Give keys of one block the same indentation, and list items a dash each.",
}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in the file; lines and columns count from 1."""

    line: int
    column: int


class Wrong(Exception):
    """Something at `place` is wrong; caught by whoever collects the problems of the file."""

    def __init__(self, place: Place, problem: str, hint: str) -> None:
        self.place, self.problem, self.hint = place, problem, hint
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar; `block` where it is written over several lines with | or >, `quoted` where it stands in quotes."""

    value: str
    place: Place
    quoted: bool = False
    block: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    nodes: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Table:
    """Keys with values, in the file's order."""

    entries: tuple[tuple[Text, Node], ...]
    place: Place


Node = Text | Items | Table


def parse_yaml(text: str) -> Node:
    """The tree of one YAML document. Raises Wrong where it is not one."""
    if len(text) > MAX_SIZE:
        raise Wrong(Place(1, 1), "The file is too large for a flow.", f"Keep it under {MAX_SIZE // 1024} KB.")
    if _DEEP.search(text):
        raise Wrong(Place(1, 1), "The file is nested too deeply.", "Use fewer brackets within brackets.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about anchors, which are refused below
            root = YAML().compose(text)
        if root is None:
            raise Wrong(Place(1, 1), "The file is empty.", "Start with `flow: my-flow`.")
        return _convert(root)
    except MarkedYAMLError as error:
        raise Wrong(_mark(error.problem_mark), f"This is not YAML: {_first_line(error.problem)}.", _hint(error)) from error
    except YAMLError as error:
        raise Wrong(Place(1, 1), "The file holds a character that is not text.", "Save it as plain UTF-8 text.") from error
    except RecursionError as error:
        raise Wrong(Place(1, 1), "The file is nested too deeply.", "Use fewer levels of indentation.") from error


def _mark(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)


def _first_line(text: str | None) -> str:
    return (text or "it cannot be read").strip().splitlines()[0]


def _hint(error: MarkedYAMLError) -> str:
    matching = (hint for words, hint in _HINTS.items() if words in (error.problem or ""))
    return next(matching, "Check quotes, colons, dashes and indentation just before this place.")


def _convert(node: Any) -> Node:
    place = _mark(node.start_mark)
    if node.anchor:
        raise Wrong(place, "Anchors and aliases (& and *) are not part of the flow language.", "Write the part out again.")
    if not str(node.tag).startswith(_CORE_TAG):
        raise Wrong(place, f"`{node.tag}` is read as a YAML tag here.", "Put a text that starts with ! in quotes.")
    if isinstance(node, ScalarNode):
        return Text(node.value, place, quoted=node.style in ("'", '"'), block=node.style in ("|", ">"))
    if isinstance(node, MappingNode):
        return Table(tuple((_key(key), _convert(value)) for key, value in node.value), place)
    return Items(tuple(_convert(item) for item in node.value), place)


def _key(node: Any) -> Text:
    key = _convert(node)
    if isinstance(key, Text):
        return key
    raise Wrong(key.place, "A key must be one word.", "Write `key: value`; put a text that starts with [ or { in quotes.")
