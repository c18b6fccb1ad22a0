"""PINs and one-time codes. What is kept are scrypt hashes, sealed under their owner's key: neither the database alone nor the keys
alone tell a PIN, and erasing the person erases it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.repository import Repository
from storage.tables.base import table
from storage.tables.people import Proof

PROOF = table(Proof)
FIND = select(PROOF).where(PROOF.c.contact_id == bindparam("contact"))
ADD = insert(PROOF).on_conflict_do_nothing()
NONE = {"pin": b"", "code": b"", "wrong": 0}

TRIES = 3
LOCKED = timedelta(minutes=15)
CODE_LIFE = timedelta(minutes=10)
SALT = 16
# 16 MiB and some 50 ms a guess; a person proves a few decisions a day.
COST = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}


class Shown(StrEnum):
    """What came of showing a PIN or a code. LOCKED_NOW: this was one wrong too many."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED_NOW = "locked_now"
    LOCKED = "locked"
    GONE = "gone"


class Proofs(Repository):
    def set_pin(self, contact_id: str, pin: str) -> None:
        """From now on this is the contact's PIN; what was wrong before is forgotten."""
        self._row(contact_id)
        self._put(contact_id, pin=self._hashed(contact_id, pin), wrong=0, locked_until=None)

    def has_pin(self, contact_id: str) -> bool:
        row = self.conn.execute(FIND, {"contact": contact_id}).one_or_none()
        return row is not None and bool(row.pin)

    def locked(self, contact_id: str, now: datetime) -> datetime | None:
        """Until when nothing is checked; None where it is."""
        until = self._row(contact_id).locked_until
        return until if until is not None and until > now else None

    def new_code(self, contact_id: str, about: str, now: datetime) -> str:
        """Six digits good for what `about` names, once, for `CODE_LIFE`; an earlier code is good no longer."""
        code = f"{secrets.randbelow(10**6):06d}"
        self._row(contact_id)
        self._put(contact_id, code=self._hashed(contact_id, about + code), code_until=now + CODE_LIFE)
        return code

    def check_pin(self, contact_id: str, pin: str, now: datetime) -> Shown:
        row = self._row(contact_id)
        return self._judge(row, row.pin, pin, now)

    def check_code(self, contact_id: str, about: str, code: str, now: datetime) -> Shown:
        """GONE: there is none that is still good. A right one is used up."""
        row = self._row(contact_id)
        good = bool(row.code) and row.code_until is not None and row.code_until > now
        shown = self._judge(row, row.code if good else b"", about + code, now)
        if shown is Shown.RIGHT:
            self._put(contact_id, code=b"", code_until=None)
        return shown

    def _judge(self, row: Row[Any], kept: bytes, given: str, now: datetime) -> Shown:
        if row.locked_until is not None and row.locked_until > now:
            return Shown.LOCKED
        if not kept:
            return Shown.GONE
        if self._same(row.contact_id, kept, given):
            self._put(row.contact_id, wrong=0, locked_until=None)
            return Shown.RIGHT
        if row.wrong + 1 < TRIES:
            self._put(row.contact_id, wrong=row.wrong + 1)
            return Shown.WRONG
        self._put(row.contact_id, wrong=0, locked_until=now + LOCKED, code=b"", code_until=None)
        return Shown.LOCKED_NOW

    def _row(self, contact_id: str) -> Row[Any]:
        """The contact's row, made where there is none, locked against others who check at the same time (PostgreSQL)."""
        self.conn.execute(ADD, {"contact_id": contact_id} | NONE)
        row: Row[Any] = self.conn.execute(FIND.with_for_update(), {"contact": contact_id}).one()
        return row

    def _put(self, contact_id: str, **values: object) -> None:
        self.conn.execute(update(PROOF).where(PROOF.c.contact_id == contact_id).values(**values))

    def _hashed(self, contact_id: str, secret: str) -> bytes:
        salt = secrets.token_bytes(SALT)
        return self.keys.seal(contact_id, salt + hashlib.scrypt(secret.encode(), salt=salt, **COST))

    def _same(self, contact_id: str, kept: bytes, given: str) -> bool:
        plain = self.keys.open(contact_id, kept) or b""
        salt, hashed = plain[:SALT], plain[SALT:]
        return bool(hashed) and hmac.compare_digest(hashed, hashlib.scrypt(given.encode(), salt=salt, **COST))
