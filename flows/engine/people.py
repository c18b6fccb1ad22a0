"""Who is behind a word of the flow file: a role or one of its holders, a person, whom a field names, the requester, an outside party."""

from __future__ import annotations

from collections.abc import Iterable

from flows.decided import ParticipantBound
from flows.engine.owners import FIELD, LEAST, PARTICIPANT, PERSON, REQUESTER, TURN, barred, holders, role_of, turns_given, word
from flows.engine.transition import Transition
from flows.model import Flow, Step, Wording
from flows.said import sentence


def resolve(t: Transition, who: str, without: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The contacts behind `who`, () for nobody. An outside party met for the first time is bound to the run. Where one of a role's
    holders is chosen, it is none of `without` as long as there is another."""
    if who == REQUESTER:
        return (t.run.requester,)
    if who.startswith(PARTICIPANT):
        return _party(t, who.removeprefix(PARTICIPANT))
    people = t.facts.people.get(role_of(who) or who, ())
    if not people or not who.startswith((TURN, LEAST)):
        return people
    order = _by_turn(t, who, people) if who.startswith(TURN) else sorted(people, key=lambda person: t.facts.load.get(person, 0))
    able = [person for person in order if person not in without] or order
    return (next((person for person in able if person not in t.facts.leave), able[0]),)


def owners_of(t: Transition, step: Step, stage: int = 0) -> tuple[tuple[str, ...], str]:
    """Who is asked at this stage of a step, each once, and a plain reason where there is nobody."""
    who, out = word(step, stage), barred(t.run, step)
    found = resolve(t, who, out)
    able = distinct(person for person in found if person not in out)
    return able, "" if able else _acted_before(t.flow, who) if found else nobody(t.flow, who)


def _by_turn(t: Transition, who: str, people: tuple[str, ...]) -> list[str]:
    """The holders, whose turn it is first. Those given out in this very transition count."""
    role = role_of(who)
    start = (t.facts.turns.get(role, 0) + turns_given(t.flow, t.decided).count(role)) % len(people)
    return [*people[start:], *people[:start]]


def _party(t: Transition, name: str) -> tuple[str, ...]:
    bound = t.run.participants.get(name)
    contact = t.facts.participants.get(name, bound)
    if contact is None:
        return ()
    if contact != bound:
        t.decide(ParticipantBound(name, contact))
    return (contact,)


def outsiders(t: Transition) -> frozenset[str]:
    """The outside parties of this run: neither its requester nor holders of a role."""
    return frozenset(t.run.participants.values()) - holders(t.flow, t.facts) - {t.run.requester}


def nobody(flow: Flow, who: str) -> str:
    """A plain reason: there is no one behind `who`."""
    name = who.partition(":")[2]
    if who.startswith(PERSON):
        return sentence("Nobody is known under {name}.", name=name)
    if who.startswith(FIELD):
        field = flow.fields[name].title if name in flow.fields else name
        return sentence("It is not known whom to ask: there is no {title}.", title=field)
    if who.startswith(PARTICIPANT):
        party = flow.participants[name].title if name in flow.participants else name
        return sentence("It is not known how to reach {title}.", title=party)
    return sentence("Nobody holds the role {role}.", role=_role_title(flow, who))


def _acted_before(flow: Flow, who: str) -> str:
    if not role_of(who):
        return sentence("Whoever is asked here acted on an earlier step that must be somebody else's.")
    return sentence(
        "Everybody who holds the role {role} acted on an earlier step that must be somebody else's.", role=_role_title(flow, who)
    )


def _role_title(flow: Flow, who: str) -> Wording | str:
    role = role_of(who)
    return flow.roles.get(role, role or "(none)")


def distinct(people: Iterable[str]) -> tuple[str, ...]:
    """Each contact once, in the order given."""
    return tuple(dict.fromkeys(people))
