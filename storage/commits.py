"""The one place where storage commits. Crash tests stop the process at the points named here."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import RootTransaction

Reach = Callable[[str], None]
"""Called with a point's name: `before:commit:<name>`, `after:commit:<name>`."""


def nowhere(point: str) -> None:
    """The production `Reach`: does nothing."""


def commit(transaction: RootTransaction, names: Iterable[str], reach: Reach) -> None:
    """Commit, telling `reach` right before and right after, once for each distinct name."""
    distinct = tuple(dict.fromkeys(names))
    for name in distinct:
        reach(f"before:commit:{name}")
    transaction.commit()
    for name in distinct:
        reach(f"after:commit:{name}")
