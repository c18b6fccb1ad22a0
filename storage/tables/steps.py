"""What hangs on a step attempt (timers, button tokens), and the small registers: flow versions, counters, settings, shapes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, PrimaryKeyConstraint, UniqueConstraint
from sqlmodel import Field

from storage.tables.base import Base, Id, Json, Utc
from storage.tables.messages import partial


class Timer(Base, table=True):
    """`state` is live, fired or dropped. Planning again bumps `generation`, which a firing timer must match."""

    __tablename__ = "timer"
    __table_args__ = (
        UniqueConstraint("run_id", "path", "attempt", "rung"),
        partial("ix_timer_due", "state = 'live'", "due"),
    )

    id: int = Field(default=None, sa_type=Id, primary_key=True)
    run_id: str
    path: str
    attempt: int
    rung: str
    due: datetime = Field(sa_type=Utc)
    generation: int
    state: str
    planned_at: datetime = Field(sa_type=Utc)


class DecisionToken(Base, table=True):
    """What a button carries, kept as its SHA-256 only: the database cannot be read for working tokens."""

    __tablename__ = "decision_token"
    __table_args__ = (
        partial("ix_decision_token_outbound", "outbound_id IS NOT NULL", "outbound_id"),
        Index("ix_decision_token_expires_at", "expires_at"),
    )

    hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    purpose: str
    run_id: str
    path: str
    attempt: int
    contact_id: str
    choice: str
    data: dict[str, Any] = Field(sa_type=Json)
    expires_at: datetime = Field(sa_type=Utc)
    outbound_id: int | None = Field(default=None, sa_type=Id)


class FlowVersion(Base, table=True):
    """A published flow file, immutable. `children`: JSON of each flow that it starts to the flow_version id that it was published
    with, "" for none."""

    __tablename__ = "flow_version"
    __table_args__ = (UniqueConstraint("flow", "number"), UniqueConstraint("flow", "digest"))

    id: int = Field(default=None, sa_type=Id, primary_key=True)
    flow: str
    number: int
    digest: str
    source: str
    published_at: datetime = Field(sa_type=Utc)
    children: str = Field(default="", sa_column_kwargs={"server_default": ""})


class Booking(Base, table=True):
    """One seat of a slot in the diary of `resource` (a role), taken by a step attempt."""

    __tablename__ = "booking"
    __table_args__ = (UniqueConstraint("resource", "starts_at", "seat"),)

    id: int = Field(default=None, sa_type=Id, primary_key=True)
    resource: str
    starts_at: datetime = Field(sa_type=Utc)
    seat: int
    run_id: str = Field(index=True)
    path: str
    attempt: int


class Counter(Base, table=True):
    """The next free number of a series."""

    __tablename__ = "counter"

    series: str = Field(primary_key=True)
    following: int


class Setting(Base, table=True):
    __tablename__ = "setting"

    name: str = Field(primary_key=True)
    value: str


class Shape(Base, table=True):
    """A provider-side object made once per shape of message (a Content template's id)."""

    __tablename__ = "shape"
    __table_args__ = (PrimaryKeyConstraint("channel", "shape"),)

    channel: str
    shape: str
    provider_id: str
