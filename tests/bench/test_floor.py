from __future__ import annotations

import asyncio

from sqlalchemy import text

from bot.bench import floor
from bot.bench.phones import Account, Phones
from bot.bench.process import free_port, started
from bot.bench.wire import Client
from tests.bench.conftest import SID, TOKEN


def test_each_request_is_one_committed_row(tmp_path):
    port, url = free_port(), f"sqlite:///{tmp_path}/floor.db"
    settings = {"PORT": str(port), "DATABASE_URL": url, "THREADS": "2"}
    phones = Phones(Account(SID, TOKEN, ""))

    async def drive() -> float:
        async with Client(port) as client:
            await client.ready("/", within=20)
        return await floor.requests_per_second(port, phones, seconds=0.4, in_flight=4)

    with started("bot.bench.floor", settings=settings, folder=tmp_path):
        rate = asyncio.run(drive())
    rows = floor.engine(url, 1)
    with rows.connect() as connection:
        count = connection.execute(text("SELECT count(*) FROM note")).scalar_one()
        full = connection.execute(text("PRAGMA synchronous")).scalar_one()
    rows.dispose()
    assert full == 2
    assert 0 < rate * 0.4 <= count
