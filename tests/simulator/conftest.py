"""Starts and stops a product in miniature with the simulator mounted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from bot.config import Settings
from bot.simulator import mount, open_clock, prepare
from tests.simulator.site import Site, record


@pytest.fixture
def start() -> Iterator[Callable[[Path], Site]]:
    """Starts a site over a home; a second one over the same home is a restart. `stop_last` ends the latest."""
    running: list[Callable[[], None]] = []

    def begin(home: Path, **given: Any) -> Site:
        while running:  # one at a time: the home is one product's
            running.pop()()
        settings = prepare(Settings(_env_file=None, baton_home=home, port=0, **given))
        site = Site(settings, open_clock(settings), Flask("tiny"))
        record(site)
        site.simulator = mount(
            site.app, settings, site.clock, lambda: site.ticks.append(1), lambda: site.due[0] if site.due else None
        )
        server = make_server("127.0.0.1", settings.port, site.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()

        def stop() -> None:
            site.simulator.close()
            server.shutdown()
            server.server_close()
            thread.join(5)
            assert not thread.is_alive()

        running.append(stop)
        return site

    yield begin
    while running:
        running.pop()()


@pytest.fixture
def site(start: Callable[[Path], Site], tmp_path: Path) -> Site:
    return start(tmp_path)
