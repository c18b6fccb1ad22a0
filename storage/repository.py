"""What all repositories share: the unit's connection and keys, and opening sealed values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from storage.unit import Unit


class Repository:
    """Made by the unit, lives as long as it. Never commits."""

    def __init__(self, unit: Unit) -> None:
        self.unit, self.conn, self.keys = unit, unit.conn, unit.keys

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
