"""`baton flow start`: one run for each row of a table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bot.starting import Starting, TableError, read_rows
from flows import Money
from flows.loader import load
from tests.conversations.conftest import MakeWorld
from tests.conversations.world import World

FLOW = """\
flow: dues
prefix: DU
title: Dues
summary: "{student}"
start: {phrases: [dues], by: [finance]}
alike: [student, due_on]
roles: {finance: Finance, manager: Manager}
fields:
  student: {type: text, title: {en: Student, hi: विद्यार्थी}, ask: Who?}
  fee: {type: money, currency: INR, title: Fee, ask: How much?}
  due_on: {type: date, title: Due on, ask: When?}
  tax: {type: money, currency: INR, title: Tax, formula: "percent(18, fee)"}
steps:
  - ask: facts
    title: Facts
    owner: requester
    due: 1bd
    fields: [student, fee, due_on]
  - do: collect
    title: Collect
    owner: finance
    due: 1bd
    instruction: Collect {fee} from {student}.
    outcomes: {done: Done}
  - end: over
    message: Over.
"""
TABLE = 'विद्यार्थी,fee,Due on\nRavi,"5,000",15/8/2026\n\nMeera,7500,2026-08-16\n'
TODAY = date(2026, 3, 2)


@pytest.fixture
def dues(new_world: MakeWorld, tmp_path: Path) -> tuple[World, Callable[[str, str], tuple[int, list[str]]]]:
    folder = tmp_path / "flows"
    folder.mkdir()
    (folder / "dues.yaml").write_text(FLOW, encoding="utf-8")
    world = new_world(baton_flows=folder)
    published = world.product.transitions.book.started_by("dues")
    assert published is not None

    def start(table: str, by: str) -> tuple[int, list[str]]:
        told: list[str] = []
        starting = Starting(world.product.database, world.product.transitions, world.clock, published)
        code = starting.all(read_rows(table, published.flow, TODAY), by, told.append)
        world.settle()
        return code, told

    return world, start


def test_a_run_a_row_and_whoever_has_the_next_step_is_asked(
    dues: tuple[World, Callable[[str, str], tuple[int, list[str]]]],
) -> None:
    world, start = dues
    assert start(TABLE, "Fay Finance") == (0, ["line 2: DU-1001", "line 4: DU-1002"])
    told = "\n".join(world.staff("Fay").texts)
    assert "Collect ₹5,000.00 from Ravi." in told
    assert "Collect ₹7,500.00 from Meera." in told


def test_the_same_table_given_twice_starts_nothing_twice(dues: tuple[World, Callable[[str, str], tuple[int, list[str]]]]) -> None:
    _, start = dues
    start(TABLE, "Fay Finance")
    again = start(TABLE + "Asha,100,17/8/2026\n", "Fay Finance")
    assert again == (0, [
        "line 2: left out, there is one like it already", "line 4: left out, there is one like it already", "line 5: DU-1003",
    ])  # fmt: skip


def test_who_may_not_start_it_starts_nothing(dues: tuple[World, Callable[[str, str], tuple[int, list[str]]]]) -> None:
    world, start = dues
    code, told = start(TABLE, "Hana Head")
    assert (code, told) == (1, ["line 2: not started: not_yours", "line 4: not started: not_yours"])
    with pytest.raises(ValueError, match="no one person called “Nobody”"):
        start(TABLE, "Nobody")
    assert not any("DU-" in text for text in world.staff("Fay").texts)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("", "line 1: the heading must name each field once, of these: student, fee, due_on"),
        ("Student,Wage\n", "Not known: Wage"),
        ("Student,student\n", "must name each field once"),
        ("Student,Tax\n", "Not known: Tax"),
        ("Student,fee\nRavi,much\nMeera,5 USD\n", "line 2, fee: "),
        ("Student,fee\nRavi\n", "line 2: 1 cells under 2 headings"),
    ],
)
def test_a_table_that_cannot_be_used_says_where(table: str, problem: str) -> None:
    with pytest.raises(TableError) as error:
        read_rows(table, load(FLOW), TODAY)
    assert problem in str(error.value)


def test_values_are_read_as_people_write_them() -> None:
    (first, second) = read_rows("\ufeff" + TABLE, load(FLOW), TODAY)
    assert (first.values["fee"], second.line) == (Money(5000, "INR"), 4)  # type: ignore[arg-type]
    assert first.values["due_on"] == date(2026, 8, 15)
