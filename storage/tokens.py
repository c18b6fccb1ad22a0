"""What a button carries: 128 random bits that name one person, run, step, attempt and choice. Only their SHA-256 is stored."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select

from storage.prepared import hot
from storage.repository import Repository
from storage.rows import TokenRow
from storage.tables.base import table
from storage.tables.steps import DecisionToken

TOKEN = table(DecisionToken)
FIELDS = tuple(TOKEN.c[name] for name in TokenRow.__slots__)
INSERT = hot(insert(TOKEN))
FIND = hot(select(*FIELDS).where(TOKEN.c.hash == bindparam("digest")))
OF_OUTBOUND = select(*FIELDS).where(TOKEN.c.outbound_id == bindparam("message")).order_by(TOKEN.c.choice)


def new_token() -> str:
    """128 random bits in 22 base64url characters."""
    return secrets.token_urlsafe(16)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


class Tokens(Repository):
    def issue(
        self,
        purpose: str,
        contact_id: str,
        run_id: str = "",
        path: str = "",
        attempt: int = 0,
        choice: str = "",
        data: Mapping[str, Any] | None = None,
        *,
        expires_at: datetime,
        outbound_id: int | None = None,
    ) -> str:
        """A new token of 22 base64url characters. `data` holds ids only, never personal values. Expiry and use are the
        reader's to judge: a stale token still says what it was for."""
        token = new_token()
        self.keep(
            {token: TokenRow(purpose, run_id, path, attempt, contact_id, choice, dict(data or {}), expires_at, outbound_id)}
        )
        return token

    def keep(self, tokens: Mapping[str, TokenRow]) -> None:
        """Store tokens made by `new_token`, each with what it stands for."""
        rows = [
            {"hash": _digest(token)} | {name: getattr(row, name) for name in TokenRow.__slots__} for token, row in tokens.items()
        ]
        if rows:
            self.conn.execute(INSERT, rows)

    def find(self, token: str) -> TokenRow | None:
        """What stands behind a token, expired or not; None for any other text."""
        row = self.conn.execute(FIND, {"digest": _digest(token)}).one_or_none()
        return None if row is None else TokenRow(*row)

    def by_outbound(self, outbound_id: int) -> list[TokenRow]:
        """The choices that a message of ours offered: for providers that send a label back, not a token."""
        return [TokenRow(*row) for row in self.conn.execute(OF_OUTBOUND, {"message": outbound_id})]
