"""The floor: the least that a durable approval run could cost here, two bare inserts and commits through the same web server.

`python -m bot.bench.floor` (PORT, DATABASE_URL, THREADS by environment) serves one route that inserts one SQLModel row
and commits. `requests_per_second` drives it with the same client and bodies as the real thing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time

import waitress
from flask import Flask, request
from sqlalchemy import Engine, event
from sqlalchemy.orm import registry
from sqlmodel import Field, Session, SQLModel, create_engine

from bot.bench.phones import ROUTE, Phones
from bot.bench.wire import Client, WireError


class Bare(SQLModel, registry=registry()):
    """Tables of the floor: apart from the product's, so that importing this file adds nothing to them."""


class Note(Bare, table=True):
    """One row per request."""

    id: int | None = Field(default=None, primary_key=True)
    body: str


def engine(url: str, threads: int) -> Engine:
    """A pool with a connection for each thread; on SQLite with the same safety as the product: WAL, synchronous=FULL."""
    made = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), pool_size=threads, max_overflow=0)
    if made.dialect.name == "sqlite":

        @event.listens_for(made, "connect")
        def _(connection, record) -> None:  # type: ignore[no-untyped-def]
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=15000"):
                connection.execute(f"PRAGMA {pragma}")

    Bare.metadata.create_all(made)
    return made


def app(rows: Engine) -> Flask:
    """The bare web application."""
    bare = Flask(__name__)

    @bare.post(ROUTE)
    def insert() -> str:
        with Session(rows) as session:
            session.add(Note(body=request.get_data(as_text=True)))
            session.commit()
        return "<Response/>"

    return bare


async def requests_per_second(port: int, phones: Phones, seconds: float, in_flight: int) -> float:
    """Answered requests a second at saturation, after half a second of warming up. Raises WireError where one is refused."""
    begin = time.monotonic() + min(0.5, seconds / 4)
    answered = 0

    async def slot(client: Client, number: int) -> None:
        nonlocal answered
        while time.monotonic() < begin + seconds:
            webhook = phones.writes(f"+9195{number:08}", "spend 00\nitem: paper\namount: 4500")
            answer = await client.post(ROUTE, webhook.body, webhook.headers)
            if answer.status != 200:
                raise WireError(f"the floor answered {answer.status}")
            answered += begin < time.monotonic() <= begin + seconds

    async with Client(port) as client:
        await asyncio.gather(*(slot(client, number) for number in range(in_flight)))
    return answered / seconds


if __name__ == "__main__":
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a full queue is the point here
    count = int(os.environ["THREADS"])
    waitress.serve(app(engine(os.environ["DATABASE_URL"], count)), host="127.0.0.1", port=int(os.environ["PORT"]), threads=count)
