"""Three small registers: counters (references, order numbers), settings, and provider-side shapes."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from storage.prepared import hot
from storage.repository import Repository
from storage.tables.base import table
from storage.tables.steps import Counter, Setting, Shape

COUNTER, SETTING, SHAPE = table(Counter), table(Setting), table(Shape)

PEEK = select(COUNTER.c.following).where(COUNTER.c.series == bindparam("series"))
TAKE = hot(
    insert(COUNTER)
    .on_conflict_do_update(index_elements=[COUNTER.c.series], set_={"following": COUNTER.c.following + 1})
    .returning(COUNTER.c.following - 1)
)
GET = select(SETTING.c.value).where(SETTING.c.name == bindparam("name"))
_PUT = insert(SETTING)
PUT = _PUT.on_conflict_do_update(index_elements=[SETTING.c.name], set_={"value": _PUT.excluded.value})
GET_SHAPE = select(SHAPE.c.provider_id).where(SHAPE.c.channel == bindparam("channel"), SHAPE.c.shape == bindparam("shape"))
_PUT_SHAPE = insert(SHAPE)
PUT_SHAPE = _PUT_SHAPE.on_conflict_do_update(
    index_elements=[SHAPE.c.channel, SHAPE.c.shape], set_={"provider_id": _PUT_SHAPE.excluded.provider_id}
)


class Counters(Repository):
    """Numbers without gaps: one taken in a unit that fails is free again."""

    def peek(self, series: str, start: int = 1) -> int:
        """The number that `take` would give."""
        found = self.conn.execute(PEEK, {"series": series}).scalar_one_or_none()
        return start if found is None else int(found)

    def take(self, series: str, start: int = 1) -> int:
        """The next number of the series, `start` the first time. Others who take wait for this unit's commit."""
        return int(self.conn.execute(TAKE, {"series": series, "following": start + 1}).scalar_one())


class Settings(Repository):
    def get(self, name: str) -> str | None:
        found: str | None = self.conn.execute(GET, {"name": name}).scalar_one_or_none()
        return found

    def put(self, name: str, value: str) -> None:
        self.conn.execute(PUT, {"name": name, "value": value})


class Shapes(Repository):
    """Ids of what an adapter made once at its provider, by channel and shape."""

    def get(self, channel: str, shape: str) -> str | None:
        found: str | None = self.conn.execute(GET_SHAPE, {"channel": channel, "shape": shape}).scalar_one_or_none()
        return found

    def put(self, channel: str, shape: str, provider_id: str) -> None:
        self.conn.execute(PUT_SHAPE, {"channel": channel, "shape": shape, "provider_id": provider_id})
