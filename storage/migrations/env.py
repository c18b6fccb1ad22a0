"""What Alembic runs. Used with a connection that is inside a transaction; whoever opened it commits."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlmodel.sql.sqltypes import AutoString

from storage.tables import metadata
from storage.tables.base import Utc


def render_item(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Column types as a migration names them, so that it can be read without our tables."""
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    if kind == "type" and isinstance(item, Utc):
        return "Utc()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=render_item,
    compare_type=True,
)
context.run_migrations()
