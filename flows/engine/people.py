"""Who is behind a word of the flow file: a role, "requester", or "participant:<name>"."""

from __future__ import annotations

from collections.abc import Iterable

from flows.decided import ParticipantBound
from flows.engine.transition import Transition
from flows.model import Flow

REQUESTER = "requester"
PARTICIPANT = "participant:"


def resolve(t: Transition, who: str) -> tuple[str, ...]:
    """The contacts behind `who`, () for nobody. An outside party met for the first time is bound to the run."""
    if who == REQUESTER:
        return (t.run.requester,)
    if not who.startswith(PARTICIPANT):
        return t.facts.people.get(who, ())
    name = who.removeprefix(PARTICIPANT)
    bound = t.run.participants.get(name)
    contact = t.facts.participants.get(name, bound)
    if contact is None:
        return ()
    if contact != bound:
        t.decide(ParticipantBound(name, contact))
    return (contact,)


def outsiders(t: Transition) -> frozenset[str]:
    """The outside parties of this run: neither its requester nor holders of a role."""
    inside = {person for holders in t.facts.people.values() for person in holders}
    return frozenset(t.run.participants.values()) - inside - {t.run.requester}


def nobody(flow: Flow, who: str) -> str:
    """A plain reason: there is no one behind `who`."""
    if not who.startswith(PARTICIPANT):
        return f"Nobody holds the role {flow.roles[who].text() if who in flow.roles else who or '(none)'}."
    name = who.removeprefix(PARTICIPANT)
    title = flow.participants[name].title.text() if name in flow.participants else name
    return f"It is not known how to reach {title}."


def distinct(people: Iterable[str]) -> tuple[str, ...]:
    """Each contact once, in the order given."""
    return tuple(dict.fromkeys(people))
