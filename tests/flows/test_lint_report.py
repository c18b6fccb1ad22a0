"""Problems as text with a caret, JSON, SARIF and GitHub annotations; and the exit codes of `baton lint`."""

import json

import pytest
from typer.testing import CliRunner

from bot.cli import app
from flows.lint import Place, Problem, problems_of
from flows.lint.report import Format, render
from tests.flows.broken import SOUND

BROKEN = SOUND.replace("owner: head", "owner: haed").replace("{en: Days, hi: दिन}", "{en: Days}")  # an error and a warning


def at(line: int, column: int, file: str = "a.yaml", error: bool = True) -> Problem:
    return Problem(file, Place(line, column), "Wrong.", "Mend it.", error)


def caret(text: str, column: int) -> tuple[str, str]:
    """The shown line and what stands below it, without their margins."""
    _, line, below = render([at(1, column)], {"a.yaml": text}).split("\n")
    return line.removeprefix("  1 | "), below.removeprefix("    | ")


def test_the_line_is_shown_with_a_caret_below_the_column():
    found = render(problems_of(BROKEN, "leave.yaml"), {"leave.yaml": BROKEN}).split("\n")
    assert found[3:] == [
        "leave.yaml:90:12: There is no role or participant `haed`. Hint: Did you mean `head`?",
        "  90 |     owner: haed",
        "     |            ^",
    ]


@pytest.mark.parametrize(
    ("text", "column", "shown", "width"),
    [
        ("\tdue: x", 7, " due: x", 6),  # a tab is shown as one space
        ("हिन्दी: x", 9, "हिन्दी: x", 7),  # a sign that joins two letters takes no room
        ("本: x", 4, "本: x", 4),  # wide characters take two columns
        ("a\x1b[31m: x", 8, "a\ufffd[31m: x", 7),  # nothing reaches the terminal as a command
        ("a\u202eb: x", 5, "a\ufffdb: x", 4),  # nor turns the direction of writing
    ],
)
def test_the_caret_stands_below_what_is_seen(text, column, shown, width):
    assert caret(text, column) == (shown, " " * width + "^")


def test_a_long_line_is_shown_around_the_problem():
    line, below = caret("a" * 5000 + "!" + "b" * 5000, 5001)
    assert len(line) == 120
    assert line[below.index("^")] == "!"


@pytest.mark.parametrize("place", [(9, 1), (2, 1)], ids=["no such line", "an empty line"])
def test_no_snippet_where_there_is_nothing_to_show(place):
    assert render([at(*place)], {"a.yaml": "flow: x\n\n"}) == f"a.yaml:{place[0]}:{place[1]}: Wrong. Hint: Mend it."


def test_json_has_a_record_for_each_problem():
    found = json.loads(render(problems_of(BROKEN, "leave.yaml"), {}, Format.JSON))
    assert found[1] == {
        "file": "leave.yaml",
        "line": 90,
        "column": 12,
        "severity": "error",
        "problem": "There is no role or participant `haed`.",
        "hint": "Did you mean `head`?",
    }
    assert [record["severity"] for record in found] == ["warning", "error"]
    assert json.loads(render([], {}, Format.JSON)) == []


def test_sarif_has_the_shape_that_2_1_0_asks_for():
    log = json.loads(render([at(3, 5, "my flows/a.yaml"), at(1, 1, "/tmp/b.yaml", error=False)], {}, Format.SARIF))
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    (run,) = log["runs"]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert run["tool"]["driver"]["name"] == "Baton"
    assert [(r["level"], r["ruleId"] in rules, r["message"]) for r in run["results"]] == [
        ("error", True, {"text": "Wrong. Mend it."}),
        ("warning", True, {"text": "Wrong. Mend it."}),
    ]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert [place["artifactLocation"]["uri"] for place in places] == ["my%20flows/a.yaml", "file:///tmp/b.yaml"]
    assert places[0]["region"] == {"startLine": 3, "startColumn": 5}
    assert json.loads(render([], {}, Format.SARIF))["runs"][0]["results"] == []


def test_github_notes_escape_what_would_end_them():
    problem = Problem("a,b:c.yaml", Place(3, 5), "50%\nleft.", "Mend: it.", error=False)
    assert render([problem], {}, Format.GITHUB) == "::warning file=a%2Cb%3Ac.yaml,line=3,col=5::50%25%0Aleft. Mend: it."


@pytest.mark.parametrize("format", Format)
def test_the_exit_code_is_1_only_on_errors(tmp_path, format):
    (tmp_path / "error.yaml").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "warning.yaml").write_text(BROKEN.replace("haed", "head"), encoding="utf-8")
    wrong, warned = (
        CliRunner().invoke(app, ["lint", str(tmp_path / f"{name}.yaml"), "--format", format]) for name in ("error", "warning")
    )
    assert (wrong.exit_code, warned.exit_code) == (1, 0)
    assert "haed" in wrong.stdout
    assert "missing in `hi`" in warned.stdout


def test_a_file_that_is_not_there_is_said_plainly():
    found = CliRunner().invoke(app, ["lint", "nowhere.yaml"])
    assert (found.exit_code, found.stderr) == (2, "baton: nowhere.yaml: No such file or directory\n")
