"""`baton test`: what ships passes and visits everything; what is wrong is found, at its line."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.conversation import Conversation
from bot.rehearsal import Played, coverage, play, read_transcript
from bot.rehearsal.reading import read_text
from bot.timers import Timers
from flows.loader import TEMPLATES, load

FLOW = TEMPLATES / "purchase-approval.yaml"
SHIPPED = TEMPLATES / "purchase-approval.transcripts"
HEAD = 'about: x\nat: "2026-03-02 10:00"\npeople:\n  asha: {}\n  vera: {address: v@example.net}\nturns:\n'
SMALL, CHASED = SHIPPED / "01-up-to-10-thousand.yaml", SHIPPED / "13-nobody-is-forgotten.yaml"


@pytest.fixture(scope="module")
def flow():  # type: ignore[no-untyped-def]
    return load(FLOW)


@pytest.fixture(scope="module")
def shipped(flow) -> dict[str, Played]:  # type: ignore[no-untyped-def]
    """Every transcript that ships, played once."""
    found = {}
    for path in sorted(SHIPPED.glob("*.yaml")):
        script, problems = read_transcript(path, flow)
        assert script is not None, problems
        found[path.stem] = play(script, FLOW, flow)
    return found


def decided(plays) -> list:  # type: ignore[no-untyped-def, type-arg]
    return [tuple(event.decided) for one in plays for _, events in one.runs for event in events]


def played(text: str, flow) -> Played:  # type: ignore[no-untyped-def]
    script, problems = read_text(text, "changed.yaml", flow)
    assert script is not None, problems
    return play(script, FLOW, flow)


def test_all_that_ships_passes_and_visits_every_step_choice_and_case(shipped, flow) -> None:  # type: ignore[no-untyped-def]
    assert {name: one.failures for name, one in shipped.items() if one.failures} == {}
    found = coverage(flow, decided(shipped.values()))
    assert found.whole, (found.missing_steps, found.missing_choices)
    assert (len(found.steps), len(found.choices)) == (20, 37)


@pytest.mark.parametrize(
    ("left_out", "missing"),
    [
        ("08-no-budget", [("budget", "no_budget")]),
        ("06-committee-refuses", [("committee_approval", "reject")]),
        ("11-higher-total-refused", [("po_approval", "reject")]),
    ],
)
def test_coverage_names_the_choice_that_nobody_took(shipped, flow, left_out, missing) -> None:  # type: ignore[no-untyped-def]
    found = coverage(flow, decided(one for name, one in shipped.items() if name != left_out))
    assert (list(found.missing_choices), found.missing_steps) == (missing, ())


def test_coverage_names_steps_and_cases_never_reached(shipped, flow) -> None:  # type: ignore[no-untyped-def]
    found = coverage(flow, decided([shipped["08-no-budget"]]))
    assert set(found.missing_steps) == {step.id for step in flow.walk()} - {"request", "quotes", "completeness", "budget"}
    assert ("approval", "up_to_1_lakh") in found.missing_choices
    assert ("completeness", "complete") not in found.missing_choices


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("Which cost centre pays?", "Which shop pays?", "Asha Asker did not receive this."),
        ("{step: budget, owner: fay}", "{step: budget, owner: pia}", "PA-1001: the owner is another."),
        ("{step: match, owner: fay}", "{step: po_review}", "PA-1001: the step is another."),
        ('values: {amount: "10000"}', 'values: {amount: "10001"}', "PA-1001: amount has another value."),
        ("gstin: nothing", "gstin: 27ABCDE1234F1Z0", "PA-1001: gstin has another value."),
        ("outcome: completed,", "outcome: rejected,", "PA-1001: the outcome is another."),
        ("sam taps: All received", "sam taps: All recieved", "Sam Store sees no such button."),
        ('"[Approve] [Reject] [Send back]"', '"[Approve] [Send back]"', "Hana Head did not receive this."),
        (
            "asha: [\"Thank you. PA-1001 goes on.\", \"Next: Budget check, with Fay Finance, by today 14:00.\"]",
            "asha: [\"Next: Budget check, with Fay Finance, by today 14:00.\", \"Thank you. PA-1001 goes on.\"]",
            "Asha Asker did not receive this after the text before it.",
        ),
    ],
)  # fmt: skip
def test_a_wrong_expectation_is_found_at_its_line(flow, right: str, wrong: str, problem: str) -> None:  # type: ignore[no-untyped-def]
    text = SMALL.read_text(encoding="utf-8")
    line = text[: text.index(right)].count("\n") + 1
    failures = played(text.replace(right, wrong, 1), flow).failures
    assert [(failure.place.line, failure.problem) for failure in failures] == [(line, problem)]


def test_nothing_means_nothing(flow) -> None:  # type: ignore[no-untyped-def]
    text = HEAD + "  - asha says: hello\n    expect:\n      asha: nothing\n"
    (failure,) = played(text, flow).failures
    assert (failure.place.line, failure.problem) == (9, "Asha was to receive nothing.")
    assert failure.came[0].startswith("What would you like to do?")
    assert played(text.replace("asha: nothing", "vera: nothing"), flow).failures == ()


def test_what_came_is_told_beside_what_was_expected(flow) -> None:  # type: ignore[no-untyped-def]
    text = SMALL.read_text(encoding="utf-8").replace("Which vendor?", "Which seller?", 1)
    (failure,) = played(text, flow).failures
    assert failure.expected == "Which seller?"
    assert failure.came == ("PA-1001 · question 2 of 8\nWhich vendor?",)


def test_a_product_that_forgets_its_timers_fails_the_transcript_about_them(flow, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    assert played(CHASED.read_text(encoding="utf-8"), flow).failures == ()
    monkeypatch.setattr(Timers, "tick", lambda self: 0)
    failures = played(CHASED.read_text(encoding="utf-8"), flow).failures
    first = next(failure for failure in failures)
    assert first.expected.startswith("Reminder: PA-1001")
    assert first.came == ("nothing",)


def test_a_product_that_fails_inside_fails_the_turn(flow, monkeypatch, caplog) -> None:  # type: ignore[no-untyped-def]
    def broken(self: Conversation, *_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(Conversation, "handle", broken)
    (failure,) = played(SMALL.read_text(encoding="utf-8"), flow).failures
    assert failure.problem == "Baton itself failed here; the log above says why."
    assert "asha says: purchase" in SMALL.read_text(encoding="utf-8").splitlines()[failure.place.line - 1]
    assert "planted" in caplog.text


def test_the_clock_never_goes_back(flow) -> None:  # type: ignore[no-untyped-def]
    text = 'about: x\nat: "2026-03-02 10:00"\npeople:\n  asha: {}\nturns:\n  - clock: +1bd\n  - clock: "2026-03-02 11:00"\n'
    (failure,) = played(text, flow).failures
    assert (failure.place.line, failure.problem, failure.expected) == (
        7,
        "The clock cannot go back.",
        "a time after 2026-03-03 10:00",
    )


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "The file is empty."),
        ("about: x\nat: [\n", 3, 1, "This is not YAML"),
        (HEAD.replace("about", "abuot") + "  - asha says: hi\n", 1, 1, "Did you mean `about`?"),
        (HEAD.replace("2026-03-02 10:00", "10:00") + "  - asha says: hi\n", 2, 5, "The beginning needs a date."),
        (HEAD.replace("03-02", "02-30") + "  - asha says: hi\n", 2, 5, "`2026-02-30 10:00` is not a time."),
        (HEAD.replace("asha: {}", "asha: {roles: [finanse]}") + "  - asha says: hi\n", 4, 18, "Did you mean `finance`?"),
        (HEAD.replace("{address", "{roles: [store], address") + "  - asha says: hi\n", 5, 26, "an outside party"),
        (HEAD.replace("people", "country: QQ\npeople") + "  - asha says: hi\n", 3, 10, "holidays of `QQ` are not known"),
        (HEAD + "  - asa says: hi\n", 7, 5, "Did you mean `asha`?"),
        (HEAD + "  - asha say: hi\n", 7, 5, "Did you mean `says`?"),
        (HEAD + "  - asha says: hi\n    asha taps: Skip\n", 8, 5, "A turn is one thing"),
        (HEAD + "  - vera taps: Acknowledged\n", 7, 5, "Write `vera replies: Acknowledged`."),
        (HEAD + "  - asha sends: quote.exe\n", 7, 17, "`quote.exe` is not a file that can be sent here."),
        (HEAD + "  - clock: 4 hours\n", 7, 12, "`4 hours` is not a time."),
        (HEAD + "  - asha says: hi\n    state: {step: buget}\n", 8, 19, "Did you mean `budget`?"),
        (HEAD + "  - asha says: hi\n    state: {values: {amont: 1}}\n", 8, 22, "Did you mean `amount`?"),
        (HEAD + "  - asha says: hi\n    state: {status: done}\n", 8, 21, "Write one of: open, ended, cancelled."),
        (HEAD + "  - asha says: hi\n    expect: {asha: x, asha: y}\n", 8, 23, "`asha` stands twice here."),
        (HEAD + "  - asha says: hi\n    expect: {asha: []}\n", 8, 20, "`nothing` where none may"),
    ],
)
def test_a_transcript_that_cannot_be_read_says_where_and_what_to_write(flow, text, line, column, words) -> None:  # type: ignore[no-untyped-def]
    script, problems = read_text(text, "broken.yaml", flow)
    assert script is None
    assert [p for p in problems if words in str(p) and (p.place.line, p.place.column) == (line, column)], [
        str(p) for p in problems
    ]
    assert problems[0].place.line == line


def test_the_settings_of_the_business_are_never_touched(flow, monkeypatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """No database, channel or folder of the installation is opened, and nothing is left behind."""
    for name, value in {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "BATON_HOME": str(tmp_path / "home"), "TELEGRAM_BOT_TOKEN": "1:x",
        "BATON_ZONE": "America/New_York", "BATON_COUNTRY": "US",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    assert played(CHASED.read_text(encoding="utf-8"), flow).failures == ()
    assert list(scratch.iterdir()) == []
    assert not (tmp_path / "home").exists()


def test_the_command_says_what_failed_and_how_it_ended(tmp_path: Path) -> None:
    good, bad = SHIPPED / "08-no-budget.yaml", tmp_path / "bad.yaml"
    bad.write_text(good.read_text(encoding="utf-8").replace("you said “No budget”", "you said “No money”"), encoding="utf-8")
    line = 1 + good.read_text(encoding="utf-8").split("you said")[0].count("\n")
    run = CliRunner().invoke
    passed = run(app, ["test", "purchase-approval", str(good)])
    assert (passed.exit_code, passed.stdout.splitlines()[1]) == (0, "1 transcripts, 0 failed")
    assert run(app, ["test", str(FLOW), str(good), "--cover"]).exit_code == 1
    failed = run(app, ["test", str(FLOW), str(bad)])
    assert failed.exit_code == 1
    assert f"{bad}:{line}:12: Fay Finance did not receive this." in failed.stdout
    assert "expected  Thank you. PA-1001: you said “No money”." in failed.stdout
    assert "came  Thank you. PA-1001: you said “No budget”." in failed.stdout
    told = json.loads(run(app, ["test", str(FLOW), str(bad), "--json"]).stdout)
    assert (told["passed"], told["transcripts"][0]["failures"][0]["line"]) == (False, line)
    assert {"step": "budget", "choice": "send_back"} in told["coverage"]["missing_choices"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no-such-flow"], "there is no flow file no-such-flow"),
        ([str(FLOW), "none.yaml"], "there is no transcript none.yaml"),
    ],
)
def test_the_command_refuses_what_is_not_there(arguments: list[str], words: str) -> None:
    answer = CliRunner().invoke(app, ["test", *arguments])
    assert (answer.exit_code, words in answer.stderr) == (2, True)


def test_a_flow_of_ones_own_needs_transcripts_beside_it(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(FLOW.read_text(encoding="utf-8").replace("up_to_10_thousand", "petty"), encoding="utf-8")
    answer = CliRunner().invoke(app, ["test", str(own)])
    assert (answer.exit_code, "there are no transcripts for" in answer.stderr) == (2, True)
    beside = tmp_path / "own.transcripts"
    beside.mkdir()
    (beside / "small.yaml").write_text(SMALL.read_text(encoding="utf-8"), encoding="utf-8")
    told = json.loads(CliRunner().invoke(app, ["test", str(own), "--json"]).stdout)
    assert told["passed"]
    assert {"step": "approval", "choice": "petty"} not in told["coverage"]["missing_choices"]
