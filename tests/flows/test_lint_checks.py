"""Each of lint's checks is needed: without it a broken file would pass."""

import pytest

from flows.lint import checks, problems_of
from tests.flows import test_lint
from tests.flows.broken import Broken

ALL = {**test_lint.ERRORS, **test_lint.WARNINGS}
# Every check, with a broken file that only it finds.
FINDS = {
    "check_references": "unknown field asked",
    "check_buttons": "label too long",
    "check_start": "phrase of a command",
    "check_names": "reserved field",
    "check_formulas": "formulas in a circle",
    "check_ways": "behind an end",
    "check_loops": "loop without a way out",
    "check_order": "not by a later step",
    "check_rules": "outcome that it never has",
    "check_slots": "unknown slot",
    "check_summary": "summary for some roles only",
    "check_languages": "no Hindi",
    "check_lengths": "notice too long",
    "check_unused": "idle role",
}


def found(broken: Broken) -> bool:
    text, line, column = broken.text()
    return any(
        (p.place.line, p.place.column) == (line, column) and broken.problem in p.problem and broken.hint in p.hint
        for p in problems_of(text, "x.yaml")
    )


def test_every_check_is_among_them():
    assert [look.__name__ for look in (*checks._ALWAYS, *checks._OF_SOUND)] == list(FINDS)


@pytest.mark.parametrize(("look", "broken"), FINDS.items(), ids=FINDS)
def test_without_it_a_broken_file_passes(monkeypatch, look, broken):
    assert found(ALL[broken])
    for name in ("_ALWAYS", "_OF_SOUND"):
        monkeypatch.setattr(checks, name, tuple(one for one in getattr(checks, name) if one.__name__ != look))
    assert not found(ALL[broken])


@pytest.mark.parametrize(
    ("name", "broken"),
    [("_pauses", "loop that never rests"), ("_ways", "loop without a way out"), ("_ways", "outcomes that all send back")],
)
def test_a_loop_check_that_always_agreed_would_be_found(monkeypatch, name, broken):
    assert found(ALL[broken])
    monkeypatch.setattr(f"flows.lint.loops.{name}", lambda of: {"on"} if name == "_ways" else True)
    assert not found(ALL[broken])
