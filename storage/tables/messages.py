"""The three sets of lanes: messages in, messages out, slow work; and the provider ids of what went out.

`ready_at` is when a claim may take the row, and null once the row is finished: the partial indexes on it stay as small as the
backlog, however many finished rows there are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint, text
from sqlmodel import Field

from storage.tables.base import Base, Id, Json, Sealed, Utc


def partial(name: str, where: str, *columns: str) -> Index:
    """An index over the rows that meet `where` only."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Inbound(Base, table=True):
    """What a provider told us. `sender` is the blind index of (channel, sender); its subject is `address:<sender>`."""

    __tablename__ = "inbound"
    __table_args__ = (
        UniqueConstraint("channel", "account", "kind", "event_id"),
        partial("ix_inbound_ready", "ready_at IS NOT NULL", "ready_at", "id"),
        partial("ix_inbound_lane", "ready_at IS NOT NULL", "lane", "id"),
        partial("ix_inbound_parked", "state = 'parked'", "id"),
    )

    id: int = Field(default=None, sa_type=Id, primary_key=True)
    channel: str
    account: str
    kind: str
    event_id: str
    sender: str
    lane: str
    inbound: bytes = Field(sa_type=Sealed)
    raw: bytes = Field(sa_type=Sealed)
    received_at: datetime = Field(sa_type=Utc)
    state: str
    ready_at: datetime | None = Field(default=None, sa_type=Utc)
    fence: int
    attempts: int
    note: str


class Outbound(Base, table=True):
    """A message to one address, which is its lane. `status` and `rank` are the provider's last word on it."""

    __tablename__ = "outbound"
    __table_args__ = (
        partial("ix_outbound_ready", "ready_at IS NOT NULL", "ready_at", "id"),
        partial("ix_outbound_lane", "ready_at IS NOT NULL", "address_id", "id"),
        partial("ix_outbound_undelivered", "state IN ('failed', 'unknown', 'held')", "id"),
        partial("ix_outbound_run", "run_id <> ''", "run_id", "id"),
    )

    id: int = Field(default=None, sa_type=Id, primary_key=True)
    run_id: str
    contact_id: str
    address_id: str = Field(foreign_key="address.id")
    path: str
    attempt: int
    topic: str
    klass: str
    content: bytes = Field(sa_type=Sealed)
    state: str
    created_at: datetime = Field(sa_type=Utc)
    sent_at: datetime | None = Field(default=None, sa_type=Utc)
    ready_at: datetime | None = Field(default=None, sa_type=Utc)
    fence: int
    attempts: int
    status: str
    rank: int
    code: str
    problem: str


class OutboundId(Base, table=True):
    """A provider's id of a message of ours: what a quoted reply or a status callback names. Position 0 carries the buttons."""

    __tablename__ = "outbound_id"
    __table_args__ = (PrimaryKeyConstraint("message_id", "channel"),)

    message_id: str
    channel: str
    outbound_id: int = Field(sa_type=Id, foreign_key="outbound.id", index=True)
    position: int


class Work(Base, table=True):
    """Slow work of a step attempt. A null lane waits for nobody. `details` hold ids only, never personal values."""

    __tablename__ = "work"
    __table_args__ = (
        partial("ix_work_ready", "ready_at IS NOT NULL", "ready_at", "id"),
        partial("ix_work_lane", "ready_at IS NOT NULL", "lane", "id"),
        partial("ix_work_parked", "state = 'parked'", "id"),
    )

    id: int = Field(default=None, sa_type=Id, primary_key=True)
    run_id: str = Field(index=True)
    path: str
    attempt: int
    kind: str
    details: dict[str, Any] = Field(sa_type=Json)
    lane: str | None
    created_at: datetime = Field(sa_type=Utc)
    state: str
    ready_at: datetime | None = Field(default=None, sa_type=Utc)
    fence: int
    attempts: int
    note: str
