from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from bot.bench.load import Load, following
from bot.bench.phones import Account, Phones, lanes, requesters
from bot.bench.process import free_port
from bot.bench.provider import Provider
from bot.bench.wire import Client
from tests.bench.stub import Stub

SID, TOKEN = "AC" + "1" * 32, "neutral-token"


@dataclass
class Stage:
    """A provider, a stub of the product, and a load between them, in one event loop."""

    stub: Stub
    load: Load


@asynccontextmanager
async def _stage(*, connections: int = 16, signed_with: str = TOKEN) -> AsyncIterator[Stage]:
    port = free_port()
    account = Account(SID, TOKEN, f"http://127.0.0.1:{port}")
    provider = Provider(SID, TOKEN, latency=0.002)
    phones = Phones(Account(SID, signed_with, account.base))
    async with provider.serving() as provider_port, Client(port, limit=connections) as client:
        stub = Stub(account, provider_port, lanes(4))
        load = Load(client, phones, requesters(40), lanes(4))
        async with stub.serving(port), following(provider_port, load):
            yield Stage(stub, load)


@pytest.fixture
def play() -> Callable[..., None]:
    """Runs `scene(stage)` on a fresh stage."""

    def run(scene: Callable[[Stage], Awaitable[None]], **options: object) -> None:
        async def main() -> None:
            async with _stage(**options) as stage:  # type: ignore[arg-type]
                await scene(stage)

        asyncio.run(main())

    return run
