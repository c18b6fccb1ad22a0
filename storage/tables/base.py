"""What all tables share: their metadata, and the column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, LargeBinary, MetaData, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMES)


class Base(SQLModel, registry=registry(metadata=metadata)):
    """Root of every table of the main database."""

    metadata = metadata


class Utc(TypeDecorator[datetime]):
    """An aware UTC time. Refuses naive times: a naive time is a mistake that shows only in another zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware")
        at = value.astimezone(UTC)
        return at.replace(tzinfo=None) if dialect.name == "sqlite" else at

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = BigInteger().with_variant(Integer, "sqlite")
"""A row number: SQLite counts by itself only in a column of exactly INTEGER."""

Json = JSON().with_variant(JSONB(), "postgresql")
Sealed = LargeBinary
"""Bytes sealed under a subject's key (see `storage.keys`)."""


def table(model: type[Any]) -> Table:
    """The Core table behind a model: statements are built on it, so that no object is made per row."""
    return cast(Table, model.__table__)
