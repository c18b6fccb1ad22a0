"""A flow file becomes a Flow, or every problem of its shape with the place and what to write instead."""

from datetime import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.errors import FlowFileErrors
from flows.lint import check
from flows.loader import load
from flows.model import Approve, Ask, Branch, Clock, Collect, Do, Duration, End, Flow, Generate, Notify, Policy
from tests.flows import broken_whole
from tests.flows.broken import SOUND, Broken


def problems(text: str) -> list[tuple[int, int, str, str]]:
    with pytest.raises(FlowFileErrors) as caught:
        load(text, "leave.yaml")
    assert all(error.file == "leave.yaml" for error in caught.value.problems)
    return [(error.line, error.column, error.problem, error.hint) for error in caught.value.problems]


def due(text: str) -> Duration | None:
    return load(SOUND.replace("due: 4bh", f"due: {text}")).step("by_head").due


def test_a_sound_file_becomes_a_flow():
    flow = load(SOUND, "leave.yaml", version=7)
    assert (flow.id, flow.version, flow.prefix, flow.title.text("hi")) == ("leave", 7, "LV", "छुट्टी")
    assert flow.start.phrases == ("leave", "छुट्टी")
    assert [type(step) for step in flow.walk()] == [Ask, Collect, Branch, Approve, Generate, Do, Notify, End]
    assert flow.fields["total"].formula == "total(costs)"
    assert flow.fields["agency_email"].personal == "agency"
    assert not flow.fields["agency_email"].required
    assert flow.participants["agency"].address_field == "agency_email"
    assert flow.documents["note"].minimum.evaluate({"days": Decimal(3)}) == 1


def test_steps_carry_what_the_engine_needs():
    flow = load(SOUND)
    approve, do, notify, end = (flow.step(id) for id in ("by_head", "handover", "tell_agency", "granted"))
    assert isinstance(approve, Approve)
    assert (approve.policy, approve.approvers, approve.send_back_to) == (Policy.SEQUENCE, ("head", "manager"), "request")
    assert [check.name for check in approve.checks] == ["short"]
    assert [(rung.name, rung.share, rung.to) for rung in approve.ladder] == [
        ("remind50", Decimal("0.5"), "owner"),
        ("late150", Decimal("1.5"), "manager"),
    ]
    assert isinstance(do, Do)
    assert (do.by_mail, do.ends, do.send_back_to, do.attach) == (True, {"refused": "refused"}, {}, ("letter",))
    assert do.due == Duration(Clock.DAYS, Decimal(1), anchor="first_day", before=True)
    assert isinstance(notify, Notify)
    assert notify.to == "participant:agency"
    assert isinstance(end, End)
    assert end.outcome == "granted"
    assert SOUND.splitlines()[approve.line - 1].strip() == "- approve: by_head"


def test_the_default_ladder_stands_where_none_is_written():
    rungs = load(SOUND).step("request").ladder
    assert [(rung.name, str(rung.share), rung.to) for rung in rungs] == [
        ("remind50", "0.5", "owner"),
        ("remind90", "0.9", "owner"),
        ("due", "1", "owner"),
        ("late125", "1.25", "manager"),
        ("late200", "2", "manager"),
    ]


def test_durations_say_their_clock():
    assert due("0.5bh") == Duration(Clock.WORKING_HOURS, Decimal("0.5"))
    assert due("2bd") == Duration(Clock.WORKING_DAYS, Decimal(2))
    assert due("48h") == Duration(Clock.HOURS, Decimal(48))
    assert due("5d") == Duration(Clock.DAYS, Decimal(5))
    assert due("18:00") == Duration(Clock.WALL, at=time(18))
    assert due("1bd after first_day") == Duration(Clock.WORKING_DAYS, Decimal(1), anchor="first_day")
    assert due("0d before first_day") == Duration(Clock.DAYS, Decimal(0), anchor="first_day", before=True)


@pytest.mark.parametrize(
    ("by", "policy", "found"),
    [
        ("head", "one", (Policy.ONE, ("head",), 1)),
        ("[head]", "in sequence", (Policy.SEQUENCE, ("head",), 1)),
        ("head", "2 of 3", (Policy.N_OF_M, ("head",), 2)),
        ("[head, manager]", "2 of 5", (Policy.N_OF_M, ("head", "manager"), 2)),
    ],
)
def test_policies(by, policy, found):
    text = SOUND.replace("by: [head, manager]", f"by: {by}").replace("policy: in sequence", f"policy: {policy}")
    step = load(text).step("by_head")
    assert isinstance(step, Approve)
    assert (step.policy, step.approvers, step.needed) == found


def test_lookups_are_those_that_rules_read():
    assert load(SOUND).lookups == ()
    assert load(SOUND.replace("rule: days <= 10", "rule: same_vendor_7d == 0")).lookups == ("same_vendor_7d",)


def test_a_path_is_read_and_named(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(SOUND.replace("prefix: LV", "prefix: lv"))
    with pytest.raises(FlowFileErrors, match=r"x\.yaml:2:9: `lv` is not a prefix") as caught:
        load(path)
    assert str(caught.value).endswith("Hint: Write it like `PA`.")
    path.write_bytes(b"flow: \xff\xfe")
    with pytest.raises(FlowFileErrors, match=r"x\.yaml:1:"):
        load(path)


STEP = "  - generate: letter_made\n"
BROKEN = {
    "tab": Broken("    type: number\n", "¦\ttype: number\n", "not YAML", "never with tabs"),
    "colon in text": Broken("rule: days <= 10", "rule: days <= 10 ? 1 ¦: 2", "not YAML", "quotes"),
    "open bracket": Broken("by: [anyone]\nroles:", "by: [anyone\nroles¦:", "not YAML", "Close the bracket"),
    "at sign": Broken("template: leave_letter", "template: ¦@x", "not YAML", "quotes"),
    "second document": Broken("prefix: LV\n", "prefix: LV\n¦---\n", "not YAML", "one flow per file"),
    "anchor": Broken("title: {en: Days, hi: दिन}", "title: ¦&t {en: Days, hi: दिन}", "aliases", "out again"),
    "tag": Broken("rule: days <= 10", "rule: ¦!days", "YAML tag", "quotes"),
    "key not a word": Broken("  days:\n", "  ? ¦[days]\n  :\n", "one word", "key: value"),
    "unknown key": Broken("prefix: LV\n", "prefix: LV\n¦sumary: x\n", "Unknown key `sumary`", "Did you mean `summary`?"),
    "unknown key of a field": Broken("required: no", "¦requird: no", "Unknown key `requird` in a field", "`required`"),
    "unknown key of a step": Broken("by_mail: yes", "¦mail: yes", "Unknown key `mail`", "Did you mean `by_mail`?"),
    "unknown key like no other": Broken(
        "    by_mail: yes", "    ¦zzz: yes", "Unknown key `zzz`", "The keys here are: do, title, owner"
    ),
    "unknown key of a case": Broken(
        "        when: days > 5\n", "        ¦if: days > 5\n        when: days > 5\n", "`if`", "case, when"
    ),
    "unknown key of an outcome": Broken("ends: refused", "ends: refused\n        ¦end: x", "Unknown key `end`", "`ends`"),
    "key twice": Broken("prefix: LV\n", "prefix: LV\n¦prefix: LV\n", "twice", "Remove one"),
    "missing key": Broken("prefix: LV\n", "", "`prefix` is missing", "Add a line", at="flow: leave"),
    "missing ask": Broken(
        "    ask: {en: How many days?, hi: कितने दिन?}\n", "", "`ask` is missing", "question", at="type: number"
    ),
    "missing title of a step": Broken("    title: {en: Request, hi: अनुरोध}\n", "", "`title`", "Add a line", at="ask: request"),
    "missing owner": Broken("    owner: head\n", "", "`owner` is missing", "Add a line", at="do: handover"),
    "missing outcomes": Broken(
        "    outcomes:\n      done: {en: Done, hi: हो गया}\n      refused:\n        label: {en: Refused, hi: नहीं}\n        ends: refused\n",
        "",
        "`outcomes` is missing",
        "Add a line",
        at="do: handover",
    ),
    "no english": Broken("{en: Days, hi: दिन}", "¦{hi: दिन}", "English", "Add `en"),
    "not a language": Broken("{en: Days, hi: दिन}", "{en: Days, ¦hindi: दिन}", "language code", "`hi`"),
    "empty text": Broken("{en: Days, hi: दिन}", "{en:¦ , hi: दिन}", "nothing", "after the colon"),
    "list for a text": Broken("{en: Days, hi: दिन}", "¦[Days]", "single text", "line of the colon"),
    "text for a table": Broken("start:\n  phrases: [leave, छुट्टी]\n  by: [anyone]", "start: ¦leave", "expected", "key: value"),
    "text for a list": Broken("attach: [letter]", "attach: ¦letter", "a list", "[one, two]"),
    "open slot": Broken('en: "{days} days"', 'en: ¦"{days days"', "bracket", "`{amount}`"),
    "slot with a method": Broken('en: "{days} days"', 'en: ¦"{days.real} days"', "not a slot", "only a name"),
    "field name": Broken("  days:\n", "  ¦Days:\n", "not a name", "small letters"),
    "field name of rules": Broken("  days:\n", "  ¦in:\n", "rule language", "in_1"),
    "field type": Broken("type: number", "type: ¦numeric", "not a field type", "number, money"),
    "yes or no": Broken("required: no", "required: ¦maybe", "yes or no", "yes, no"),
    "currency missing": Broken(
        "  total:\n    type: money\n    currency: INR\n", "  total:\n    ¦type: money\n", "`currency` is missing", "Add a line"
    ),
    "currency unknown": Broken(
        "  total:\n    type: money\n    currency: INR", "  total:\n    type: money\n    currency: ¦Rs", "`Rs`", "INR"
    ),
    "currency of a number": Broken("type: number\n", "type: number\n    ¦currency: INR\n", "no currency", "money or lines"),
    "choices of a number": Broken("type: number\n", "type: number\n    ¦choices: {a: A, b: B}\n", "no choices", "type: choice"),
    "one choice": Broken("      sick: {en: Sick, hi: बीमारी}\n      other:", "      ¦other:", "at least two", "key: Label"),
    "formula": Broken("formula: total(costs)", "formula: ¦average(costs)", "not a formula", "total(items)"),
    "formula of a date": Broken("type: date\n", "type: date\n    ¦formula: total(costs)\n", "money or number field", "remove it"),
    "prefix": Broken("prefix: LV\n", "prefix: ¦LEAVE\n", "not a prefix", "`PA`"),
    "flow name": Broken("flow: leave\n", "flow: ¦Leave me\n", "flow's name", "purchase-approval"),
    "schema of the future": Broken("prefix: LV\n", "prefix: LV\nschema: ¦2\n", "version of the flow language", "1"),
    "no kind": Broken("  - generate: letter_made", "  - ¦makes: letter_made", "not a step kind", "The kinds are: ask, collect"),
    "kind misspelt": Broken(
        "  - generate: letter_made", "  - ¦generat: letter_made", "not a step kind", "Did you mean `generate`?"
    ),
    "kind not first": Broken(
        "  - generate: letter_made\n    template: leave_letter",
        "  - ¦template: leave_letter\n    generate: letter_made",
        "starts with its kind",
        "Move the line",
    ),
    "step as text": Broken(STEP, "  - ¦request\n" + STEP, "a step is expected", "- ask: request"),
    "due": Broken("due: 4bh", "due: ¦4 hours", "not a due time", "`4bh`"),
    "due of nothing": Broken("due: 4bh", "due: ¦0bh", "no time to act", "`4bh`"),
    "due at no time": Broken("due: 4bh", "due: ¦25:00", "not a due time", "`18:00`"),
    "rung": Broken("[50% owner, 150% manager]", "[50% owner, ¦late manager]", "not a rung", "`50% owner`"),
    "ladder going down": Broken("[50% owner, 150% manager]", "¦[150% owner, 50% manager]", "does not go up", "larger"),
    "ladder without due": Broken(
        "            due: 4bh\n            ladder", "            ¦ladder", "needs a due time", "due: 4bh"
    ),
    "policy missing": Broken(
        "            policy: in sequence\n", "", "how several approvers", "in sequence", at="by: [head, manager]"
    ),
    "policy unknown": Broken("policy: in sequence", "policy: ¦majority", "not a supported policy", "2 of 3"),
    "policy impossible": Broken("policy: in sequence", "policy: ¦3 of 2", "never be met", "at most"),
    "approver twice": Broken("by: [head, manager]", "by: ¦[head, head]", "stands twice", "once"),
    "case without when": Broken("        when: days > 5\n", "", "`when` is missing", "Add a line", at="case: long"),
    "no otherwise": Broken("      - otherwise: brief\n", "", "otherwise", "- otherwise: other", at="cases:"),
    "otherwise first": Broken("      - case: long", "      - ¦otherwise: none\n      - case: long", "never be taken", "the end"),
    "case twice": Broken("- otherwise: brief", "- ¦otherwise: long", "twice in this branch", "Rename it"),
    "back and ends": Broken(
        "        ends: refused", "        ends: refused\n        send_back_to: request", "both", "Keep one", at="refused:\n"
    ),
    "series": Broken("series: LV", "series: ¦lv-1", "number series", "`PO`"),
    "rule syntax": Broken("when: days > 5", "when: days ¦= 5", "cannot be read", "comparison"),
    "rule syntax in quotes": Broken("when: days > 5", 'when: "days > ¦)"', "cannot be read", "comparison"),
    "rule in a block": Broken("when: days > 5", "when: ¦|\n          days >\n          )", "cannot be read", "comparison"),
    "no phrase": Broken("[leave, छुट्टी]", "¦[]", "list is empty", "at least one"),
    "nobody starts": Broken("by: [anyone]", "by: ¦[]", "list is empty", "at least one"),
    "nobody approves": Broken("by: [head, manager]", "by: ¦[]", "list is empty", "at least one"),
    "nothing asked": Broken(
        "fields: [days, kind, first_day, agency_email, costs]", "fields: ¦[]", "list is empty", "at least one"
    ),
    "no cases": Broken(
        "      - otherwise: brief\n", "      - otherwise: brief\n  - branch: b\n    cases: ¦[]\n", "list is empty", "one"
    ),
    "phrase too long": Broken("[leave, छुट्टी]", "[leave, ¦" + "x" * 41 + "]", "40 characters", "few words"),
    **broken_whole.SHAPES,
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_each_problem_has_its_place_and_what_to_write(broken):
    text, line, column = broken.text()
    found = problems(text)
    assert (line, column) in {(at, col) for at, col, _, _ in found}, found
    assert any(
        (line, column) == (at, col) and broken.problem in problem and broken.hint in hint for at, col, problem, hint in found
    ), found


def test_all_problems_of_a_file_are_told_at_once_in_order():
    text = SOUND
    for broken in (BROKEN["prefix"], BROKEN["field type"], BROKEN["due"], BROKEN["rung"]):
        text = text.replace(broken.old, broken.new.replace("¦", ""))
    lines = [line for line, _, _, _ in problems(text)]
    assert len(lines) == 4
    assert lines == sorted(lines)


def test_a_file_that_is_no_table_or_too_much():
    assert "empty" in problems("")[0][2]
    assert "a flow file is expected" in problems("- a\n- b\n")[0][2]
    assert "nested" in problems("a: " + "[" * 5000)[0][2]
    assert "nested" in problems("- " * 3000)[0][2]
    assert "too large" in problems("a: " + "x" * 300_000)[0][2]
    assert "not text" in problems("flow: \x07")[0][2]


def _mutated(position: int, cut: int, put: str) -> str:
    start = position % len(SOUND)
    return SOUND[:start] + put + SOUND[start + cut :]


@given(position=st.integers(0, 10_000), cut=st.integers(0, 60), put=st.text("abc:-[]{}\n \"'|>&*!#%@`1é", max_size=8))
def test_no_file_makes_it_fall_over(position, cut, put):
    flow, found = check(_mutated(position, cut, put), "mutated.yaml")
    assert isinstance(flow, Flow) or any(problem.error for problem in found)
    assert all(problem.place.line >= 1 and problem.place.column >= 1 and problem.hint for problem in found)
