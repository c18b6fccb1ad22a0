"""All tables of the main database: importing this package fills `base.metadata`."""

from storage.tables import messages, people, runs, steps
from storage.tables.base import metadata

__all__ = ["messages", "metadata", "people", "runs", "steps"]
