"""The reading of a transcript's turns: who does what, where the clock goes, and what must hold then."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

from bot.rehearsal.script import ACTIONS, Expected, Jump, Player, Turn, Wanted
from bot.rehearsal.stage import FILES
from flows.model import Clock, Duration, Flow
from flows.reading.leaves import one_of, scalar, text
from flows.reading.nodes import Items, Node, Place, Table, Text, Wrong
from flows.reading.source import Keys, Source, did_you_mean, each, entries

NOTHING = "nothing"
NOBODY = "nobody"
_WHO_DOES = re.compile(r"(\S+)\s+(\S+)")
_AHEAD = re.compile(r"\+\s*(\d{1,4}(?:\.\d{1,2})?)\s*(m|h|d|bh|bd)")
_WALL = re.compile(r"(?:(\d{4})-(\d\d)-(\d\d)\s+)?([01]?\d|2[0-3]):([0-5]\d)")
_CLOCK_HINT = 'Write `+30m`, `+4h`, `+2d`, `+4bh` or `+1bd` (working time), or a time: `"16:00"`, `"2026-03-03 10:00"`.'
_TURN_HINT = f"A turn begins with who does what (`asha {ACTIONS[0]}: ...`; also {', '.join(ACTIONS[1:])}), or with `clock:`."
_STATUSES = ("open", "ended", "cancelled")


def turn(source: Source, node: Node, people: Mapping[str, Player], flows: Sequence[Flow]) -> Turn:
    """One item of `turns`; the first of `flows` starts the others. Raises Wrong."""
    if not isinstance(node, Table):
        raise Wrong(node.place, "Here a turn is expected.", _TURN_HINT)
    found = Turn(node.place)
    happened = ""
    seen: set[str] = set()
    for key, value in node.entries:
        if key.value in seen:
            raise Wrong(key.place, f"The key `{key.value}` stands twice in a turn.", "Start a new turn with a dash.")
        seen.add(key.value)
        match key.value:
            case "expect":
                found = replace(found, expected=_expected(source, value, people))
            case "state":
                found = replace(found, wanted=_wanted(source, value, people, flows))
            case _ if happened:
                hint = "Start a new turn with a dash, before this line."
                raise Wrong(key.place, f"A turn is one thing, and this one has `{happened}` already.", hint)
            case "clock":
                happened, found = key.value, replace(found, jump=_jump(value))
            case _:
                happened, found = key.value, _action(found, key, value, people)
    return found


def _action(found: Turn, key: Text, value: Node, people: Mapping[str, Player]) -> Turn:
    parts = _WHO_DOES.fullmatch(key.value)
    if not parts:
        raise Wrong(key.place, f"`{key.value}` is not a turn.", did_you_mean(key.value, ("clock", "expect", "state"), _TURN_HINT))
    who, does = _player(Text(parts[1], key.place), people), parts[2]
    if does not in ACTIONS:
        raise Wrong(key.place, f"Nobody can do `{does}` here.", did_you_mean(does, ACTIONS, _TURN_HINT))
    said = scalar(value)
    if does == "taps" and people[who].address:
        hint = f"Write `{who} replies: {said.value}`."
        raise Wrong(key.place, f"`{who}` is an outside party reached by mail or phone, who answers in words.", hint)
    if does == "sends" and said.value.rpartition(".")[2].lower() not in FILES:
        hint = f"Name a file that ends with one of: {', '.join('.' + end for end in FILES)}. It is made up when it is sent."
        raise Wrong(said.place, f"`{said.value}` is not a file that can be sent here.", hint)
    return replace(found, place=key.place, player=who, action=does, text=said.value.strip())


def _player(word: Text, people: Mapping[str, Player]) -> str:
    if word.value in people:
        return word.value
    known = ", ".join(people) or "nobody yet"
    hint = did_you_mean(word.value, people, f"Add them under `people:`, where there are: {known}.")
    raise Wrong(word.place, f"There is nobody called `{word.value}`.", hint)


def _jump(node: Node) -> Jump:
    said = scalar(node).value.strip()
    ahead = _AHEAD.fullmatch(said)
    if ahead and ahead[2] == "m":
        return Jump(span=timedelta(minutes=float(ahead[1])))
    if ahead:
        return Jump(ahead=Duration(Clock(ahead[2]), Decimal(ahead[1])))
    day, at = moment(node)
    return Jump(day=day, at=at)


def moment(node: Node) -> tuple[date | None, time]:
    """`2026-03-02 10:00`, or `10:00` without a date. Raises Wrong."""
    word = scalar(node)
    found = _WALL.fullmatch(word.value.strip())
    try:
        if found:
            year, month, day, hour, minute = (int(part) if part else 0 for part in found.groups())
            return (date(year, month, day) if year else None), time(hour, minute)
    except ValueError:
        pass
    raise Wrong(word.place, f"`{word.value}` is not a time.", _CLOCK_HINT)


def _expected(source: Source, node: Node, people: Mapping[str, Player]) -> tuple[Expected, ...]:
    return tuple(
        Expected(_player(key, people), _texts(value), value.place) for key, value in _once(node, "people with what they get")
    )


def _once(node: Node, what: str) -> tuple[tuple[Text, Node], ...]:
    """The pairs of a table, each key once. Raises Wrong."""
    found = entries(node, what)
    known: set[str] = set()
    for key, _ in found:
        if key.value in known:
            raise Wrong(key.place, f"`{key.value}` stands twice here.", "Put what belongs together into one list.")
        known.add(key.value)
    return found


def _texts(node: Node) -> tuple[tuple[str, Place], ...]:
    """One text, a list of them, or `nothing`."""
    if isinstance(node, Text) and node.value == NOTHING and not node.quoted:
        return ()
    if isinstance(node, Items) and not node.nodes:
        raise Wrong(node.place, "This list is empty.", "Write the texts that must come, or `nothing` where none may.")
    words = [scalar(item) for item in node.nodes] if isinstance(node, Items) else [scalar(node)]
    return tuple((word.value.strip(), word.place) for word in words)


def _wanted(source: Source, node: Node, people: Mapping[str, Player], flows: Sequence[Flow]) -> Wanted:
    keys = Keys(source, node, "a state")
    run = keys.may("run", text, "")
    flow = next((each for each in flows if run.startswith(f"{each.prefix}-")), flows[0])
    found = Wanted(
        keys.place,
        run=run,
        status=keys.may("status", one_of(_STATUSES, "a run's status"), None),
        outcome=keys.may("outcome", text, None),
        steps=keys.may("step", _several(lambda word: _step(word, flow)), None),
        owners=keys.may("owner", _several(lambda word: _player(word, people)), None),
        values=keys.may("values", lambda source, node: _values(node, flow), dict[str, tuple[str, Place]]()),
        places={key: keys.place_of(key) for key in ("run", "status", "outcome", "step", "owner") if key in keys},
    )
    keys.close()
    return found


def _several(read: Callable[[Text], str]) -> Callable[[Source, Node], tuple[str, ...]]:
    """A reader of one name, a list of them, or `nobody` / `nothing`."""

    def read_all(source: Source, node: Node) -> tuple[str, ...]:
        if isinstance(node, Text) and node.value in (NOBODY, NOTHING):
            return ()
        if isinstance(node, Items):
            return each(lambda source, item: read(scalar(item)))(source, node)
        return (read(scalar(node)),)

    return read_all


def _step(word: Text, flow: Flow) -> str:
    return _known(word, "step", (step.id for step in flow.walk()))


def _values(node: Node, flow: Flow) -> dict[str, tuple[str, Place]]:
    given = ((key, scalar(value)) for key, value in _once(node, "fields with values"))
    return {_known(key, "field", flow.fields): (word.value.strip(), word.place) for key, word in given}


def _known(word: Text, kind: str, names: Iterable[str]) -> str:
    known = tuple(names)
    if word.value in known:
        return word.value
    hint = did_you_mean(word.value, known, f"The {kind}s are: {', '.join(known)}.")
    raise Wrong(word.place, f"The flow has no {kind} `{word.value}`.", hint)
