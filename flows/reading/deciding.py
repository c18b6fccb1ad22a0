"""The step kinds in which people decide: approve and do; and the outcomes that they report."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypedDict

from flows.model import Approve, Check, Choice, Do, Policy, Proof, Step
from flows.reading.head import before, counted, head_of, target
from flows.reading.leaves import BLANK, flag, identifier, one_of, scalar, using, wording
from flows.reading.nodes import Items, Node, Table, Text, Wrong
from flows.reading.owners import owner_of
from flows.reading.source import Keys, Source, each, entries, some

_PERCENT = re.compile(r"(\d{1,3}) ?(?:percent|%)")
_POLICIES = {"one": Policy.ONE, "any": Policy.ANY, "all": Policy.ALL, "in sequence": Policy.SEQUENCE}
_POLICY_HINT = (
    "Write `policy: any` (the first who decides), `all`, `in sequence` (one after another), "
    "`2 of 3` (so many of them, in any order) or `60 percent`."
)


class Outcome(NamedTuple):
    """One outcome of a step: its button, and where it leads if not onward."""

    choice: Choice
    send_back_to: str
    ends: str


class Leads(TypedDict):
    """The outcomes of a step, as the model has them."""

    outcomes: tuple[Choice, ...]
    send_back_to: Mapping[str, str]
    ends: Mapping[str, str]


def approve(source: Source, keys: Keys) -> Step:
    head = head_of(source, keys, "approve", owned=False)
    approvers = keys.need("by", _approvers, ())
    policy, needed = keys.may("policy", _policy, (Policy.ONE, 1))
    if policy is Policy.ONE and len(approvers) > 1:
        source.add(keys.place_of("by"), "It is not said how several approvers decide.", _POLICY_HINT)
    return Approve(
        **head,
        policy=policy,
        approvers=approvers,
        needed=needed,
        send_back_to=keys.may("send_back_to", target(head["id"]), ""),
        checks=keys.may("checks", checks_of, ()),
        rejected=keys.may("rejected", identifier, "rejected"),
        not_by=keys.may("not_by", some(before(head["id"])), ()),
        attach=keys.may("attach", each(using("document")), ()),
        proof=keys.may("proof", proof, Proof.NONE),
    )


def checks_of(source: Source, node: Node) -> tuple[Check, ...]:
    """The checks of the file that a step names."""
    named = each(using("check"))(source, node)
    return tuple(source.checks[check] for check in named if check in source.checks)


def proof(source: Source, node: Node) -> Proof:
    return Proof(one_of((Proof.PIN, Proof.CODE), "a proof of who taps")(source, node))


def _approvers(source: Source, node: Node) -> tuple[str, ...]:
    """One role, or a list of roles."""
    roles = some(using("role"))(source, node) if isinstance(node, Items) else (using("role")(source, node),)
    if len(set(roles)) < len(roles):
        raise Wrong(node.place, "A role stands twice among the approvers.", "Name each role once.")
    return roles


def _policy(source: Source, node: Node) -> tuple[Policy, int]:
    word = scalar(node)
    if word.value in _POLICIES:
        return _POLICIES[word.value], 1
    if share := _PERCENT.fullmatch(word.value):
        if not 1 <= int(share[1]) <= 100:
            raise Wrong(word.place, f"`{word.value}` can never be met.", "Write 1 to 100 percent.")
        return Policy.PERCENT, int(share[1])
    so_many = counted(word)
    if not so_many:
        raise Wrong(word.place, f"`{word.value}` is not a supported policy.", _POLICY_HINT)
    return Policy.N_OF_M, so_many[0]


def do(source: Source, keys: Keys) -> Step:
    head = head_of(source, keys, "do")
    return Do(
        **head,
        instruction=keys.need("instruction", wording, BLANK),
        **leads(keys.need("outcomes", outcomes(head["id"]), ())),
        fields=keys.may("fields", each(using("asked")), ()),
        attach=keys.may("attach", each(using("document")), ()),
        by_mail=keys.may("by_mail", flag, False),
        confirm_by=keys.may("confirm_by", owner_of, ""),
        not_by=keys.may("not_by", some(before(head["id"])), ()),
        proof=keys.may("proof", proof, Proof.NONE),
    )


def leads(found: tuple[Outcome, ...]) -> Leads:
    return Leads(
        outcomes=tuple(outcome.choice for outcome in found),
        send_back_to={o.choice.key: o.send_back_to for o in found if o.send_back_to},
        ends={o.choice.key: o.ends for o in found if o.ends},
    )


def outcomes(from_step: str) -> Callable[[Source, Node], tuple[Outcome, ...]]:
    """A reader of the outcomes that can be reported at `from_step`, each a button."""

    def read(source: Source, node: Node) -> tuple[Outcome, ...]:
        found = [(_outcome(source, from_step, key, value), key.place) for key, value in entries(node, "outcomes")]
        if not found:
            raise Wrong(node.place, "A step needs at least one outcome.", "Write `done: Done` below `outcomes:`.")
        source.buttons.append(tuple((outcome.choice, place) for outcome, place in found))
        return tuple(outcome for outcome, _ in found)

    return read


def _outcome(source: Source, from_step: str, key: Text, node: Node) -> Outcome:
    """`key: wording`, or a table of label and where the outcome leads."""
    word = source.attempt(identifier, key, "")
    if not isinstance(node, Table) or all(k.value not in ("label", "send_back_to", "ends") for k, _ in node.entries):
        return Outcome(Choice(word, source.attempt(wording, node, BLANK)), "", "")
    keys = Keys(source, node, "an outcome")
    label = keys.need("label", wording, BLANK)
    found = Outcome(Choice(word, label), keys.may("send_back_to", target(from_step), ""), keys.may("ends", identifier, ""))
    only_one_way(source, key, found.send_back_to, found.ends)
    keys.close()
    return found


def only_one_way(source: Source, outcome: Text, send_back_to: str, ends: str) -> None:
    if send_back_to and ends:
        source.add(outcome.place, "An outcome cannot both send back and end the run.", "Keep one of `send_back_to` and `ends`.")
