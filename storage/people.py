"""People, their addresses and roles, and their consent."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from storage.errors import AddressTaken
from storage.keys import address_subject
from storage.prepared import hot
from storage.repository import Repository
from storage.rows import Address, Contact
from storage.tables import people as tables
from storage.tables.base import table

CONTACT, ADDRESS, MEMBERSHIP = table(tables.Contact), table(tables.Address), table(tables.Membership)
CONVERSATION, CONSENT = table(tables.Conversation), table(tables.Consent)

TALKS = select(
    ADDRESS,
    CONVERSATION.c.id.label("conversation_id"),
    *(CONVERSATION.c[name] for name in ("last_inbound_at", "misses", "focus_run", "focus_until", "expecting", "expecting_until")),
).join(CONVERSATION, CONVERSATION.c.address_id == ADDRESS.c.id)
BY_VALUE = hot(TALKS.where(ADDRESS.c.value_index == bindparam("blind")))
BY_ID = hot(TALKS.where(ADDRESS.c.id == bindparam("address_id")))
OF_CONTACT = hot(
    TALKS.where(ADDRESS.c.contact_id == bindparam("contact_id")).order_by(
        CONVERSATION.c.last_inbound_at.desc().nulls_last(), ADDRESS.c.number
    )
)
ROLES = select(MEMBERSHIP.c.contact_id, MEMBERSHIP.c.role)
HOLDERS = hot(
    select(MEMBERSHIP.c.contact_id)
    .join(CONTACT, CONTACT.c.id == MEMBERSHIP.c.contact_id)
    .where(MEMBERSHIP.c.role == bindparam("role"), CONTACT.c.suspended.is_(False))
    .order_by(CONTACT.c.number)
)
ONE = hot(
    select(CONTACT, MEMBERSHIP.c.role)
    .outerjoin(MEMBERSHIP, MEMBERSHIP.c.contact_id == CONTACT.c.id)
    .where(CONTACT.c.id == bindparam("contact_id"))
    .order_by(MEMBERSHIP.c.role)
)
JOIN_ROLE = upsert(MEMBERSHIP).on_conflict_do_nothing()


class People(Repository):
    """Contacts and addresses read in a unit of work are remembered until it changes anybody."""

    def add(
        self,
        name: str,
        language: str = "en",
        zone: str = "",
        roles: Iterable[str] = (),
        addresses: Iterable[tuple[str, str]] = (),
        *,
        now: datetime,
        contact_id: str = "",
    ) -> Contact:
        """Add a contact with its roles and (channel, value) addresses. Raises AddressTaken."""
        self.transaction.forget_people()
        contact = Contact(contact_id or uuid.uuid4().hex, name, language, zone, tuple(sorted(set(roles))), suspended=False)
        values = {"id": contact.id, "language": language, "zone": zone, "suspended": False, "created_at": now}
        sealed = {"name": self.seal_text(contact.id, name), "name_index": self._name_index(name)}
        self.conn.execute(insert(CONTACT), values | sealed)
        self._join(contact.id, contact.roles)
        for channel, value in addresses:
            self.link(contact.id, channel, value, now)
        return contact

    def contact(self, contact_id: str) -> Contact | None:
        read: dict[tuple[str, str], Contact | None] = self.transaction.people_read
        if (key := ("contact", contact_id)) not in read:
            read[key] = self._one(contact_id)
        return read[key]

    def _one(self, contact_id: str) -> Contact | None:
        rows = self.conn.execute(ONE, {"contact_id": contact_id}).all()
        if not rows:
            return None
        r, roles = rows[0], tuple(row.role for row in rows if row.role is not None)
        return Contact(r.id, self.open_text(r.id, r.name), r.language, r.zone, roles, r.suspended)

    def by_address(self, channel: str, value: str) -> Address | None:
        """The address with exactly that value."""
        row = self.conn.execute(BY_VALUE, {"blind": self.keys.blind(channel, value)}).one_or_none()
        return None if row is None else self._address(row)

    def address(self, address_id: str) -> Address | None:
        row = self.conn.execute(BY_ID, {"address_id": address_id}).one_or_none()
        return None if row is None else self._address(row)

    def addresses(self, contact_id: str) -> tuple[Address, ...]:
        """A contact's addresses, the most recently heard from first, then in the order added."""
        read: dict[tuple[str, str], tuple[Address, ...]] = self.transaction.people_read
        if (key := ("addresses", contact_id)) not in read:
            read[key] = tuple(self._address(row) for row in self.conn.execute(OF_CONTACT, {"contact_id": contact_id}))
        return read[key]

    def meet(self, channel: str, value: str, account: str, name: str, now: datetime) -> Address:
        """The address of somebody who wrote to `account`; a stranger becomes a participant, never staff. Safe twice."""
        known = self.by_address(channel, value)
        if known is None:
            # No further look before the insert: whoever met them first makes it fail, and this unit run again.
            known = self._attach(self.add(name, now=now).id, channel, value, now)
        if account and known.account != account:
            self.transaction.forget_people()
            self.conn.execute(update(ADDRESS).where(ADDRESS.c.id == known.id).values(account=account))
            known = self._known(known.id)
        return known

    def link(self, contact_id: str, channel: str, value: str, now: datetime) -> Address:
        """Give a contact one more address. Safe twice. Raises AddressTaken where another contact has it."""
        known = self.by_address(channel, value)
        if known is not None and known.contact_id != contact_id:
            raise AddressTaken(known.contact_id)
        return known or self._attach(contact_id, channel, value, now)

    def holders(self, roles: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Who holds each of `roles` now, suspended people left out, in the order in which they were added."""
        return {role: tuple(self.conn.execute(HOLDERS, {"role": role}).scalars()) for role in roles}

    def set_roles(self, contact_id: str, roles: Iterable[str]) -> None:
        """Exactly these from now on."""
        self.transaction.forget_people()
        self.conn.execute(delete(MEMBERSHIP).where(MEMBERSHIP.c.contact_id == contact_id))
        self._join(contact_id, roles)

    def suspend(self, contact_id: str, suspended: bool = True) -> None:
        """A suspended contact holds no role."""
        self.transaction.forget_people()
        self.conn.execute(update(CONTACT).where(CONTACT.c.id == contact_id).values(suspended=suspended))

    def rename(self, contact_id: str, name: str) -> None:
        sealed = {"name": self.seal_text(contact_id, name), "name_index": self._name_index(name)}
        self.transaction.forget_people()
        self.conn.execute(update(CONTACT).where(CONTACT.c.id == contact_id).values(**sealed))

    def find(self, text: str) -> tuple[Contact, ...]:
        """Contacts whose whole name or one of whose roles is `text`, letter case aside."""
        holds = select(MEMBERSHIP.c.contact_id).where(func.lower(MEMBERSHIP.c.role) == text.strip().casefold())
        return self._contacts((CONTACT.c.name_index == self._name_index(text)) | CONTACT.c.id.in_(holds))

    def all(self) -> tuple[Contact, ...]:
        """Everybody, in the order in which they were added."""
        return self._contacts()

    def opt_out(self, address_id: str, now: datetime, source: str) -> None:
        """Nothing goes to this address any more. `source` says where the wish came from."""
        self._consent(address_id, False, now, source)

    def opt_in(self, address_id: str, now: datetime, source: str) -> None:
        self._consent(address_id, True, now, source)

    def subjects(self, contact_id: str) -> tuple[str, ...]:
        """Every key that must go where this contact is erased: their own, and that of each address they wrote from."""
        blinds = self.conn.execute(select(ADDRESS.c.value_index).where(ADDRESS.c.contact_id == contact_id)).scalars()
        return (contact_id, *(address_subject(blind) for blind in blinds))

    def _attach(self, contact_id: str, channel: str, value: str, now: datetime) -> Address:
        self.transaction.forget_people()
        address_id = uuid.uuid4().hex
        values = {"id": address_id, "contact_id": contact_id, "channel": channel, "account": "", "opted_out": False}
        sealed = {"value": self.seal_text(contact_id, value), "value_index": self.keys.blind(channel, value)}
        self.conn.execute(insert(ADDRESS), values | sealed | {"created_at": now})
        talk = {"id": uuid.uuid4().hex, "address_id": address_id, "misses": 0, "focus_run": "", "expecting": ""}
        self.conn.execute(insert(CONVERSATION), talk)
        return self._known(address_id)

    def _consent(self, address_id: str, given: bool, now: datetime, source: str) -> None:
        self.transaction.forget_people()
        self.conn.execute(insert(CONSENT), {"address_id": address_id, "given": given, "source": source, "at": now})
        self.conn.execute(update(ADDRESS).where(ADDRESS.c.id == address_id).values(opted_out=not given))

    def _join(self, contact_id: str, roles: Iterable[str]) -> None:
        rows = [{"role": role, "contact_id": contact_id} for role in roles]
        if rows:
            self.conn.execute(JOIN_ROLE, rows)

    def _name_index(self, name: str) -> str:
        return self.keys.blind("name", " ".join(name.casefold().split()))

    def _contacts(self, *where: ColumnElement[bool]) -> tuple[Contact, ...]:
        wanted = select(CONTACT.c.id).where(*where)
        roles: dict[str, list[str]] = defaultdict(list)
        for contact_id, role in self.conn.execute(ROLES.where(MEMBERSHIP.c.contact_id.in_(wanted))):
            roles[contact_id].append(role)
        rows = self.conn.execute(select(CONTACT).where(*where).order_by(CONTACT.c.number))
        return tuple(
            Contact(r.id, self.open_text(r.id, r.name), r.language, r.zone, tuple(sorted(roles[r.id])), r.suspended) for r in rows
        )

    def _known(self, address_id: str) -> Address:
        return self._address(self.conn.execute(BY_ID, {"address_id": address_id}).one())

    def _address(self, row: Row[Any]) -> Address:
        value = self.open_text(row.contact_id, row.value)
        return Address(
            row.id,
            row.contact_id,
            row.channel,
            value,
            row.account,
            row.opted_out,
            row.last_inbound_at,
            row.conversation_id,
            row.misses,
            row.focus_run,
            row.focus_until,
            row.expecting,
            row.expecting_until,
        )
