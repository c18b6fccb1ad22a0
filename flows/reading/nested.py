"""The step kinds that start other runs: subflow, and each for every line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from flows.model import Each, Step, Subflow
from flows.reading.deciding import only_one_way
from flows.reading.head import nested_head_of, target
from flows.reading.leaves import IDENTIFIER, flag, identifier, matching, name, scalar, using
from flows.reading.nodes import Node, Text, Wrong
from flows.reading.source import Keys, Source, entries

FLOW = "[a-z][a-z0-9-]{0,39}"
PARTS = ("item", "quantity", "unit", "rate", "tax")
LINE = re.compile(rf"line\.({'|'.join(PARTS)})")
SO_MANY = re.compile(r"[1-9]\d{0,2}")
_LINE_HINT = "Write " + ", ".join(f"`line.{part}`" for part in PARTS) + ", or the name of a field."


class Way(NamedTuple):
    """Where an outcome of the other run leads."""

    outcome: str
    send_back_to: str
    ends: str


def subflow(source: Source, keys: Keys) -> Step:
    head = nested_head_of(source, keys, "subflow")
    id = head["id"]
    ways = keys.may("outcomes", _ways(id), ())
    found = Subflow(
        **head,
        flow=keys.need("flow", _flow(id), ""),
        give=keys.may("give", _given(id, _ours), {}),
        take=keys.may("take", _taken(id), {}),
        wait=keys.may("wait", flag, True),
        ends={way.outcome: way.ends for way in ways if way.ends},
        send_back_to={way.outcome: way.send_back_to for way in ways if way.send_back_to},
    )
    for key in ("take", "outcomes"):
        if not found.wait and key in keys:
            hint = f"Remove `{key}`, or `wait: no`."
            source.add(keys.place_of(key), "The run goes on before the other one has an outcome.", hint)
    return found


def each(source: Source, keys: Keys) -> Step:
    head = nested_head_of(source, keys, "each")
    return Each(
        **head,
        of=keys.need("of", using("lines"), ""),
        flow=keys.need("flow", _flow(head["id"]), ""),
        give=keys.may("give", _given(head["id"], _ours_or_of_line), {}),
        needed=keys.may("join", _join, 0),
    )


def _flow(step: str) -> Callable[[Source, Node], str]:
    def read(source: Source, node: Node) -> str:
        source.marks[step, "flow"] = node.place
        return matching(FLOW, "a flow's name", "purchase-approval")(source, node)

    return read


def _given(step: str, value_of: Callable[[Source, Node], str]) -> Callable[[Source, Node], Mapping[str, str]]:
    """A reader of the other flow's fields, each with what of ours goes into it."""

    def read(source: Source, node: Node) -> Mapping[str, str]:
        pairs = entries(node, "fields of the other flow")
        source.marks.update({(step, f"give.{theirs.value}"): theirs.place for theirs, _ in pairs})
        return {name(theirs).value: source.attempt(value_of, ours, "") for theirs, ours in _once(source, pairs)}

    return read


def _taken(step: str) -> Callable[[Source, Node], Mapping[str, str]]:
    """A reader of our fields, each with the other flow's field that is put into it."""

    def read(source: Source, node: Node) -> Mapping[str, str]:
        pairs = entries(node, "fields of this flow")
        source.marks.update({(step, f"take.{ours.value}"): theirs.place for ours, theirs in pairs})
        return {using("asked")(source, ours): source.attempt(identifier, theirs, "") for ours, theirs in _once(source, pairs)}

    return read


def _once(source: Source, pairs: tuple[tuple[Text, Node], ...]) -> tuple[tuple[Text, Node], ...]:
    seen: set[str] = set()
    for key, _ in pairs:
        if key.value in seen:
            source.add(key.place, f"The field `{key.value}` stands twice.", "Remove one of the two.")
        seen.add(key.value)
    return pairs


def _ours(source: Source, node: Node) -> str:
    word = scalar(node)
    if word.value.startswith("line."):
        raise Wrong(word.place, "There is no line here: a subflow is one run.", "Name a field, or use `each` for every line.")
    return using("field")(source, node)


def _ours_or_of_line(source: Source, node: Node) -> str:
    word = scalar(node)
    if LINE.fullmatch(word.value):
        return word.value
    if not IDENTIFIER.fullmatch(word.value):
        raise Wrong(word.place, f"`{word.value}` is neither a field nor a part of a line.", _LINE_HINT)
    return using("field")(source, node)


def _ways(step: str) -> Callable[[Source, Node], tuple[Way, ...]]:
    def read(source: Source, node: Node) -> tuple[Way, ...]:
        found = []
        for key, value in entries(node, "outcomes of the other flow"):
            source.marks[step, f"outcomes.{key.value}"] = key.place
            keys = Keys(source, value, "an outcome of the other flow")
            way = Way(
                source.attempt(identifier, key, ""), keys.may("send_back_to", target(step), ""), keys.may("ends", identifier, "")
            )
            keys.close()
            only_one_way(source, key, way.send_back_to, way.ends)
            if not way.send_back_to and not way.ends:
                hint = "Write `ends: ...` or `send_back_to: ...` for it, or leave it out: other outcomes go on."
                source.add(key.place, f"It is not said where `{key.value}` leads.", hint)
            found.append(way)
        return tuple(found)

    return read


def _join(source: Source, node: Node) -> int:
    """How many runs must have ended; 0 for all."""
    word = scalar(node)
    if word.value in ("all", "any"):
        return 0 if word.value == "all" else 1
    if not SO_MANY.fullmatch(word.value):
        hint = "Write `join: all`, `join: any`, or a number: `join: 2`."
        raise Wrong(word.place, f"`{word.value}` does not say how many runs must have ended.", hint)
    return int(word.value)
