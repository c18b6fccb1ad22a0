from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bench.wire import Client, WireError, frame

MESSAGES = st.lists(st.binary(max_size=60), min_size=1, max_size=4)


@given(bodies=MESSAGES, cut=st.integers(1, 40))
def test_messages_are_framed_alike_however_they_arrive(bodies, cut):
    wire = b"".join(b"POST / HTTP/1.1\r\ncontent-LENGTH:  %d\r\n\r\n%s" % (len(body), body) for body in bodies)
    received, found = bytearray(), []
    for start in range(0, len(wire), cut):
        received += wire[start : start + cut]
        while (message := frame(received)) is not None:
            found.append(message.body)
            del received[: message.size]
    assert found == bodies
    assert received == b""


def test_a_chunked_body_is_not_misread():
    with pytest.raises(WireError, match="chunked"):
        frame(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")


def exchange(answers: list[bytes], requests: int) -> list[object]:
    """What `requests` requests, one after another, give where each connection gets the next of `answers` and is then closed."""

    async def main() -> list[object]:
        left = iter(answers)

        async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(next(left))
            writer.close()

        server = await asyncio.start_server(visit, "127.0.0.1", 0)
        async with Client(server.sockets[0].getsockname()[1]) as client:
            got: list[object] = []
            for _ in range(requests):
                got += await asyncio.gather(client.get("/"), return_exceptions=True)
                await asyncio.sleep(0.01)
        server.close()
        return got

    return asyncio.run(main())


def test_a_closed_connection_is_opened_again():
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    assert exchange([ok, ok], 2) == [(200, b"ok"), (200, b"ok")]


def test_half_an_answer_is_an_error_and_is_not_asked_again():
    [error] = exchange([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"], 1)
    assert isinstance(error, WireError)
