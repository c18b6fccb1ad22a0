"""What the steps of a flow file share: name, title, owner, due time and ladder; and how steps name people, steps and shares."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypedDict

from flows.model import Duration, Rung, Wording
from flows.reading.leaves import BLANK, defining, name, wording
from flows.reading.nodes import Node, Text, Wrong
from flows.reading.source import Keys, Source, Use
from flows.reading.times import DEFAULT_LADDER, duration, ladder

_N_OF_M = re.compile(r"(\d{1,2}) of (\d{1,2})")


class Head(TypedDict):
    """What all steps share."""

    id: str
    title: Wording
    owner: str
    due: Duration | None
    ladder: tuple[Rung, ...]
    line: int


def head_of(source: Source, keys: Keys, kind: str, *, titled: bool = True, owned: bool = True, timed: bool = True) -> Head:
    id = keys.need(kind, defining("step"), "")
    spoken = Wording({"en": id.replace("_", " ").capitalize()})
    title = keys.need("title", wording, BLANK) if titled else keys.may("title", wording, spoken)
    owner = keys.need("owner", owner_of, "") if owned else ""
    due = keys.may("due", duration, None) if timed else None
    rungs = keys.may("ladder", ladder, DEFAULT_LADDER) if timed else ()
    if timed and "ladder" in keys and "due" not in keys:
        source.add(keys.place_of("ladder"), "A ladder needs a due time to count from.", "Add a line `due: 4bh`.")
    return Head(id=id, title=title, owner=owner, due=due, ladder=rungs if due else (), line=keys.place.line)


def owner_of(source: Source, node: Node) -> str:
    """A role, `requester`, or a participant, which the model calls `participant:<name>`."""
    word = name(node)
    source.use("owner", word)
    # Roles and participants are defined above the steps, so which of the two it is is already known.
    return f"participant:{word.value}" if word.value in source.names("participant") else word.value


def target(from_step: str) -> Callable[[Source, Node], str]:
    """A reader of the step that `from_step` sends back to."""

    def read(source: Source, node: Node) -> str:
        word = name(node)
        source.send_backs.append((from_step, Use("step", word.value, word.place)))
        return source.use("step", word)

    return read


def counted(word: Text) -> tuple[int, int] | None:
    """`2 of 3` as its numbers; None for anything else. Raises Wrong where it can never be met."""
    found = _N_OF_M.fullmatch(word.value)
    if found and not 1 <= int(found[1]) <= int(found[2]):
        raise Wrong(word.place, f"`{word.value}` can never be met.", "The first number is at least 1 and at most the second.")
    return (int(found[1]), int(found[2])) if found else None
