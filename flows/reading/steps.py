"""The step kinds of a flow file. A new kind is a reader here, a class in `flows.model` and a section in docs/flow-language.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flows.model import Ask, Block, Branch, Case, Clock, Collect, Duration, End, Generate, Notify, Parallel, Step, Wait
from flows.reading import nested
from flows.reading.deciding import approve, do
from flows.reading.head import bare_head_of, counted, head_of, looped
from flows.reading.leaves import BLANK, NEVER, identifier, matching, rule, scalar, using, wording
from flows.reading.nodes import Node, Place, Table, Wrong
from flows.reading.owners import owner_of
from flows.reading.source import Keys, Source, did_you_mean, each, some
from flows.reading.times import plain, until
from flows.reading.working import schedule, worker

UNDOING = ("do", "notify", "generate", "ask")
"""The kinds of step that can undo another one."""
_JOIN_HINT = "Write `join: all`, `join: any`, or so many of the blocks: `join: 2 of 3`."


def step(source: Source, node: Node) -> Step:
    """One step, of the kind that its first key names."""
    kind = _kind(node)
    keys = Keys(source, node, f"a step of kind `{kind}`")
    found = of_kind(source, keys, kind)
    keys.close()
    return found


block = each(step)


def of_kind(source: Source, keys: Keys, kind: str) -> Step:
    """The step of this kind, with what undoes it."""
    found = KINDS[kind](source, keys)
    return found if kind == "end" else replace(found, compensate=keys.may("if_cancelled", some(_undoing), ()))


def _undoing(source: Source, node: Node) -> Step:
    """A step that undoes another one, which nothing undoes again."""
    kind = _kind(node)
    if kind not in UNDOING:
        hint = f"The kinds here are: {', '.join(UNDOING)}."
        raise Wrong(node.place, f"A step of kind `{kind}` cannot undo what was done.", hint)
    keys = Keys(source, node, f"a step of kind `{kind}` under `if_cancelled`")
    found = KINDS[kind](source, keys)
    keys.close()
    return found


def _kind(node: Node) -> str:
    supported = "The kinds are: " + ", ".join(KINDS) + "."
    if not isinstance(node, Table) or not node.entries:
        raise Wrong(node.place, "Here a step is expected, as keys with values.", f"Start it like `- ask: request`. {supported}")
    first = node.entries[0][0]
    if first.value in KINDS:
        return first.value
    if any(key.value in KINDS for key, _ in node.entries):
        raise Wrong(first.place, "A step starts with its kind.", "Move the line with the kind, such as `ask: request`, up.")
    raise Wrong(first.place, f"`{first.value}` is not a step kind.", did_you_mean(first.value, KINDS, supported))


def _ask(source: Source, keys: Keys) -> Step:
    return Ask(**head_of(source, keys, "ask"), fields=keys.need("fields", some(using("asked")), ()))


def _collect(source: Source, keys: Keys) -> Step:
    items = keys.need("documents", some(using("document")), ())
    dates = (source.documents[item].expires for item in items if item in source.documents)
    return Collect(
        **head_of(source, keys, "collect"),
        items=items,
        fields=tuple(dict.fromkeys(date for date in dates if date)),
        checked_by=keys.may("checked_by", owner_of, ""),
    )


def _generate(source: Source, keys: Keys) -> Step:
    return Generate(
        **bare_head_of(source, keys, "generate"),
        template=keys.need("template", identifier, ""),
        output=keys.need("document", using("document"), ""),
        series=keys.may("series", _series, ""),
        fields=keys.may("fields", each(using("field")), ()),
        text=keys.may("text", wording, None),
    )


def _series(source: Source, node: Node) -> str:
    word = matching("[A-Z]{1,6}", "a number series", "PO")(source, node)
    source.defined.setdefault("slot", {})[word] = node.place  # its number can be named in wordings
    return word


def _notify(source: Source, keys: Keys) -> Step:
    return Notify(
        **bare_head_of(source, keys, "notify"),
        to=keys.need("to", owner_of, ""),
        message=keys.need("message", wording, BLANK),
        attach=keys.may("attach", each(using("document")), ()),
    )


def _branch(source: Source, keys: Keys) -> Step:
    head = bare_head_of(source, keys, "branch")
    cases = keys.need("cases", some(_case(head["id"])), ())
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


def _case(branch: str) -> Callable[[Source, Node], tuple[Case, Place]]:
    def read(source: Source, node: Node) -> tuple[Case, Place]:
        keys = Keys(source, node, "a case of a branch")
        if "otherwise" in keys:
            word, when = keys.may("otherwise", identifier, ""), None
        else:
            word, when = keys.need("case", identifier, ""), keys.need("when", rule(bool), NEVER)
        steps, back_to = keys.may("steps", block, ()), keys.may("back_to", looped(branch, word), "")
        keys.close()
        return Case(name=word, when=when, steps=steps, back_to=back_to), keys.place

    return read


def _wait(source: Source, keys: Keys) -> Step:
    head = bare_head_of(source, keys, "wait")
    until_when = keys.need("until", until, Duration(Clock.HOURS))
    fields = keys.may("fields", some(using("asked")), ())
    if fields:
        head["owner"] = keys.need("owner", owner_of, "")
    elif "owner" in keys:
        keys.may("owner", owner_of, "")
        hint = "Add `fields: [...]`, or remove the owner to wait for the time only."
        source.add(keys.place_of("owner"), "Nothing is asked of this owner.", hint)
    return Wait(**head, until=until_when, fields=fields, when=keys.may("when", rule(bool), None))


def _parallel(source: Source, keys: Keys) -> Step:
    head = bare_head_of(source, keys, "parallel")
    blocks = keys.need("blocks", some(_block), ())
    seen: dict[str, Place] = {}
    for one, place in blocks:
        if one.name in seen:
            hint = f"Rename it: the first is on line {seen[one.name].line}."
            source.add(place, f"The block `{one.name}` stands twice in this step.", hint)
        seen[one.name] = place
    if len(blocks) == 1:
        source.add(keys.place_of("blocks"), "One block alone is not parallel.", "Add another block, or write its steps directly.")
    needed = keys.may("join", _join(len(blocks)), len(blocks))
    return Parallel(**head, blocks=tuple(one for one, _ in blocks), needed=needed)


def _block(source: Source, node: Node) -> tuple[Block, Place]:
    keys = Keys(source, node, "a block of a parallel step")
    found = Block(name=keys.need("block", identifier, ""), steps=keys.need("steps", some(step), ()))
    keys.close()
    return found, keys.place


def _join(blocks: int) -> Callable[[Source, Node], int]:
    """A reader of how many of the `blocks` must be done."""

    def read(source: Source, node: Node) -> int:
        word = scalar(node)
        if word.value in ("all", "any"):
            return blocks if word.value == "all" else 1
        so_many = counted(word)
        if not so_many:
            raise Wrong(word.place, f"`{word.value}` does not say how many blocks must be done.", _JOIN_HINT)
        if so_many[1] != blocks:
            raise Wrong(word.place, f"There are {blocks} blocks, and `{word.value}` counts {so_many[1]}.", _JOIN_HINT)
        return so_many[0]

    return read


def _end(source: Source, keys: Keys) -> Step:
    head = bare_head_of(source, keys, "end")
    return End(
        **head,
        outcome=keys.may("outcome", identifier, head["id"]),
        message=keys.need("message", wording, BLANK),
        review_after=keys.may("review_after", plain, None),
    )


KINDS: dict[str, Callable[[Source, Keys], Step]] = {
    "ask": _ask,
    "collect": _collect,
    "approve": approve,
    "do": do,
    "worker": worker,
    "schedule": schedule,
    "generate": _generate,
    "notify": _notify,
    "branch": _branch,
    "parallel": _parallel,
    "subflow": nested.subflow,
    "each": nested.each,
    "wait": _wait,
    "end": _end,
}
