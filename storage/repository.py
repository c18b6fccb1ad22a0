"""What all repositories share: the unit's connection and keys, and opening sealed values."""

from __future__ import annotations

from typing import Any

import orjson

from storage.transaction import Transaction


class Repository:
    """Made by the unit of work, lives as long as it. Never commits."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction, self.conn, self.keys = transaction, transaction.conn, transaction.keys

    def seal_text(self, subject: str, text: str) -> bytes:
        return self.keys.seal(subject, text.encode())

    def open_text(self, subject: str, sealed: bytes) -> str:
        """The text, "" where the subject was erased."""
        return (self.keys.open(subject, sealed) or b"").decode()

    def seal_json(self, subject: str, value: dict[str, Any]) -> bytes:
        return self.keys.seal(subject, orjson.dumps(value))

    def open_json(self, subject: str, sealed: bytes) -> dict[str, Any]:
        """The object, {} where the subject was erased."""
        plain = self.keys.open(subject, sealed)
        return {} if plain is None else orjson.loads(plain)
