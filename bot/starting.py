"""`baton start`: one run for each row of a table, such as a list of fees that are due."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.book import FlowBook, Published
from bot.bootstrap import open_database
from bot.calendars import business_of
from bot.clock import Clock, SystemClock
from bot.config import Settings
from bot.facts import likeness
from bot.library import flow_files
from bot.transition import Transitions
from flows import Flow, InvalidValue, Refused, Value
from flows.loader import load
from flows.parse import parse
from prompts.words import normal
from storage import Database, Unit


class TableError(ValueError):
    """The table cannot be used: one line per problem, with its row and column. Nothing was started."""


@dataclass(frozen=True, slots=True)
class Row:
    """One run to be started; `line` counts the file's lines from 1."""

    line: int
    values: Mapping[str, Value]


def read_rows(text: str, flow: Flow, today: date) -> list[Row]:
    """The rows of a CSV text whose heading names fields (or their titles, in any language). Raises TableError with all problems."""
    reader = csv.reader(text.lstrip("\ufeff").splitlines())
    heading = next(reader, [])
    names = [_field(flow, title) for title in heading]
    unknown = [title for title, name in zip(heading, names, strict=True) if not name]
    if not heading or unknown or len(set(names)) < len(names):
        known = ", ".join(name for name, field in flow.fields.items() if not field.formula)
        raise TableError(
            f"line 1: the heading must name each field once, of these: {known}. Not known: {', '.join(unknown) or '-'}"
        )
    rows, problems = [], []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        values: dict[str, Value] = {}
        if len(cells) != len(names):
            problems.append(f"line {reader.line_num}: {len(cells)} cells under {len(names)} headings")
            continue
        for name, cell in zip(names, cells, strict=True):
            if cell.strip():
                try:
                    values[name] = parse(flow.fields[name], cell, today, "en")
                except InvalidValue as error:
                    problems.append(f"line {reader.line_num}, {name}: {error}")
        rows.append(Row(reader.line_num, values))
    if problems:
        raise TableError("\n".join(problems))
    return rows


def _field(flow: Flow, title: str) -> str:
    """The field that a heading names; "" for none, and for one that is worked out."""
    for name, field in flow.fields.items():
        if not field.formula and normal(title) in {normal(word) for word in (name, *field.title.by_language.values())}:
            return name
    return ""


def start(flow: str, table: Path, by: str, settings: Settings, write: Callable[[str], None]) -> int:
    """Start a run of `flow` for each row, in the name of the one person called `by`. 1 where a row was not started. A row that is
    alike one begun before (see `alike` in the flow) is left out, so that the same table can be given twice.

    Raises TableError, ValueError for a flow or person that is not there, OSError, storage.StorageError, flows.FlowError."""
    database = open_database(settings, beside=True)
    clock = SystemClock()
    try:
        book = FlowBook()
        found = book.put(database, flow_files(settings, load), clock.now()).in_force.get(flow)
        if found is None:
            raise ValueError(f"there is no flow {flow} in force. See `baton templates`, and BATON_TEMPLATES.")
        own = business_of(settings, clock.now().date())
        rows = read_rows(table.read_text(encoding="utf-8"), found.flow, own.calendar.local(clock.now()).date())
        return Starting(database, Transitions(book, own), clock, found).all(rows, by, write)
    finally:
        database.close()


@dataclass(slots=True)
class Starting:
    database: Database
    transitions: Transitions
    clock: Clock
    published: Published

    def all(self, rows: list[Row], by: str, write: Callable[[str], None]) -> int:
        """Each row in a unit of work of its own: what was started stays so, whatever comes after it."""
        requester, left = self._requester(by), 0
        for row in rows:
            try:
                told = self.database.write("run.start", self._starting(row, requester)).result()
            except Refused as refusal:
                told, left = f"not started: {refusal.details.get('problem') or refusal.code}", left + 1
            write(f"line {row.line}: {told}")
        return int(left > 0)

    def _requester(self, by: str) -> str:
        with self.database.read() as unit:
            found = [one.id for one in unit.people.find(by) if one.name.casefold() == by.casefold()]
        if len(found) != 1:
            raise ValueError(f"there is no one person called “{by}”: write the whole name, as in the people list.")
        return found[0]

    def _starting(self, row: Row, requester: str) -> Callable[[Unit], str]:
        def work(unit: Unit) -> str:
            flow, now = self.published.flow, self.clock.now()
            key = likeness(flow, row.values) if flow.alike else ""
            if key and unit.runs.alike(flow.id, key):
                return "left out, there is one like it already"
            return self.transitions.begin(unit, self.published, requester, row.values, now).reference

        return work
