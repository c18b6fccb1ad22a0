"""Statements compiled once for SQLite and run straight on the driver.

SQLAlchemy spends several times as long on a short statement as SQLite does. The statements of the hot path are constants, so what
SQLAlchemy works out for each execution (the SQL text, the order of parameters, the conversions of values) is worked out once and
kept. Anything else (PostgreSQL, statements built on the spot, IN lists) goes through SQLAlchemy as always, with the same answers.
"""

from __future__ import annotations

import collections
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, CursorResult, Executable
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, MultipleResultsFound, NoResultFound
from sqlalchemy.sql.compiler import SQLCompiler

Convert = Callable[[Any], Any]
Values = Mapping[str, Any]


class _Plan(NamedTuple):
    """`order` are the parameters as the SQL wants them: name, the value where the statement itself holds it, conversion.
    `columns` convert a row's values; `row` makes the row (None: the statement returns none)."""

    sql: str
    order: tuple[tuple[str, Any, Convert | None], ...]
    columns: tuple[Convert | None, ...]
    row: Callable[[Iterable[Any]], Any] | None


class Answer:
    """A finished statement's rows, in the words of SQLAlchemy's Result that repositories use."""

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self._rows, self.rowcount = rows, rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> list[Any]:
        return self._rows

    def first(self) -> Any:
        return self._rows[0] if self._rows else None

    def one_or_none(self) -> Any:
        if len(self._rows) > 1:
            raise MultipleResultsFound("more than one row was found where at most one was expected")
        return self.first()

    def one(self) -> Any:
        row = self.one_or_none()
        if row is None:
            raise NoResultFound("no row was found where one was expected")
        return row

    def scalar(self) -> Any:
        row = self.first()
        return None if row is None else row[0]

    def scalar_one(self) -> Any:
        return self.one()[0]

    def scalar_one_or_none(self) -> Any:
        row = self.one_or_none()
        return None if row is None else row[0]

    def scalars(self) -> Iterator[Any]:
        return (row[0] for row in self._rows)


_hot: dict[int, Executable] = {}
"""The statements marked by `hot`, which live as long as the process: their ids stay their own."""
_plans: dict[tuple[int, tuple[str, ...], bool], _Plan | None] = {}
"""By statement, parameter names, and whether many rows go at once."""

S = TypeVar("S", bound=Executable)


def hot(statement: S) -> S:
    """Mark a constant statement of the hot path, at module level; returns it."""
    _hot[id(statement)] = statement
    return statement


class Prepared:
    """A SQLAlchemy connection whose constant statements take the short way. It never begins, commits or rolls back."""

    def __init__(self, conn: Connection) -> None:
        self.connection = conn
        self.dialect = conn.dialect
        self._driver: sqlite3.Connection | None = None
        if conn.dialect.name == "sqlite":
            self._driver = conn.connection.driver_connection

    def execute(self, statement: Executable, values: Values | Sequence[Values] | None = None) -> Any:
        """As `Connection.execute`: an Answer, or SQLAlchemy's own result."""
        plan = self._plan(statement, values)
        if plan is None:
            return self.connection.execute(statement, values)
        return self._run(plan, values)

    def scalar(self, statement: Executable, values: Values | None = None) -> Any:
        return self.execute(statement, values).scalar()

    def scalars(self, statement: Executable, values: Values | None = None) -> Iterator[Any]:
        return iter(self.execute(statement, values).scalars())

    def exec_driver_sql(self, sql: str, values: Any = None) -> CursorResult[Any]:
        return self.connection.exec_driver_sql(sql, values)

    def _plan(self, statement: Executable, values: Values | Sequence[Values] | None) -> _Plan | None:
        if self._driver is None or not values or id(statement) not in _hot:
            return None
        many = not isinstance(values, Mapping)
        key = (id(statement), tuple(values[0] if many else values), many)  # type: ignore[index]
        if key not in _plans:
            _plans[key] = _compiled(statement, self.dialect, key[1], many)
        return _plans[key]

    def _run(self, plan: _Plan, values: Any) -> Answer:
        assert self._driver is not None
        try:
            if not isinstance(values, Mapping):
                cursor = self._driver.executemany(plan.sql, [_arguments(plan, row) for row in values])
            else:
                cursor = self._driver.execute(plan.sql, _arguments(plan, values))
            rows = cursor.fetchall() if plan.row is not None else []
        except sqlite3.Error as error:
            raise DBAPIError.instance(plan.sql, None, error, sqlite3.Error, hide_parameters=True) from error
        make, convert = plan.row, plan.columns
        if make is not None:
            rows = [make([v if c is None else c(v) for c, v in zip(convert, row, strict=True)]) for row in rows]
        return Answer(rows, cursor.rowcount)


def _arguments(plan: _Plan, values: Values) -> list[Any]:
    given = [values.get(name, own) for name, own, _ in plan.order]
    return [v if c is None else c(v) for v, (_, _, c) in zip(given, plan.order, strict=True)]


def _compiled(statement: Executable, dialect: Dialect, names: tuple[str, ...], many: bool) -> _Plan | None:
    """The plan of a statement, None where it cannot have one: its SQL depends on the values."""
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(names), for_executemany=many)  # type: ignore[attr-defined]
    if not isinstance(compiled, SQLCompiler) or compiled.post_compile_params or compiled.literal_execute_params:
        return None
    if compiled.insert_prefetch or compiled.update_prefetch:
        return None
    converts: Any = compiled._bind_processors
    own = compiled.construct_params(_check=False)
    order = tuple((name, own.get(name), converts.get(name)) for name in compiled.positiontup or ())
    if not compiled._result_columns:
        return _Plan(str(compiled), order, (), None)
    columns = tuple(column.type._cached_result_processor(dialect, None) for column in compiled._result_columns)
    return _Plan(str(compiled), order, columns, _row_type([column.keyname for column in compiled._result_columns]))


_tuple_type: Any = collections.namedtuple  # called with names that only the statement knows


def _row_type(names: list[str]) -> Callable[[Iterable[Any]], Any]:
    """A row read by attribute or by place, as SQLAlchemy's. A later column of the same name is read by place only."""
    distinct = [name if names.index(name) == place else f"{name}_{place}" for place, name in enumerate(names)]
    fields = [name if name.isidentifier() else f"column_{place}" for place, name in enumerate(distinct)]
    make: Callable[[Iterable[Any]], Any] = _tuple_type("Row", fields)._make
    return make
