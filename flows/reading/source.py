"""The file being read: collects what is wrong, what is defined and what is referred to, so that one pass finds all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeVar

from flows.errors import FlowFileError
from flows.model import Check, Choice, DocumentItem, Rule, Wording
from flows.reading.nodes import Items, Node, Place, Table, Text, Wrong
from flows.said import sentence

T = TypeVar("T")
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. An `error` stops the flow from being loaded; a warning does not."""

    file: str
    place: Place
    problem: str
    hint: str
    error: bool = True

    def as_error(self) -> FlowFileError:
        return FlowFileError(self.file, self.place.line, self.place.column, self.problem, self.hint)

    def __str__(self) -> str:
        return str(self.as_error())


@dataclass(frozen=True, slots=True)
class Use:
    """A name that refers to something defined elsewhere: `kind` is what it must be (field, document, owner, role, step, check,
    slot, ...), or what it is wanted for: see `flows.lint.names`."""

    kind: str
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class RuleUse:
    """A rule that must give `wanted`: bool, or int for a number of files."""

    rule: Rule
    names: frozenset[str]
    place: Place
    wanted: type


@dataclass(slots=True)
class Source:
    """What reading one file has found so far. `defined` maps kind and name to the defining place; `checks` and `documents` are those
    that steps name. `send_backs`, `earlier` and `needs` are steps, each with a name that it refers to; `loops` branches with the
    case and where it leads back to; `marks` the places of what steps say about other flows, by step and key."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    defined: dict[str, dict[str, Place]] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    rules: list[RuleUse] = field(default_factory=list)
    buttons: list[tuple[tuple[Choice, Place], ...]] = field(default_factory=list)
    wordings: list[tuple[Wording, Place]] = field(default_factory=list)
    send_backs: list[tuple[str, Use]] = field(default_factory=list)
    loops: list[tuple[str, str, Use]] = field(default_factory=list)
    earlier: list[tuple[str, Use]] = field(default_factory=list)
    needs: list[tuple[str, Use]] = field(default_factory=list)
    marks: dict[tuple[str, str], Place] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)
    documents: dict[str, DocumentItem] = field(default_factory=dict)

    def add(self, place: Place, problem: str, hint: str, *, error: bool = True) -> None:
        self.problems.append(Problem(self.file, place, problem, hint, error))

    def define(self, kind: str, name: Text) -> None:
        """Note a definition; a second one of the same name is a problem."""
        first = self.defined.setdefault(kind, {}).setdefault(name.value, name.place)
        if first != name.place:
            self.add(name.place, f"The {kind} `{name.value}` is defined twice.", f"Rename it: the first is on line {first.line}.")

    def use(self, kind: str, name: Text) -> str:
        self.uses.append(Use(kind, name.value, name.place))
        return name.value

    def names(self, kind: str) -> set[str]:
        return set(self.defined.get(kind, {}))

    def attempt(self, read: Callable[[Source, Node], T], node: Node, instead: D) -> T | D:
        """What `read` makes of `node`, or `instead` with the problem noted."""
        try:
            return read(self, node)
        except Wrong as wrong:
            self.add(wrong.place, wrong.problem, wrong.hint)
            return instead


class Keys:
    """A table's keys, taken one by one; `close` complains about those that nobody asked for."""

    def __init__(self, source: Source, node: Node, what: str) -> None:
        """`what` is the table in words ("a field"). Raises Wrong where `node` is no table."""
        if not isinstance(node, Table):
            raise Wrong(node.place, f"Here {what} is expected, as keys with values.", "Write each as `key: value` on a line.")
        self._source, self._what, self.place = source, what, node.place
        self._entries: dict[str, tuple[Text, Node]] = {}
        self._known: list[str] = []
        for key, value in node.entries:
            if key.value in self._entries:
                source.add(key.place, f"The key `{key.value}` stands twice in {what}.", "Remove one of the two.")
            self._entries.setdefault(key.value, (key, value))

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def place_of(self, key: str) -> Place:
        return self._entries[key][0].place if key in self._entries else self.place

    def need(self, key: str, read: Callable[[Source, Node], T], instead: D) -> T | D:
        """The value of `key`, or `instead` with a problem noted where it is absent or wrong."""
        if key not in self._entries:
            self._source.add(self.place, f"The key `{key}` is missing in {self._what}.", f"Add a line `{key}: ...`.")
        return self.may(key, read, instead)

    def may(self, key: str, read: Callable[[Source, Node], T], default: D) -> T | D:
        """The value of `key`, or `default` where it is absent (or wrong: then the problem is noted)."""
        self._known.append(key)
        if key not in self._entries:
            return default
        return self._source.attempt(read, self._entries[key][1], default)

    def close(self) -> None:
        for key, _ in self._entries.values():
            if key.value not in self._known:
                hint = did_you_mean(key.value, self._known, f"The keys here are: {', '.join(self._known)}.")
                self._source.add(key.place, f"Unknown key `{key.value}` in {self._what}.", hint)


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """A hint with the closest known name, or `otherwise`."""
    close = get_close_matches(name, sorted(set(known)), n=1, cutoff=0.6)
    return sentence("Did you mean `{name}`?", name=close[0]) if close else otherwise


def each(read: Callable[[Source, Node], T]) -> Callable[[Source, Node], tuple[T, ...]]:
    """A reader of a list of what `read` reads; items that are wrong are noted and left out."""

    def read_all(source: Source, node: Node) -> tuple[T, ...]:
        if not isinstance(node, Items):
            raise Wrong(node.place, "Here a list is expected.", "Write `[one, two]`, or one per line, each after a dash.")
        read_items = (source.attempt(lambda s, n: (read(s, n),), item, ()) for item in node.nodes)
        return tuple(value for found in read_items for value in found)

    return read_all


def some(read: Callable[[Source, Node], T]) -> Callable[[Source, Node], tuple[T, ...]]:
    """A reader like `each` of a list that has at least one item."""

    def read_some(source: Source, node: Node) -> tuple[T, ...]:
        if isinstance(node, Items) and not node.nodes:
            raise Wrong(node.place, "This list is empty.", "Write at least one name between the brackets.")
        return each(read)(source, node)

    return read_some


def entries(node: Node, what: str) -> tuple[tuple[Text, Node], ...]:
    """The pairs of a table whose keys are names of the author's choosing. Raises Wrong where it is no table."""
    if not isinstance(node, Table):
        raise Wrong(node.place, f"Here {what} are expected, each as `name:` with its keys.", "Write each name on its own line.")
    return node.entries
