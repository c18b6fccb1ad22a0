"""Who stands behind a flow's owner words now, who is on leave, and whose turn it is: the people in a transition's facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flows import Flow, Value
from flows.engine.owners import FIELD, LEAST, MANAGER, PERSON, TURN, role_of, words_of
from flows.events import Cover
from storage import Leave, Unit

CHANNEL_OF = {"email": "email", "phone": "whatsapp"}
"""On which channel the address in a field of that type is met."""

People = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Words:
    """The owner words of a flow that need more than the holders of its roles, worked out once per version: `persons` and `fields` as
    the engine has them ("person:<address>", "field:<name>"), roles given out in turn, and roles of which the least busy is asked."""

    persons: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    turns: tuple[str, ...] = ()
    least: tuple[str, ...] = ()


NO_WORDS = Words()


def words(flow: Flow) -> Words:
    used = dict.fromkeys(word for step in flow.walk() for word in words_of(step))

    def of(kind: str) -> tuple[str, ...]:
        return tuple(word for word in used if word.startswith(kind))

    roles = {kind: tuple(role_of(word) for word in of(kind)) for kind in (TURN, LEAST)}
    return Words(of(PERSON), of(FIELD), roles[TURN], roles[LEAST])


def people(
    unit: Unit, flow: Flow, roles: Iterable[str], used: Words, known: Mapping[str, Value], requester: str, now: datetime
) -> dict[str, Any]:
    """What `flows.Facts` holds of people: `people`, `leave`, `load`, `turns`; each only as far as the flow needs it. `requester` is
    "" for a run that begins now."""
    managers, absent = unit.leave.holders_and_absent(MANAGER, now)
    held = {**unit.people.holders(role for role in roles if role != MANAGER), MANAGER: managers}
    found = held | {word: _person(unit, word) for word in used.persons}
    found |= {word: _in_field(unit, flow, word, known, now) for word in used.fields}
    counted = {person for role in used.least for person in held.get(role, ())}
    return {
        "people": found,
        "leave": _leave(unit, absent, found, requester) if absent else {},
        "load": unit.runs.load_of(counted) if counted else {},
        "turns": {role: unit.counters.peek(turn_of(role), start=0) for role in used.turns},
    }


def turn_of(role: str) -> str:
    """The counter of steps that were given out to a role's holders in turn."""
    return f"turn:{role}"


def _person(unit: Unit, word: str) -> tuple[str, ...]:
    """The contact whose address stands in the flow file; () for nobody we know: a slip there must not reach a stranger."""
    address = word.removeprefix(PERSON)
    found = unit.people.by_address("email" if "@" in address else "whatsapp", address)
    return _active(unit, found.contact_id) if found else ()


def _in_field(unit: Unit, flow: Flow, word: str, known: Mapping[str, Value], now: datetime) -> tuple[str, ...]:
    """The contact whose address was given in a field; they may be new to us."""
    name = word.removeprefix(FIELD)
    address = known.get(name)
    if not isinstance(address, str) or not address:
        return ()
    met = unit.people.meet(CHANNEL_OF[flow.fields[name].type.value], address, "", "", now)
    return _active(unit, met.contact_id)


def _active(unit: Unit, contact_id: str) -> tuple[str, ...]:
    contact = unit.people.contact(contact_id)
    return (contact_id,) if contact is not None and not contact.suspended else ()


def _leave(unit: Unit, absent: Mapping[str, Leave], found: People, requester: str) -> dict[str, Cover]:
    """Of those on leave whoever the flow may ask, with who covers them, and who covers these if they are on leave too."""
    covers: dict[str, Cover] = {}
    asked = [requester, *(person for holders in found.values() for person in holders)]
    waiting = [person for person in dict.fromkeys(asked) if person in absent]
    while waiting:
        person = waiting.pop(0)
        leave = absent[person]
        to = covering(unit, leave, found)
        covers[person] = Cover(to, leave.most)
        waiting += [one for one in to if one in absent and one not in covers and one not in waiting]
    return covers


def covering(unit: Unit, leave: Leave, known: People) -> tuple[str, ...]:
    """Who may stand in: the person named, or the other holders of the role named (`known`: holders looked up already)."""
    if leave.cover_kind == "person":
        return _active(unit, leave.cover)
    holders = known.get(leave.cover)
    if holders is None:
        holders = unit.people.holders([leave.cover])[leave.cover]
    return tuple(person for person in holders if person != leave.contact_id)
