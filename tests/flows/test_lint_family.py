"""What flow files say about each other: checked at the place where it is said, and only among files that can be read."""

from importlib import import_module

import pytest

from flows.lint import family, problems_of_files
from flows.loader import load
from tests.flows.whole import ITEM, VARIATION, WHOLE

AROUND = {"variation.yaml": VARIATION, "item.yaml": ITEM}


def told(text: str, around: dict[str, str] = AROUND) -> list[tuple[int, int, str, str]]:
    found = problems_of_files({"visit.yaml": text}, around)
    assert all(problem.file == "visit.yaml" for problem in found)
    return [(p.place.line, p.place.column, p.problem, p.hint) for p in found if p.error]


def test_flows_that_fit_have_no_problems():
    begun = WHOLE.replace("start:\n", "start:\n  phrases: [site visit]\n")
    assert problems_of_files({"visit.yaml": begun, **AROUND}, {}) == []
    assert family({"visit": load(WHOLE), "variation": load(VARIATION), "item": load(ITEM)}) == []


WRONG = {
    "no such flow": ("flow: item-line", "flow: ¦item-lines", "no flow `item-lines`", "`item-line`"),
    "field that the child has not": ("where: site, cost: net", "¦wher: site, cost: net", "has no field `wher`", "`where`"),
    "field of another type": ("cost: net}", "¦cost: site}", "`site` is of type text, and `cost` of type money", "same type"),
    "line that does not fit": (
        "quantity: line.quantity",
        "¦quantity: line.unit",
        "`line.unit` does not fit into `quantity`",
        "text",
    ),
    "taken from nowhere": ("take: {extra: agreed}", "take: {extra: ¦agree}", "has no field `agree`", "`agreed`"),
    "taken of another type": ("take: {extra: agreed}", "take: {extra: ¦where}", "and `extra` of type money", "same type"),
    "outcome that never comes": (
        "rejected: {ends: rejected}",
        "¦refused: {ends: rejected}",
        "never ends as `refused`",
        "changed",
    ),
}


@pytest.mark.parametrize(("old", "new", "problem", "hint"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_told_at_its_place(old, new, problem, hint):
    assert WHOLE.count(old) == 1
    before, _, after = WHOLE.replace(old, new).partition("¦")
    ((line, column, said, advice),) = told(before + after)
    assert (line, column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))
    assert problem in said
    assert hint in advice


CHILDREN = {
    "other currency": (
        "cost: {type: money, currency: INR",
        "cost: {type: money, currency: USD",
        "`net` is in INR, and `cost` in USD",
    ),
    "worked out there": (
        "cost: {type: money, currency: INR, title: Cost, ask: How much?}",
        "cost: {type: money, currency: INR, title: Cost, formula: 'percent(5, agreed)'}",
        "works out `cost` by itself",
    ),
}


@pytest.mark.parametrize(("old", "new", "problem"), CHILDREN.values(), ids=CHILDREN)
def test_the_other_file_can_be_what_does_not_fit(old, new, problem):
    assert old in VARIATION
    assert any(problem in said for _, _, said, _ in told(WHOLE, AROUND | {"variation.yaml": VARIATION.replace(old, new)}))


def test_every_choice_given_must_be_one_of_the_other_flow():
    choice = "{{type: choice, title: X, ask: X?, choices: {{{}}}}}"
    ours = WHOLE.replace(
        "  site: {type: text, title: {en: Site, hi: साइट}, ask: {en: Which site?, hi: कौन सी साइट?}}",
        f"  site: {choice.format('a: A, b: B, c: C')}",
    )
    theirs = VARIATION.replace("{type: text, title: Where, ask: Where?}", choice.format("a: A, c: C"))
    found = [said for _, _, said, _ in told(ours, {"v": theirs, "i": ITEM})]
    assert "`where` does not have the choice `b` of `site`." in found


def test_flows_that_start_each_other_in_a_circle():
    back = "  - subflow: again\n    title: Again\n    flow: site-visit\n  - end: changed\n"
    found = told(WHOLE, AROUND | {"variation.yaml": VARIATION.replace("  - end: changed\n", back)})
    assert [said for _, _, said, _ in found] == [
        "`variation-approval` starts `site-visit` again: they would never stop to begin."
    ]


def test_two_files_of_one_flow_and_a_flow_that_nobody_starts():
    twice = problems_of_files({"one.yaml": ITEM, "two.yaml": ITEM}, {"visit.yaml": WHOLE})
    assert [(p.file, p.place.line, p.place.column, p.problem) for p in twice] == [
        ("two.yaml", 1, 7, "The flow `item-line` is in one.yaml already."),
    ]
    (alone,) = problems_of_files({"item.yaml": ITEM}, {"variation.yaml": VARIATION})
    assert (alone.problem, alone.error) == ("Nobody ever starts this flow.", False)


def test_a_flow_that_others_start_need_not_ask_what_it_is_given():
    given = ITEM.replace("fields: [item, quantity, price, where]", "fields: [item]")
    assert [p.problem for p in problems_of_files({"item.yaml": given}, {"visit.yaml": WHOLE})] == []
    started = given.replace("roles:", "start: {phrases: [one item]}\nroles:")
    assert len(problems_of_files({"item.yaml": started}, {})) == 3  # quantity, price, where


def test_broken_files_around_are_no_business_of_this_one():
    assert told(WHOLE, AROUND | {"notes.yaml": "- not a flow", "broken.yaml": "flow: x\n"}) == []
    assert (
        problems_of_files({"bad.yaml": "flow: x\n", "visit.yaml": WHOLE}, AROUND)[-1].problem == "Nobody ever starts this flow."
    )


def test_a_check_that_is_left_out_would_be_found(monkeypatch):
    monkeypatch.setattr(import_module("flows.lint.family"), "_given", lambda flow, step, child: iter(()))
    with pytest.raises(ValueError, match="not enough values"):
        test_what_does_not_fit_is_told_at_its_place(*WRONG["field of another type"])
