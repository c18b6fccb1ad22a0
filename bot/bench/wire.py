"""Just enough HTTP/1.1 for a load generator that shares two cores with what it measures: keep-alive, Content-Length bodies.

Nothing here is used by the product.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import NamedTuple, Self

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)


class WireError(Exception):
    """The other side closed the connection, or does not speak the little HTTP that is understood here."""


class Frame(NamedTuple):
    """One HTTP message. `head` is the start line and the headers without the empty line; `size` is its length on the wire."""

    head: bytes
    body: bytes
    size: int


def frame(received: bytes | bytearray) -> Frame | None:
    """The first whole HTTP message of `received`, None while it is incomplete. Raises WireError on a chunked body."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(received[:end])
    if _CHUNKED.search(head):
        raise WireError("chunked bodies are not understood")
    match = _LENGTH.search(head)
    size = end + 4 + (int(match[1]) if match else 0)
    return Frame(head, bytes(received[end + 4 : size]), size) if len(received) >= size else None


class Answer(NamedTuple):
    status: int
    body: bytes


class Connection(asyncio.Protocol):
    """One keep-alive connection carrying one request at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def exchange(self, request: bytes) -> asyncio.Future[Answer]:
        """Send a whole request. The future gives its answer, or WireError."""
        assert self._transport is not None
        assert self._answer is None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        try:
            answer = frame(self._received)
        except WireError as error:
            return self._fail(error)
        if answer is None or self._answer is None:
            return
        del self._received[: answer.size]
        waiting, self._answer = self._answer, None
        if not waiting.done():
            waiting.set_result(Answer(int(answer.head[9:12]), answer.body))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._fail(WireError(f"the connection was closed ({exc or 'by the other side'})"))

    def _fail(self, error: WireError) -> None:
        waiting, self._answer = self._answer, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)
        self.close()


class Client:
    """Keep-alive connections to one server, opened as needed, at most `limit`; a request beyond them waits its turn."""

    def __init__(self, port: int, host: str = "127.0.0.1", limit: int = 32) -> None:
        self._host, self._port = host, port
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        self._free = asyncio.Semaphore(limit)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
        await asyncio.sleep(0)  # the loop lets go of the sockets

    async def get(self, path: str) -> Answer:
        return await self._request(b"GET", path, {}, b"")

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """The answer to one POST, never repeated: a lost connection raises WireError or OSError."""
        return await self._request(b"POST", path, headers, body)

    async def ready(self, path: str, within: float) -> Answer:
        """The first answer of a server that is starting. Raises WireError when there is none within `within` seconds."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        while loop.time() < until:
            with suppress(OSError, WireError):
                return await self.get(path)
            await asyncio.sleep(0.05)
        raise WireError(f"nobody answers on port {self._port} after {within:.0f} s")

    def close(self) -> None:
        """Close the connections. Safe twice."""
        self._idle.clear()
        for connection in self._all:
            connection.close()

    async def _request(self, verb: bytes, path: str, headers: dict[str, str], body: bytes) -> Answer:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        start = f" {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
        async with self._free:
            connection = await self._connection()
            try:
                answer = await connection.exchange(verb + start.encode("latin-1") + body)
            except BaseException:
                connection.close()  # a late answer must not be taken for the next request's
                raise
            self._idle.append(connection)
            return answer

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
            self._all.discard(connection)
        _, connection = await asyncio.get_running_loop().create_connection(Connection, self._host, self._port)
        self._all.add(connection)
        return connection
