"""Who there is and how to reach them. Names and address values are sealed; a blind index finds them by exact value."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlmodel import Field

from storage.tables.base import Base, Id, Sealed, Utc


class Contact(Base, table=True):
    """A human. `number` keeps the order in which they were added: roles are asked in that order."""

    __tablename__ = "contact"

    number: int = Field(default=None, sa_type=Id, primary_key=True)
    id: str = Field(unique=True)
    name: bytes = Field(sa_type=Sealed)
    name_index: str = Field(index=True)
    language: str
    zone: str
    suspended: bool
    created_at: datetime = Field(sa_type=Utc)


class Address(Base, table=True):
    """An opaque id on one channel. It stays with its contact: `value_index` is unique."""

    __tablename__ = "address"

    number: int = Field(default=None, sa_type=Id, primary_key=True)
    id: str = Field(unique=True)
    contact_id: str = Field(foreign_key="contact.id", index=True)
    channel: str
    value: bytes = Field(sa_type=Sealed)
    value_index: str = Field(unique=True)
    account: str
    opted_out: bool
    created_at: datetime = Field(sa_type=Utc)


class Membership(Base, table=True):
    """A contact holds a role."""

    __tablename__ = "membership"
    __table_args__ = (PrimaryKeyConstraint("role", "contact_id"),)

    role: str
    contact_id: str = Field(foreign_key="contact.id", index=True)


class Leave(Base, table=True):
    """A contact is away from `starts_at` until before `ends_at`. `cover` stands in: a contact id or a role, as `cover_kind` says
    ("person", "role"); `most` and `currency` cap it ("" and "": for everything)."""

    __tablename__ = "leave"

    id: int = Field(default=None, sa_type=Id, primary_key=True)
    contact_id: str = Field(foreign_key="contact.id", index=True)
    starts_at: datetime = Field(sa_type=Utc)
    ends_at: datetime = Field(sa_type=Utc, index=True)
    cover_kind: str
    cover: str
    most: str
    currency: str


class Conversation(Base, table=True):
    """What we know of the talk at one address: when they last wrote, which run they are on, how often we did not understand, and
    what half-said decision (ids only) waits for its reason."""

    __tablename__ = "conversation"

    id: str = Field(primary_key=True)
    address_id: str = Field(foreign_key="address.id", unique=True)
    last_inbound_at: datetime | None = Field(default=None, sa_type=Utc)
    misses: int
    focus_run: str
    focus_until: datetime | None = Field(default=None, sa_type=Utc)
    expecting: str = Field(default="")
    expecting_until: datetime | None = Field(default=None, sa_type=Utc)


class Consent(Base, table=True):
    """Append-only: every opting out and in, with where it came from."""

    __tablename__ = "consent"
    __table_args__ = (Index(None, "address_id", "id"),)

    id: int = Field(default=None, sa_type=Id, primary_key=True)
    address_id: str = Field(foreign_key="address.id")
    given: bool
    source: str
    at: datetime = Field(sa_type=Utc)


class Proof(Base, table=True):
    """What a contact can show to prove that it is them: a PIN, and a code that was sent to them for one decision. Both as sealed
    scrypt hashes, b"" for none. `wrong` counts since the last right one; nothing is checked until `locked_until`."""

    __tablename__ = "proof"

    contact_id: str = Field(primary_key=True, foreign_key="contact.id")
    pin: bytes = Field(sa_type=Sealed)
    code: bytes = Field(sa_type=Sealed)
    code_until: datetime | None = Field(default=None, sa_type=Utc)
    wrong: int
    locked_until: datetime | None = Field(default=None, sa_type=Utc)
