"""`baton chat`, `baton people import` and `baton audit`, as typed."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.config import Settings
from bot.terminal import chat
from storage import Database
from tests.conversations.purchase import Purchase
from tests.conversations.world import World

GOOD = """name,language,zone,roles,whatsapp,telegram,email
Hana Head,en,Asia/Kolkata,department_head;committee,98000 00010,,Hana@Example.com
Sam Store,hi,,store,,5000000099,
"""
BAD = """name,language,zone,roles,whatsapp,telegram,email
,en,,store,+919800000011,,
Zed Zone,en,Mars/Olympus,store,+919800000012,,
Nora Number,en,,store,12,,
Tom Telegram,en,,store,,@tom,
Mel Mail,en,,store,,,mel@
Ada Alone,en,,store,,,
Ben Both,en,,store,+919800000019,,
Bea Both,en,,store,+919800000019,,
"""


def talk(home: Path, lines: list[str], name: str = "Asha") -> list[str]:
    """What the terminal shows after each typed line."""
    shown: list[str] = []
    typed: Iterator[str] = iter(lines)

    def read(prompt: str) -> str:
        line = next(typed, None)
        if line is None:
            raise EOFError
        shown.append(f"> {line}")
        return line

    chat(Settings(_env_file=None, baton_home=home, baton_templates="purchase-approval"), name, read, shown.append)
    return "\n".join(shown).split("\n> ")


def test_chat_is_a_phone_in_the_terminal(home: Path, migrated_file: Path) -> None:
    shutil.copy(migrated_file, home / "baton.db")
    said = talk(
        home, ["menu", "/9", "/1", "1 pcs cupboard @ 8000", "Example Traders", "nonsense", "sales@example.net", "/1", "why"]
    )
    assert said[0] == "You are Asha. Write “menu” to begin; /1 taps the first button; Ctrl-D ends."
    assert "  /1 Purchase approval" in said[1]
    assert said[2] == "/9\nThere is no button 9."
    assert "PA-1001 · Purchase approval\nThank you, your request is recorded." in said[3]
    assert "This is not an e-mail address." in said[6]
    assert "  /1 Skip" in said[7]
    assert "question 5 of 8" in said[8]
    again = talk(home, ["mine", "Office"])
    assert "Waiting for you:\n· PA-1001 · Request" in again[1]
    assert "question 6 of 8" in again[2]


def test_chat_gives_no_roles_to_whoever_says_a_name(home: Path, migrated_file: Path) -> None:
    """A name on the command line is not proof of being that person."""
    shutil.copy(migrated_file, home / "baton.db")
    talk(home, ["menu"], name="Asha")
    talk(home, ["menu"], name="Manager")
    assert {name: found[2] for name, found in people(home).items()} == {"Asha": (), "Manager": ()}


@pytest.fixture
def cli(home: Path, monkeypatch: pytest.MonkeyPatch, migrated_file: Path) -> Any:
    """Runs `baton ...` on a business of its own."""
    shutil.copy(migrated_file, home / "baton.db")
    monkeypatch.chdir(home)
    for name, value in {"BATON_HOME": str(home), "BATON_SIMULATOR": "0"}.items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def people(home: Path) -> dict[str, tuple[Any, ...]]:
    database = Database.open(f"sqlite:///{home / 'baton.db'}", home)
    try:
        with database.read() as unit:
            found = {c.name: (c, unit.people.addresses(c.id)) for c in unit.people.all()}
    finally:
        database.close()
    return {name: (c.language, c.zone, c.roles, [(a.channel, a.value) for a in own]) for name, (c, own) in found.items()}


def test_people_are_imported_whole_and_again(cli: Any, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(GOOD)
    done = cli("people", "import", file)
    assert (done.exit_code, done.output.strip()) == (0, "2 added, 0 updated")
    assert people(home)["Hana Head"] == (
        "en", "Asia/Kolkata", ("committee", "department_head"), [("whatsapp", "+919800000010"), ("email", "hana@example.com")]
    )  # fmt: skip
    file.write_text(GOOD.replace("department_head;committee", "director").replace("Hana Head", "Hana Hall"))
    assert cli("people", "import", file).output.strip() == "0 added, 2 updated"
    assert people(home)["Hana Hall"][2] == ("director",)
    assert len(people(home)) == 2


def test_a_bad_file_tells_every_problem_and_stores_nothing(cli: Any, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(BAD)
    done = cli("people", "import", file)
    assert done.exit_code == 2
    for line, words in {2: "a name is missing", 3: "not a time zone", 4: "phone number", 5: "Telegram user id", 6: "mail address",
                        7: "has no address"}.items():  # fmt: skip
        assert re.search(rf"people\.csv:{line}: .*{words}", done.output), (line, done.output)
    assert "stands at both Ben Both and Bea Both" in done.output
    assert "Traceback" not in done.output
    assert people(home) == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("people.csv", "who,what\nx,y\n"),
        ("people.csv", ""),
        ("people.csv", "name,whatsapp\nÄ,\xff\n"),
        ("people.yaml", "{{{"),
        ("people.yaml", "name: not a list\n"),
        ("people.yaml", "- just a word\n"),
        ("people.yaml", "- name: A\n  addresses: {pigeon: x}\n"),
        ("people.yaml", "- name: A\n  addresses: [whatsapp]\n"),
        ("people.yaml", "- name: A\n  roles: 5\n  addresses: {email: a@example.com}\n"),
        ("missing.csv", None),
    ],
)
def test_no_broken_file_is_a_traceback(cli: Any, home: Path, tmp_path: Path, name: str, text: str | None) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_bytes(text.encode("latin-1"))
    done = cli("people", "import", file)
    assert done.exit_code == 2, done.output
    assert done.output.startswith("baton: ")
    assert people(home) == {}


def test_audit_finds_an_edited_event(world: World, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Purchase(world).up_to("budget")
    world.product.close()
    for name, value in {"BATON_HOME": str(home), "BATON_SIMULATOR": "0"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home)
    sound = CliRunner().invoke(app, ["audit", "--checkpoint", str(home / "check.json")])
    assert (sound.exit_code, "every chain is whole" in sound.output) == (0, True)
    with sqlite3.connect(home / "baton.db") as raw:
        raw.execute("UPDATE event SET actor = 'somebody' WHERE number = 2")
    raw.close()
    found = CliRunner().invoke(app, ["audit"])
    assert found.exit_code == 1
    assert "tampered: " in found.output
    assert found.output.rstrip().endswith("\n1 problem")
    with sqlite3.connect(home / "baton.db") as raw:
        raw.execute("DELETE FROM event WHERE number > 1")
    raw.close()
    against = CliRunner().invoke(app, ["audit", "--against", str(home / "check.json")])
    assert against.exit_code == 1
