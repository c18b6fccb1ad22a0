"""The guard in conftest: no test leaves the machine."""

from __future__ import annotations

import socket

import pytest


@pytest.mark.parametrize("host", ["203.0.113.7", "api.example.com"])
def test_the_network_is_out_of_reach(host: str) -> None:
    with pytest.raises(RuntimeError, match=host.replace(".", r"\.")):
        socket.create_connection((host, 443), timeout=1)
    with socket.socket() as plain, pytest.raises(RuntimeError, match="wanted to reach"):
        plain.connect((host, 443))


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()
