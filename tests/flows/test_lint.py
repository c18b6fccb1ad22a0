"""Lint finds what is wrong beyond a file's shape: lost names, ways without end, rules that cannot work, labels that do not fit."""

import pytest

from flows.errors import FlowFileErrors
from flows.lint import RESERVED, lint, problems_of
from flows.loader import load
from prompts import words
from tests.flows import broken_whole
from tests.flows.broken import SOUND, Broken
from tests.flows.whole import WHOLE

LONG = "x" * 21
END = "  - end: granted\n    message: {en: Enjoy., hi: शुभ।}\n"
OUTCOME = "      done: {en: Done, hi: हो गया}\n"

ERRORS = {
    "summary for some roles only": Broken(
        "  days:\n", "  ¦days:\n    seen_by: [head]\n", "everybody sees the summary", "Leave it out of `summary`"
    ),
    "unknown field asked": Broken(
        "fields: [days, kind,", "fields: [¦dyas, days, kind,", "no field `dyas`", "Did you mean `days`?"
    ),
    "formula field asked": Broken("fields: [days, kind,", "fields: [¦total, days, kind,", "by a formula", "never asked"),
    "unknown document": Broken("documents: [note]", "documents: [note, ¦nota]", "no document `nota`", "`note`"),
    "unknown attachment": Broken("attach: [letter]", "attach: [¦leter]", "no document `leter`", "`letter`"),
    "unknown output": Broken("document: letter\n", "document: ¦certificate\n", "no document `certificate`", "letter, note"),
    "unknown owner": Broken("owner: head\n", "owner: ¦haed\n", "no role or participant `haed`", "`head`"),
    "unknown recipient": Broken("to: agency", "to: ¦agencies", "no role or participant `agencies`", "`agency`"),
    "participant approves": Broken("by: [head, manager]", "by: [¦agency, manager]", "no role `agency`", "head, manager"),
    "requester approves": Broken("by: [head, manager]", "by: [¦requester, manager]", "no role `requester`", "head, manager"),
    "unknown starter": Broken("by: [anyone]", "by: [¦everyone]", "no role `everyone`", "head, manager"),
    "unknown rung reader": Broken("150% manager]", "¦150% boss]", "no role `boss`", "head, manager"),
    "unknown check": Broken("checks: [short]", "checks: [¦shrot]", "no check `shrot`", "`short`"),
    "unknown anchor": Broken("due: 1d before first_day", "due: ¦1d before last_day", "no field `last_day`", "`first_day`"),
    "anchor is no date": Broken("due: 1d before first_day", "due: ¦1d before days", "not of type date", "type date"),
    "total of no lines": Broken("formula: total(costs)", "formula: ¦total(days)", "not of type lines", "type lines"),
    "total of nothing": Broken("formula: total(costs)", "formula: ¦total(cost)", "no field `cost`", "`costs`"),
    "address is no address": Broken("address: agency_email", "address: ¦kind", "not of type email or phone", "email or phone"),
    "unknown subject": Broken("personal: agency", "personal: ¦vendor", "no participant `vendor`", "agency, requester"),
    "back to nowhere": Broken("send_back_to: request", "send_back_to: ¦requets", "no step `requets`", "`request`"),
    "back to a later step": Broken("send_back_to: request", "send_back_to: ¦handover", "cannot send back", "request, papers"),
    "back to itself": Broken("send_back_to: request", "send_back_to: ¦by_head", "cannot send back", "request, papers"),
    "back to a branch": Broken("send_back_to: request", "send_back_to: ¦how_long", "cannot send back", "request, papers"),
    "outcome back into a case": Broken(
        "        ends: refused", "        send_back_to: ¦by_head", "cannot send back", "request, papers"
    ),
    "step twice": Broken("  - do: handover", "  - do: ¦request", "The step `request` is defined twice", "line 60"),
    "role twice": Broken(
        "  head: {en: Head", "  head: {en: X, hi: X}\n  ¦head: {en: Head", "The role `head` is defined twice", "line 9"
    ),
    "phrase twice": Broken("[leave, छुट्टी]", "[leave, ¦Leave]", "defined twice", "Rename it"),
    "no end": Broken(END, "", "does not end on every way", "Add an `end`", at="tell_agency"),
    "end in one case only": Broken(
        END,
        "  - branch: ¦last\n    cases:\n      - case: a\n        when: days > 1\n        steps:\n          - end: one\n"
        "            message: {en: One., hi: एक।}\n      - otherwise: b\n",
        "does not end on every way",
        "Add an `end`",
    ),
    "behind an end": Broken(
        END, END + "  - notify: ¦late\n    to: head\n    message: {en: Hi., hi: जी।}\n", "never reached", "before `granted`"
    ),
    "behind a branch that ends": Broken(
        END,
        "  - branch: last\n    cases:\n      - otherwise: b\n        steps:\n          - end: one\n"
        "            message: {en: One., hi: एक।}\n  - notify: ¦late\n    to: head\n    message: {en: Hi., hi: जी।}\n",
        "never reached",
        "before `last`",
    ),
    "unknown name in a rule": Broken("when: days > 5", "when: ¦dyas > 5", "reads `dyas`", "Did you mean `days`?"),
    "unknown guarded name": Broken("when: days > 5", 'when: ¦given("nome") && days > 5', "reads `nome`", "A rule can read"),
    "unknown document in a rule": Broken("when: days > 5", "when: ¦documents.nota > 0", "counts `nota`", "`note`"),
    "rule that is a number": Broken("when: days > 5", "when: ¦days", "does not give yes or no", "comparison"),
    "rule that is a text": Broken("rule: days <= 10", "rule: ¦kind", "does not give yes or no", "comparison"),
    "rule of other types": Broken("when: days > 5", "when: ¦kind > 5", "cannot work", "Compare numbers"),
    "rule behind an or": Broken("when: days > 5", "when: ¦days > 5 || kind > 5", "cannot work", "Compare numbers"),
    "rule that mixes whole and decimal": Broken("when: days > 5", "when: ¦days * 2 > 5", "cannot work", "amount * 2.0"),
    "rule with no such function": Broken("when: days > 5", "when: ¦larger(days, 5)", "cannot work", "spelling"),
    "minimum that is no count": Broken('"days > 2 ? 1 : 0"', '¦"days > 2"', "a whole number", "`2.0`"),
    "label too long": Broken("sick: {en: Sick,", f"¦sick: {{en: {LONG},", "21 characters (21 bytes)", "at most 20"),
    "label too long in Hindi": Broken(
        "hi: बीमारी}", "hi: " + "क" * 21 + "}", "21 characters (63 bytes)", "at most 20", at="sick:"
    ),
    "label of too many bytes": Broken(
        "hi: बीमारी}", "hi: " + "😀" * 17 + "}", "17 characters (68 bytes)", "64 bytes", at="sick:"
    ),
    "label of an outcome": Broken("label: {en: Refused,", f"label: {{en: {LONG},", "too long", "at most 20", at="refused:\n"),
    "label that is a command": Broken("sick: {en: Sick,", "¦sick: {en: Cancel,", "command", "other words"),
    "label that is a number": Broken("sick: {en: Sick,", "¦sick: {en: 2,", "number", "other words"),
    "label on two lines": Broken("sick: {en: Sick,", '¦sick: {en: "Si\\nck",', "WhatsApp refuses the label “Si ck”", "one line"),
    "label marked up": Broken("sick: {en: Sick,", '¦sick: {en: "*Sick*",', "WhatsApp refuses the label", "without *"),
    "label twice": Broken("other: {en: Other,", "¦other: {en: sick,", "also means another", "differ"),
    "label like another key": Broken("sick: {en: Sick,", "¦sick: {en: Other,", "also means another", "differ"),
    "too many choices": Broken(
        OUTCOME, "".join(f"      o{n}: {{en: O{n}, hi: ओ{n}}}\n" for n in range(10)), "11 choices", "two steps", at="refused:\n"
    ),
    "phrase that is an answer": Broken("[leave, छुट्टी]", "[leave, ¦Yes]", "easily an answer", "longer"),
    "phrase of a command": Broken("[leave, छुट्टी]", "[leave, ¦cancel leave]", "command", "another"),
    "unknown slot": Broken('en: "{days} days"', 'en: ¦"{dyas} days"', "nothing to put into `{dyas}`", "`days`"),
    "unknown number series": Broken("    series: LV\n", "", "nothing to put into `{LV}`", "A slot is one of", at='"Absent from'),
    "reserved field": Broken(
        "  costs:\n", "  ¦documents: {type: text, title: D, ask: D?}\n  costs:\n", "already means something", "documents_1"
    ),
    "reserved look-up": Broken(
        "  costs:\n", "  ¦same_vendor_7d: {type: text, title: D, ask: D?}\n  costs:\n", "already means", "_1"
    ),
    "reserved role": Broken(
        "  head: {en: Head", "  ¦owner: {en: Owner, hi: स}\n  head: {en: Head", "already means somebody", "another name"
    ),
    "role and participant": Broken(
        "  head: {en: Head", "  agency: {en: A, hi: ए}\n  head: {en: Head", "both a role", "Rename", at="agency:\n"
    ),
    "currency differs": Broken(
        "  total:\n    type: money\n    currency: INR",
        "  ¦total:\n    type: money\n    currency: USD",
        "differ in currency",
        "currency: INR",
    ),
    "no manager": Broken(
        "  manager: {en: Manager, hi: प्रबंधक}\n", "", "no role `manager`", "head", at="manager]\n            policy"
    ),
    **broken_whole.MEANING,
}

WARNINGS = {
    "idle role": Broken("  head: {en: Head", "  ¦clerk: {en: Clerk, hi: लिपिक}\n  head: {en: Head", "`clerk` has nothing to do", "remove it"),
    "idle document": Broken("documents:\n  note:", "documents:\n  ¦spare: {title: {en: S, hi: स}}\n  note:", "`spare`", "remove it"),
    "idle field": Broken("fields: [days, kind, first_day,", "fields: [days, kind,", "`first_day` is never asked", "remove it", at="first_day:"),
    "idle check": Broken("            checks: [short]\n", "", "`short` is never used", "remove it", at="short:"),
    "no due time": Broken("    due: 1bd\n", "", "no due time", "due: 1bd", at="request\n    title"),
    "notice too long": Broken('en: "{days} days"', 'en: "' + "x" * 1025 + '"', "WhatsApp cuts a notice after 1024", "shorter", at='{en: "xx'),
    "no Hindi": Broken("{en: Days, hi: दिन}", "¦{en: Days}", "missing in `hi`", "Add `hi: ...`"),
}  # fmt: skip


def test_a_sound_file_has_no_problems():
    assert problems_of(SOUND, "leave.yaml") == []
    assert problems_of(WHOLE, "visit.yaml") == []


@pytest.mark.parametrize("broken", ERRORS.values(), ids=ERRORS)
def test_each_error_has_its_place_and_what_to_write(broken):
    text, line, column = broken.text()
    found = problems_of(text, "leave.yaml")
    here = [p for p in found if (p.place.line, p.place.column) == (line, column)]
    assert any(p.error and broken.problem in p.problem and broken.hint in p.hint for p in here), [str(p) for p in found]
    with pytest.raises(FlowFileErrors, match=r"leave\.yaml:\d+:\d+: "):
        load(text, "leave.yaml")


@pytest.mark.parametrize("broken", WARNINGS.values(), ids=WARNINGS)
def test_a_warning_has_its_place_and_does_not_stop_the_flow(broken):
    text, line, column = broken.text()
    (found,) = problems_of(text, "leave.yaml")
    assert (found.place.line, found.place.column, found.error) == (line, column, False), str(found)
    assert broken.problem in found.problem
    assert broken.hint in found.hint
    assert load(text).id == "leave"


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_commands_and_opt_out_words_start_nothing(word):
    found = problems_of(SOUND.replace("[leave, छुट्टी]", f"[leave, {word.upper()}]"), "leave.yaml")
    assert any("command or opt-out word" in problem.problem for problem in found)


def test_the_words_that_conversations_take_are_reserved():
    taken = words.OPT_OUT | words.OPT_IN | words._PLAIN.keys()
    assert taken - {"?"} <= RESERVED
    assert {"help", "menu", "status", "mine", "cancel", "why", "stop", "start", "unsubscribe", "end", "quit"} <= RESERVED


def test_problems_print_as_place_problem_and_hint(tmp_path):
    path = tmp_path / "leave.yaml"
    path.write_text(SOUND.replace("owner: head", "owner: haed"))
    (found,) = lint(path)
    assert str(found) == f"{path}:90:12: There is no role or participant `haed`. Hint: Did you mean `head`?"
