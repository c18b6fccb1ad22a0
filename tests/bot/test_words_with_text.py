"""`comment` and `delegate` keep what follows the reference as it was written; anything less sure is no command."""

import pytest

from prompts import Command, read_command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("comment PA-1042 The Vendor called.", Command("comment", "PA-1042", "The Vendor called.")),
        ("Comment pa-1042: two\nlines!", Command("comment", "PA-1042", "two\nlines!")),
        ("/comment PA-1042 x", Command("comment", "PA-1042", "x")),
        ("टिप्पणी PA-1042 ठीक है", Command("comment", "PA-1042", "ठीक है")),
        ("comment PA-1042", Command("comment", "PA-1042")),
        ("comment", None),
        ("Delegate", None),
        ("delegate PA-1042 to Hana Head", Command("delegate", "PA-1042", "to Hana Head")),
        ("Reassign PA-1042 from A to B", Command("delegate", "PA-1042", "from A to B")),
        ("comment on the price", None),
        ("delegate it to Hana", None),
        ("no comment PA-1042", None),
    ],
)
def test_commands_with_text(text: str, command: Command | None) -> None:
    assert read_command(text) == command
