"""The measurement: both phases against a running server, and what was seen of them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.bench import floor
from bot.bench.load import Load, following
from bot.bench.phones import LANES, Account, Phones, lanes, requesters
from bot.bench.process import Child, Usage
from bot.bench.report import BenchFailed, Options
from bot.bench.wire import Client

WARM_UP = 2.0
CONNECTIONS = 64
START_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Moment:
    """Where clocks and counters stood: monotonic seconds, usage of server and provider, our own processor seconds."""

    at: float
    server: Usage
    provider: Usage
    own_cpu_s: float

    @classmethod
    def of(cls, server: Child, provider: Child) -> Moment:
        return cls(time.monotonic(), server.usage(), provider.usage(), time.process_time())


@dataclass(frozen=True, slots=True)
class Measured:
    """Raw results. `begin` and `end` bound the saturated phase, warming up left out; `paced_from` begins the paced one; `health`
    is what the server said of itself before the load."""

    load: Load
    begin: Moment
    end: Moment
    paced_from: float
    idle: Usage
    loaded: Usage
    health: dict[str, Any]


async def measure(
    options: Options, account: Account, ports: tuple[int, int], children: tuple[Child, Child], say: Callable[[str], None]
) -> Measured:
    """Drive the server (first of `ports` and `children`) whose messages go to the provider (second). Raises BenchFailed where a
    run was lost or got other messages than it should."""
    (server_port, provider_port), (server, provider) = ports, children
    async with Client(server_port, limit=CONNECTIONS) as client, Client(provider_port) as other:
        await other.ready("/", START_WITHIN)
        health: dict[str, Any] = json.loads((await client.ready("/healthz", START_WITHIN)).body)
        load = Load(client, Phones(account), requesters(options.contacts), lanes(LANES))
        async with following(provider_port, load):
            idle = server.usage()
            say(f"at saturation for {options.seconds:g} s, {options.in_flight} runs in flight")
            full = asyncio.create_task(load.saturate(WARM_UP + options.seconds, options.in_flight))
            await asyncio.sleep(WARM_UP)
            begin = Moment.of(server, provider)
            await asyncio.sleep(options.seconds)
            end = Moment.of(server, provider)
            await full
            await _settled(load)
            say(f"{options.rate:g} messages a second for {options.seconds:g} s")
            paced_from = time.monotonic()
            await load.pace(options.seconds, options.rate)
            await _settled(load)
            return Measured(load, begin, end, paced_from, idle, server.usage(), health)


async def _settled(load: Load) -> None:
    await load.settle()
    if faults := load.faults():
        raise BenchFailed(faults[:20])


async def measure_floor(port: int, account: Account, options: Options) -> float:
    """Runs a second that the floor allows: half its requests a second."""
    async with Client(port) as client:
        await client.ready("/", START_WITHIN)
    seconds = min(3.0, options.seconds)
    return await floor.requests_per_second(port, Phones(account), seconds, options.in_flight) / 2
