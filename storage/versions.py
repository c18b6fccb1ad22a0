"""Published flow files: immutable, each with its number, the exact source, and the versions of the flows that it starts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from storage.errors import VersionTaken
from storage.repository import Repository
from storage.tables.base import table
from storage.tables.steps import FlowVersion

VERSION = table(FlowVersion)
ADD = insert(VERSION).on_conflict_do_nothing().returning(VERSION.c.id)
SAME = select(VERSION.c.id).where(VERSION.c.flow == bindparam("flow"), VERSION.c.digest == bindparam("digest"))
ONE = select(VERSION.c.flow, VERSION.c.number, VERSION.c.source, VERSION.c.children).where(VERSION.c.id == bindparam("version"))
_newest = select(VERSION.c.flow, func.max(VERSION.c.number).label("number")).group_by(VERSION.c.flow).subquery()
LATEST = (
    select(VERSION.c.id, VERSION.c.flow, VERSION.c.number)
    .join(_newest, (_newest.c.flow == VERSION.c.flow) & (_newest.c.number == VERSION.c.number))
    .order_by(VERSION.c.flow)
)
NO_CHILDREN: Mapping[str, int] = MappingProxyType({})


class Versions(Repository):
    """`children` everywhere maps the id of each flow that a flow starts to the row id of the version it starts."""

    def publish(self, flow_id: str, number: int, source: str, now: datetime, children: Mapping[str, int] = NO_CHILDREN) -> int:
        """The version's row id. Safe twice: the same source of a flow with the same children is one version. Raises VersionTaken
        where `number` is published with another source."""
        frozen = _frozen(children)
        values = {"flow": flow_id, "number": number, "digest": _digest(source, frozen), "source": source}
        added = self.conn.execute(ADD, values | {"published_at": now, "children": frozen}).scalar_one_or_none()
        same = self.known(flow_id, source, children)
        version = added if same is None else same
        if version is None:
            raise VersionTaken(f"version {number} of flow {flow_id} is published with another source: raise its number")
        return int(version)

    def known(self, flow_id: str, source: str, children: Mapping[str, int] = NO_CHILDREN) -> int | None:
        """The row id under which exactly this is published, if it is."""
        digest = _digest(source, _frozen(children))
        found: int | None = self.conn.execute(SAME, {"flow": flow_id, "digest": digest}).scalar_one_or_none()
        return found

    def source(self, version_id: int) -> tuple[str, int, str]:
        """(flow id, number, source). Raises KeyError where there is none."""
        row = self._one(version_id)
        return row.flow, row.number, row.source

    def children(self, version_id: int) -> dict[str, int]:
        """The versions that this one starts. Raises KeyError where there is no such version."""
        frozen = self._one(version_id).children
        found: dict[str, int] = json.loads(frozen) if frozen else {}
        return found

    def numbered(self, flow_id: str, number: int) -> int | None:
        """The row id of a flow's version `number`, if it is published."""
        one = select(VERSION.c.id).where(VERSION.c.flow == flow_id, VERSION.c.number == number)
        found: int | None = self.conn.execute(one).scalar_one_or_none()
        return found

    def latest(self) -> list[tuple[int, str, int]]:
        """(version id, flow id, number) of each flow's highest number."""
        return [(row.id, row.flow, row.number) for row in self.conn.execute(LATEST)]

    def _one(self, version_id: int) -> Row[Any]:
        row: Row[Any] | None = self.conn.execute(ONE, {"version": version_id}).one_or_none()
        if row is None:
            raise KeyError(version_id)
        return row


def _frozen(children: Mapping[str, int]) -> str:
    return json.dumps(children, sort_keys=True) if children else ""


def _digest(source: str, frozen: str) -> str:
    """Of the text alone where it starts no other flow."""
    return hashlib.sha256("\0".join([source, frozen] if frozen else [source]).encode()).hexdigest()
