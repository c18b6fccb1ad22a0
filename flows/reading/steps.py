"""The step kinds of a flow file. A new kind is a reader here, a class in `flows.model` and a section in docs/flow-language.md."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, TypedDict

from flows.model import (
    Approve,
    Ask,
    Branch,
    Case,
    Choice,
    Collect,
    Do,
    Duration,
    End,
    Generate,
    Notify,
    Policy,
    Rung,
    Step,
    Wording,
)
from flows.reading.leaves import BLANK, NEVER, defining, flag, identifier, matching, name, rule, scalar, using, wording
from flows.reading.nodes import Items, Node, Place, Table, Text, Wrong
from flows.reading.source import Keys, Source, Use, did_you_mean, each, entries, some
from flows.reading.times import DEFAULT_LADDER, duration, ladder

LATER = ("worker", "schedule", "wait", "parallel", "each", "subflow")
_N_OF_M = re.compile(r"(\d{1,2}) of (\d{1,2})")
_POLICY_HINT = "Write `policy: in sequence` (one after another) or `policy: 2 of 3` (so many of them, in any order)."


class Head(TypedDict):
    """What all steps share."""

    id: str
    title: Wording
    owner: str
    due: Duration | None
    ladder: tuple[Rung, ...]
    line: int


class Outcome(NamedTuple):
    """One outcome of a do step: its button, and where it leads if not onward."""

    choice: Choice
    send_back_to: str
    ends: str


def step(source: Source, node: Node) -> Step:
    """One step, of the kind that its first key names."""
    kind = _kind(node)
    keys = Keys(source, node, f"a step of kind `{kind}`")
    found = KINDS[kind](source, keys)
    keys.close()
    return found


block = each(step)


def _kind(node: Node) -> str:
    supported = "The kinds are: " + ", ".join(KINDS) + "."
    if not isinstance(node, Table) or not node.entries:
        raise Wrong(node.place, "Here a step is expected, as keys with values.", f"Start it like `- ask: request`. {supported}")
    first = node.entries[0][0]
    if first.value in KINDS:
        return first.value
    if first.value in LATER:
        raise Wrong(first.place, f"The step kind `{first.value}` is not supported yet.", supported)
    if any(key.value in KINDS for key, _ in node.entries):
        raise Wrong(first.place, "A step starts with its kind.", "Move the line with the kind, such as `ask: request`, up.")
    raise Wrong(first.place, f"`{first.value}` is not a step kind.", did_you_mean(first.value, KINDS, supported))


def _head(source: Source, keys: Keys, kind: str, *, titled: bool = True, owned: bool = True, timed: bool = True) -> Head:
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


def _ask(source: Source, keys: Keys) -> Step:
    return Ask(**_head(source, keys, "ask"), fields=keys.need("fields", some(using("asked")), ()))


def _collect(source: Source, keys: Keys) -> Step:
    return Collect(**_head(source, keys, "collect"), items=keys.need("documents", some(using("document")), ()))


def _approve(source: Source, keys: Keys) -> Step:
    head = _head(source, keys, "approve", owned=False)
    approvers = keys.need("by", _approvers, ())
    policy, needed = keys.may("policy", _policy, (Policy.ONE, 1))
    if policy is Policy.ONE and len(approvers) > 1:
        source.add(keys.place_of("by"), "It is not said how several approvers decide.", _POLICY_HINT)
    checks = keys.may("checks", each(using("check")), ())
    return Approve(
        **head,
        policy=policy,
        approvers=approvers,
        needed=needed,
        send_back_to=keys.may("send_back_to", _target(head["id"]), ""),
        checks=tuple(source.checks[check] for check in checks if check in source.checks),
        rejected=keys.may("rejected", identifier, "rejected"),
    )


def _approvers(source: Source, node: Node) -> tuple[str, ...]:
    """One role, or a list of roles."""
    roles = some(using("role"))(source, node) if isinstance(node, Items) else (using("role")(source, node),)
    if len(set(roles)) < len(roles):
        raise Wrong(node.place, "A role stands twice among the approvers.", "Name each role once.")
    return roles


def _policy(source: Source, node: Node) -> tuple[Policy, int]:
    word = scalar(node)
    if word.value in ("one", "in sequence"):
        return (Policy.ONE if word.value == "one" else Policy.SEQUENCE), 1
    counted = _N_OF_M.fullmatch(word.value)
    if not counted:
        raise Wrong(word.place, f"`{word.value}` is not a supported policy.", _POLICY_HINT)
    if not 1 <= int(counted[1]) <= int(counted[2]):
        raise Wrong(word.place, f"`{word.value}` can never be met.", "The first number is at least 1 and at most the second.")
    return Policy.N_OF_M, int(counted[1])


def _target(from_step: str) -> Callable[[Source, Node], str]:
    """A reader of the step that `from_step` sends back to."""

    def read(source: Source, node: Node) -> str:
        word = name(node)
        source.send_backs.append((from_step, Use("step", word.value, word.place)))
        return source.use("step", word)

    return read


def _do(source: Source, keys: Keys) -> Step:
    head = _head(source, keys, "do")
    outcomes = keys.need("outcomes", _outcomes(head["id"]), ())
    return Do(
        **head,
        instruction=keys.need("instruction", wording, BLANK),
        outcomes=tuple(outcome.choice for outcome in outcomes),
        fields=keys.may("fields", each(using("asked")), ()),
        send_back_to={o.choice.key: o.send_back_to for o in outcomes if o.send_back_to},
        ends={o.choice.key: o.ends for o in outcomes if o.ends},
        attach=keys.may("attach", each(using("document")), ()),
        by_mail=keys.may("by_mail", flag, False),
    )


def _outcomes(from_step: str) -> Callable[[Source, Node], tuple[Outcome, ...]]:
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
    found = Outcome(Choice(word, label), keys.may("send_back_to", _target(from_step), ""), keys.may("ends", identifier, ""))
    if found.send_back_to and found.ends:
        source.add(key.place, "An outcome cannot both send back and end the run.", "Keep one of `send_back_to` and `ends`.")
    keys.close()
    return found


def _generate(source: Source, keys: Keys) -> Step:
    return Generate(
        **_head(source, keys, "generate", titled=False, owned=False, timed=False),
        template=keys.need("template", identifier, ""),
        output=keys.need("document", using("document"), ""),
        series=keys.may("series", _series, ""),
    )


def _series(source: Source, node: Node) -> str:
    word = matching("[A-Z]{1,6}", "a number series", "PO")(source, node)
    source.defined.setdefault("slot", {})[word] = node.place  # its number can be named in wordings
    return word


def _notify(source: Source, keys: Keys) -> Step:
    return Notify(
        **_head(source, keys, "notify", titled=False, owned=False, timed=False),
        to=keys.need("to", owner_of, ""),
        message=keys.need("message", wording, BLANK),
        attach=keys.may("attach", each(using("document")), ()),
    )


def _branch(source: Source, keys: Keys) -> Step:
    head = _head(source, keys, "branch", titled=False, owned=False, timed=False)
    cases = keys.need("cases", some(_case), ())
    seen: dict[str, Place] = {}
    last = len(cases) - 1
    for index, (case, place) in enumerate(cases):
        if case.name in seen:
            hint = f"Rename it: the first is on line {seen[case.name].line}."
            source.add(place, f"The case `{case.name}` stands twice in this branch.", hint)
        seen[case.name] = place
        if case.when is None and index < last:
            source.add(place, "Cases after `otherwise` can never be taken.", "Move `otherwise` to the end of the branch.")
    if cases and cases[-1][0].when is not None:
        hint = "Add a last case `- otherwise: other`."
        source.add(keys.place_of("cases"), "This branch does not say what happens otherwise.", hint)
    return Branch(**head, cases=tuple(case for case, _ in cases))


def _case(source: Source, node: Node) -> tuple[Case, Place]:
    keys = Keys(source, node, "a case of a branch")
    if "otherwise" in keys:
        word, when = keys.may("otherwise", identifier, ""), None
    else:
        word, when = keys.need("case", identifier, ""), keys.need("when", rule(bool), NEVER)
    found = Case(name=word, when=when, steps=keys.may("steps", block, ()))
    keys.close()
    return found, keys.place


def _end(source: Source, keys: Keys) -> Step:
    head = _head(source, keys, "end", titled=False, owned=False, timed=False)
    return End(**head, outcome=keys.may("outcome", identifier, head["id"]), message=keys.need("message", wording, BLANK))


KINDS: dict[str, Callable[[Source, Keys], Step]] = {
    "ask": _ask,
    "collect": _collect,
    "approve": _approve,
    "do": _do,
    "generate": _generate,
    "notify": _notify,
    "branch": _branch,
    "end": _end,
}
