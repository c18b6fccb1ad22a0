"""`baton lint --people`: roles, addresses and committees that nobody of the business fills, at their place in the file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.people import person, store
from bot.staffing import unstaffed
from storage import Database
from tests.flows.broken import SOUND
from tests.flows.whole import WHOLE

NOW = datetime(2026, 3, 2, 4, 30, tzinfo=UTC)
PEOPLE = [
    {"name": "Eva", "roles": ["engineer", "head"], "addresses": {"email": "asha@example.net"}},
    {"name": "Sam", "roles": ["store", "manager"], "addresses": {"whatsapp": "+919812345678"}},
]


def told(home: Path, text: str) -> list[tuple[int, int, str]]:
    database = Database.open(f"sqlite:///{home / 'baton.db'}", home)
    try:
        store(database, [person(row) for row in PEOPLE], NOW)
        found = unstaffed(database, {"x.yaml": text, "broken.yaml": "flow: x\n"}, NOW)
        assert not any(problem.error for problem in found)
        return [(problem.place.line, problem.place.column, problem.problem) for problem in found]
    finally:
        database.close()


def at(text: str, words: str) -> tuple[int, int]:
    before = text.partition(words)[0]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def test_roles_and_addresses_without_people_are_named(tmp_path: Path) -> None:
    assert told(tmp_path, WHOLE) == [
        (*at(WHOLE, "accounts: {en: Accounts"), "Nobody holds the role `accounts`."),
        (*at(WHOLE, "looked_through"), "Nobody has the address +919876543210."),
    ]


def test_a_committee_that_is_too_small_is_named(tmp_path: Path) -> None:
    three = SOUND.replace("policy: in sequence", "policy: 3 of 3")
    assert told(tmp_path, three) == [(*at(three, "by_head"), "`by_head` needs 3 people, and 2 could decide.")]
    assert told(tmp_path, three.replace("3 of 3", "2 of 3")) == []


def test_the_command_looks_at_people_only_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATON_HOME", str(tmp_path / "home"))
    (tmp_path / "leave.yaml").write_text(SOUND, encoding="utf-8")
    plain = CliRunner().invoke(app, ["lint", str(tmp_path / "leave.yaml")])
    assert (plain.exit_code, plain.stdout, (tmp_path / "home").exists()) == (0, "", False)
    asked = CliRunner().invoke(app, ["lint", "--people", str(tmp_path / "leave.yaml")])
    assert asked.exit_code == 0
    assert "Nobody holds the role `head`." in asked.stdout
    assert "Nobody holds the role `manager`." in asked.stdout


def test_the_command_looks_at_the_files_beside(tmp_path: Path) -> None:
    (tmp_path / "visit.yaml").write_text(WHOLE, encoding="utf-8")
    answer = CliRunner().invoke(app, ["lint", str(tmp_path / "visit.yaml")])
    assert answer.exit_code == 1
    assert "There is no flow `item-line`." in answer.stdout
