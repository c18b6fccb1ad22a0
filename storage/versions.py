"""Published flow files: immutable, each with its number and the exact source."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from storage.errors import VersionTaken
from storage.repository import Repository
from storage.tables.base import table
from storage.tables.steps import FlowVersion

VERSION = table(FlowVersion)
ADD = insert(VERSION).on_conflict_do_nothing().returning(VERSION.c.id)
SAME = select(VERSION.c.id).where(VERSION.c.flow == bindparam("flow"), VERSION.c.digest == bindparam("digest"))
ONE = select(VERSION.c.flow, VERSION.c.number, VERSION.c.source).where(VERSION.c.id == bindparam("version"))
_newest = select(VERSION.c.flow, func.max(VERSION.c.number).label("number")).group_by(VERSION.c.flow).subquery()
LATEST = (
    select(VERSION.c.id, VERSION.c.flow, VERSION.c.number)
    .join(_newest, (_newest.c.flow == VERSION.c.flow) & (_newest.c.number == VERSION.c.number))
    .order_by(VERSION.c.flow)
)


class Versions(Repository):
    def publish(self, flow_id: str, number: int, source: str, now: datetime) -> int:
        """The version's row id. Safe twice: the same source of a flow is one version. Raises VersionTaken where `number` is
        published with another source."""
        digest = hashlib.sha256(source.encode()).hexdigest()
        values = {"flow": flow_id, "number": number, "digest": digest, "source": source, "published_at": now}
        added = self.conn.execute(ADD, values).scalar_one_or_none()
        same = self.conn.execute(SAME, {"flow": flow_id, "digest": digest}).scalar_one_or_none()
        version = added if same is None else same
        if version is None:
            raise VersionTaken(f"version {number} of flow {flow_id} is published with another source: raise its number")
        return int(version)

    def source(self, version_id: int) -> tuple[str, int, str]:
        """(flow id, number, source). Raises KeyError where there is none."""
        row = self.conn.execute(ONE, {"version": version_id}).one_or_none()
        if row is None:
            raise KeyError(version_id)
        return row.flow, row.number, row.source

    def latest(self) -> list[tuple[int, str, int]]:
        """(version id, flow id, number) of each flow's highest number."""
        return [(row.id, row.flow, row.number) for row in self.conn.execute(LATEST)]
