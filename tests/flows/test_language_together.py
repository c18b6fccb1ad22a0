"""What the flow file says about parallel steps, waits and policies: read as meant, and refused with place and hint."""

import pytest

from flows.errors import FlowFileErrors
from flows.lint import problems_of
from flows.loader import load
from flows.model import Approve, Clock, Parallel, Policy, Wait
from tests.flows.broken import SOUND

POLICY = "policy: in sequence"
GENERATE = "  - generate: letter_made\n"
PARALLEL = """\
  - parallel: checks
    join: 2 of 2
    blocks:
      - block: one
        steps:
          - do: first_look
            title: {en: Look, hi: देखें}
            owner: head
            due: 1bd
            instruction: {en: Look., hi: देखें।}
            outcomes: {fine: {en: Fine, hi: ठीक}}
          - do: second_look
            title: {en: Look, hi: देखें}
            owner: head
            due: 1bd
            instruction: {en: Look., hi: देखें।}
            outcomes: {good: {en: Good, hi: अच्छा}, odd: {label: {en: Odd, hi: अजीब}, send_back_to: first_look}}
      - block: two
        steps:
          - wait: a_day
            title: {en: A day, hi: एक दिन}
            until: first_day
            owner: head
            fields: [kind]
"""


def with_parallel(old: str = "", new: str = "") -> str:
    assert PARALLEL.count(old) == 1 or not old
    return SOUND.replace(GENERATE, PARALLEL.replace(old, new) + GENERATE if old else PARALLEL + GENERATE)


@pytest.mark.parametrize(
    ("text", "policy", "needed"),
    [
        ("any", Policy.ANY, 1),
        ("all", Policy.ALL, 1),
        ("60 percent", Policy.PERCENT, 60),
        ("100%", Policy.PERCENT, 100),
        ("2 of 3", Policy.N_OF_M, 2),
    ],
)
def test_policies(text, policy, needed):
    step = load(SOUND.replace(POLICY, f"policy: {text}")).step("by_head")
    assert isinstance(step, Approve)
    assert (step.policy, step.needed) == (policy, needed)


@pytest.mark.parametrize("share", ["0 percent", "101 percent", "0%"])
def test_a_share_that_can_never_be_met(share):
    with pytest.raises(FlowFileErrors, match="can never be met"):
        load(SOUND.replace(POLICY, f"policy: {share}"))


def test_a_parallel_step_with_a_wait_is_read_and_clean():
    assert problems_of(with_parallel(), "leave.yaml") == []
    flow = load(with_parallel())
    both, wait = flow.step("checks"), flow.step("a_day")
    assert isinstance(both, Parallel)
    assert [(block.name, [step.id for step in block.steps]) for block in both.blocks] == [
        ("one", ["first_look", "second_look"]),
        ("two", ["a_day"]),
    ]
    assert both.needed == 2
    assert isinstance(wait, Wait)
    assert (wait.owner, wait.fields, wait.until.anchor, wait.until.clock) == ("head", ("kind",), "first_day", Clock.WALL)
    assert flow.places["second_look"].within == (("checks", "one"),)
    assert (flow.places["first_look"].after, flow.places["second_look"].after) == ("second_look", "")
    assert flow.places["checks"].after == "letter_made"


@pytest.mark.parametrize(("join", "needed"), [("all", 2), ("any", 1), ("1 of 2", 1)])
def test_joins(join, needed):
    assert load(with_parallel("2 of 2", join)).step("checks").needed == needed
    assert load(with_parallel("    join: 2 of 2\n", "")).step("checks").needed == 2


@pytest.mark.parametrize(
    ("old", "new", "problem", "hint", "at"),
    [
        ("2 of 2", "most", "how many blocks", "join: any", "most"),
        ("2 of 2", "3 of 2", "can never be met", "at most", "3 of 2"),
        ("2 of 2", "2 of 3", "There are 2 blocks", "join: all", "2 of 3"),
        ("block: two", "block: one", "stands twice", "Rename it", "block: one\n        steps:\n          - wait"),
        ("until: first_day", "until: 4 hours", "not a due time", "48h", "4 hours"),
        ("until: first_day", "until: kind", "not of type date", "type date", "kind\n            owner"),
        ("            until: first_day\n", "", "`until` is missing", "Add a line", "wait: a_day"),
        ("            fields: [kind]\n", "", "Nothing is asked", "fields", "owner: head\n  - generate"),
        (
            "            owner: head\n            fields: [kind]",
            "            fields: [kind]",
            "`owner` is missing",
            "Add",
            "wait: a_day",
        ),
        ("send_back_to: first_look", "send_back_to: request", "cannot send back", "first_look", "request}}"),
        ("      - block: two\n        steps:\n          - wait", "          - wait", "not parallel", "another block", "blocks:"),
        (
            "          - wait: a_day\n",
            "          - end: halt\n            message: {en: No., hi: नहीं।}\n          - wait: a_day\n",
            "would end the run",
            "Move it below",
            "halt",
        ),
    ],
)
def test_what_cannot_work_is_told_with_its_place(old, new, problem, hint, at):
    text = with_parallel(old, new).replace("join: 2 of 2", "join: all")
    before = text[: text.index(at)]
    found = problems_of(text, "leave.yaml")
    assert any(p.place.line == before.count("\n") + 1 and problem in p.problem and hint in p.hint and p.error for p in found), (
        found
    )


def test_what_follows_a_parallel_step_cannot_send_back_into_it():
    text = with_parallel().replace("ends: refused", "send_back_to: first_look")
    assert [p.problem for p in problems_of(text, "x") if p.error] == [
        "`handover` cannot send back to `first_look`: not every way has passed it, or it has nothing to repeat."
    ]
