"""What the steps of a flow file share: name, title, owner, due time and ladder; and how steps name other steps and shares."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypedDict

from flows.model import Duration, Rung, Wording
from flows.reading.leaves import BLANK, defining, name, using, wording
from flows.reading.nodes import Node, Text, Wrong
from flows.reading.owners import owner_of
from flows.reading.source import Keys, Source, Use, some
from flows.reading.times import DEFAULT_LADDER, duration, ladder

_N_OF_M = re.compile(r"(\d{1,2}) of (\d{1,2})")


class Head(TypedDict):
    """What all steps share."""

    id: str
    title: Wording
    owner: str
    due: Duration | None
    ladder: tuple[Rung, ...]
    needs: tuple[str, ...]
    line: int


def head_of(source: Source, keys: Keys, kind: str, *, owned: bool = True) -> Head:
    """The head of a step that waits for a person; without an owner of its own (`owned`) the step itself says who."""
    head = _named(keys, kind)
    if owned:
        head["owner"] = keys.need("owner", owner_of, "")
    _timed(source, keys, head)
    head["needs"] = keys.may("needs", some(needed(head["id"])), ())
    return head


def nested_head_of(source: Source, keys: Keys, kind: str) -> Head:
    """The head of a step that waits for other runs: whoever is told when they take long owns it, managers unless it says."""
    head = _named(keys, kind)
    head["owner"] = keys.may("owner", using("role"), "manager")
    _timed(source, keys, head)
    return head


def bare_head_of(source: Source, keys: Keys, kind: str) -> Head:
    """The head of a step that waits for no person: its title may be left out."""
    return _named(keys, kind, titled=False)


def _named(keys: Keys, kind: str, *, titled: bool = True) -> Head:
    id = keys.need(kind, defining("step"), "")
    spoken = Wording({"en": id.replace("_", " ").capitalize()})
    title = keys.need("title", wording, BLANK) if titled else keys.may("title", wording, spoken)
    return Head(id=id, title=title, owner="", due=None, ladder=(), needs=(), line=keys.place.line)


def _timed(source: Source, keys: Keys, head: Head) -> None:
    """By when, and the ladder, which counts for nothing without that."""
    head["due"] = keys.may("due", duration, None)
    rungs = keys.may("ladder", ladder(head["due"]), DEFAULT_LADDER)
    head["ladder"] = rungs if head["due"] else ()
    if "ladder" in keys and "due" not in keys:
        source.add(keys.place_of("ladder"), "A ladder needs a due time to count from.", "Add a line `due: 4bh`.")


def target(from_step: str) -> Callable[[Source, Node], str]:
    """A reader of the step that `from_step` sends back to."""

    def read(source: Source, node: Node) -> str:
        word = name(node)
        source.send_backs.append((from_step, Use("step", word.value, word.place)))
        return source.use("step", word)

    return read


def looped(branch: str, case: str) -> Callable[[Source, Node], str]:
    """A reader of the step that this case of `branch` leads back to."""

    def read(source: Source, node: Node) -> str:
        word = name(node)
        source.loops.append((branch, case, Use("step", word.value, word.place)))
        return source.use("step", word)

    return read


def before(from_step: str) -> Callable[[Source, Node], str]:
    """A reader of a step in which somebody acts before `from_step`."""

    def read(source: Source, node: Node) -> str:
        word = name(node)
        source.earlier.append((from_step, Use("step", word.value, word.place)))
        return source.use("step", word)

    return read


def needed(from_step: str) -> Callable[[Source, Node], str]:
    """A reader of a document that must still be valid at `from_step`."""

    def read(source: Source, node: Node) -> str:
        word = name(node)
        source.needs.append((from_step, Use("document", word.value, word.place)))
        return source.use("document", word)

    return read


def counted(word: Text) -> tuple[int, int] | None:
    """`2 of 3` as its numbers; None for anything else. Raises Wrong where it can never be met."""
    found = _N_OF_M.fullmatch(word.value)
    if found and not 1 <= int(found[1]) <= int(found[2]):
        raise Wrong(word.place, f"`{word.value}` can never be met.", "The first number is at least 1 and at most the second.")
    return (int(found[1]), int(found[2])) if found else None
