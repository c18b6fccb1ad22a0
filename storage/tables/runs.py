"""Runs, who owns their open steps, their events, the documents given to them, and the checkpoints over all chains.

Status pages read the list columns of `run` through partial indexes over the open ones: a million ended runs cost them nothing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint
from sqlmodel import Field

from storage.tables.base import Base, Id, Sealed, Utc
from storage.tables.messages import partial

OPEN = "status = 'open'"
"""What the partial indexes of `run` are over. Queries write it out: SQLite does not see through a bound parameter."""


class Run(Base, table=True):
    """One run. `snapshot` is its fold as text of `storage.codec`, `version` counts its saves; `title` is sealed under the
    requester; `path`, `opened_at` and `due_at` are those of the open step due first (`due_at` the year 9999 where none is due);
    `court` says who is waited for: "us", "them" (people outside only) or "" once ended; `lookup_key` is a keyed hash or ""."""

    __tablename__ = "run"
    __table_args__ = (
        partial("ix_run_due", OPEN, "due_at", "id", "blocked", "status"),  # whole, so that counting reads no row
        partial("ix_run_requester", OPEN, "requester", "due_at", "id"),
        Index("ix_run_lookup", "flow", "lookup_key", "created_at"),
    )

    id: str = Field(primary_key=True)
    reference: str = Field(unique=True)
    flow: str
    flow_version_id: int = Field(sa_type=Id, foreign_key="flow_version.id")
    status: str
    outcome: str
    requester: str
    title: bytes = Field(sa_type=Sealed)
    path: str
    opened_at: datetime = Field(sa_type=Utc)
    due_at: datetime = Field(sa_type=Utc)
    blocked: bool
    court: str
    lookup_key: str
    created_at: datetime = Field(sa_type=Utc)
    ended_at: datetime | None = Field(default=None, sa_type=Utc)
    version: int
    snapshot: str


class RunOwner(Base, table=True):
    """A contact who can act now on an open step of a run. `place` keeps the order of owners over all its open steps."""

    __tablename__ = "run_owner"
    __table_args__ = (
        PrimaryKeyConstraint("run_id", "path", "contact_id"),
        Index("ix_run_owner_contact", "contact_id", "due_at", "run_id"),
    )

    run_id: str = Field(foreign_key="run.id")
    path: str
    contact_id: str
    place: int
    due_at: datetime = Field(sa_type=Utc)


class Event(Base, table=True):
    """An event of a run: link `number` (from 1) of the run's hash chain. `body` is text of `storage.codec`, ciphertext included;
    `id` counts over all runs and is never used twice, so that a checkpoint can say how far it reaches."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("run_id", "number"), {"sqlite_autoincrement": True})

    id: int = Field(default=None, sa_type=Id, primary_key=True)
    run_id: str = Field(foreign_key="run.id")
    number: int
    kind: str
    actor: str
    at: datetime = Field(sa_type=Utc)
    recorded_at: datetime = Field(sa_type=Utc)
    body: str
    hash: str


class Document(Base, table=True):
    """A file: its bytes sealed under `subject` on disk, its display name sealed here. `digest` is the SHA-256 of the bytes."""

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("subject", "digest"),)

    id: str = Field(primary_key=True)
    subject: str
    digest: str
    type: str
    size: int
    name: bytes = Field(sa_type=Sealed)
    created_at: datetime = Field(sa_type=Utc)


class Checkpoint(Base, table=True):
    """A Merkle root over the heads of all chains: `runs` chains with `events` links, up to event row `last`."""

    __tablename__ = "checkpoint"

    id: int = Field(default=None, sa_type=Id, primary_key=True)
    at: datetime = Field(sa_type=Utc)
    root: str
    runs: int
    events: int
    last: int = Field(sa_type=Id)
