"""The hashes that bind history: the links of a run's chain, and the Merkle tree over the heads of all chains."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import orjson


def link(previous: str, run_id: str, number: int, kind: str, actor: str, at: datetime, recorded_at: datetime, body: str) -> str:
    """The hash (hex) of event `number` of a run, whose predecessor has hash `previous` ("" before the first)."""
    times = [time.astimezone(UTC).isoformat() for time in (at, recorded_at)]
    return hashlib.sha256(orjson.dumps([previous, run_id, number, kind, actor, *times, body])).hexdigest()


class Merkle:
    """A tree as of RFC 6962, section 2.1: leaves and nodes have different prefixes, so that neither passes for the other.

    Takes leaves one by one and keeps one root per complete subtree: memory grows with the logarithm of their number.
    """

    def __init__(self) -> None:
        self.count = 0
        self._roots: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """Append a leaf's data."""
        size, root = 1, hashlib.sha256(b"\x00" + leaf).digest()
        while self._roots and self._roots[-1][0] == size:
            root = _node(self._roots.pop()[1], root)
            size *= 2
        self._roots.append((size, root))
        self.count += 1

    def root(self) -> str:
        """The tree's hash (hex) over the leaves so far; that of no bytes where there are none."""
        if not self._roots:
            return hashlib.sha256(b"").hexdigest()
        *others, (_, root) = self._roots
        for _, left in reversed(others):
            root = _node(left, root)
        return root.hex()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
