"""Runs the product: web and workers in one process until Ctrl-C or SIGTERM, then stops in order."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from types import FrameType
from typing import TYPE_CHECKING

import waitress
from flask import Flask
from waitress.server import BaseWSGIServer

from bot.bootstrap import Product, build
from bot.clock import Clock, OffsetClock, SystemClock
from bot.config import ConfigurationError, Settings
from bot.mailbox import MailboxPump
from bot.people import read, store
from bot.publishing import checked_book
from bot.web import create_app
from channels.base import SendError
from channels.telegram import Telegram
from storage import Unit

if TYPE_CHECKING:
    from bot.simulator import Simulator

log = logging.getLogger(__name__)
WEB_THREADS = 16
SWITCH_INTERVAL = 0.02
"""Seconds a thread keeps the interpreter when others want it (Python's own: 0.005). Our threads mostly wait for the database and
for providers; fewer forced switches gave 6% more runs a second, and acknowledgements took no longer."""


def serve(settings: Settings, *, workers: bool = True) -> None:
    """Serve until stopped. Raises ConfigurationError where the port is taken."""
    _log_to_stderr()
    sys.setswitchinterval(SWITCH_INTERVAL)
    clock = _clock(settings)
    product = build(settings, clock=clock, book=checked_book())
    simulator: Simulator | None = None
    try:
        _know_people(product)
        app = create_app(product)
        if isinstance(clock, OffsetClock):
            simulator = _simulator(app, product, clock)
        server = _listen(app, settings)
        mailbox = MailboxPump(product) if workers and settings.imap_url else None
        if workers:
            product.runtime.start()
        if mailbox is not None:
            mailbox.start()
        _announce(settings)
        _subscribe(product)
        _run_until_stopped(server)
        if mailbox is not None:
            mailbox.stop()
    finally:
        product.close()
        if simulator is not None:
            simulator.close()


def work(settings: Settings) -> None:
    """Run the workers alone until stopped. On SQLite the web server must run in the same process: refused."""
    _log_to_stderr()
    if not settings.database_url.startswith("postgres"):
        raise ConfigurationError(
            "baton work needs DATABASE_URL to be PostgreSQL. With SQLite, “baton serve” runs web and workers."
        )
    product = build(settings, clock=_clock(settings), book=checked_book())
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    try:
        product.runtime.start()
        log.info("workers are running; Ctrl-C stops them")
        stopping.wait()
    finally:
        product.close()


def _clock(settings: Settings) -> Clock:
    if not settings.simulated:
        return SystemClock()
    from bot.simulator import open_clock

    return open_clock(settings)


def _simulator(app: Flask, product: Product, clock: OffsetClock) -> Simulator:
    from bot.simulator import mount

    def next_due() -> datetime | None:
        with product.database.read() as unit:
            return unit.timers.next_due()

    def advanced() -> None:
        product.runtime.timers.tick()

    return mount(app, product.settings, clock, advanced, next_due)


def _know_people(product: Product) -> None:
    """Take over `people.yaml` of the home folder, where there is one; the simulator brings its own."""
    file = product.settings.baton_home / "people.yaml"
    if product.settings.simulated and not file.is_file():
        from bot.simulator import PEOPLE

        file = PEOPLE
    if file.is_file():
        added, updated = store(product.database, read(file), product.clock.now())
        log.info("people from %s: %s added, %s updated", file.name, added, updated)
        if product.settings.simulated and added:
            product.database.write("people.heard", _all_heard(product.clock.now())).result()


def _all_heard(now: datetime) -> Callable[[Unit], None]:
    """The simulator's phones have written to the number before it starts, so their 24-hour windows are open."""

    def work(unit: Unit) -> None:
        for contact in unit.people.all():
            for address in unit.people.addresses(contact.id):
                unit.conversations.heard(address.id, now)

    return work


def _listen(app: Flask, settings: Settings) -> BaseWSGIServer:
    try:
        return waitress.create_server(
            app,
            host="127.0.0.1",
            port=settings.port,
            threads=WEB_THREADS,
            channel_timeout=60,
            ident="baton",
            clear_untrusted_proxy_headers=True,
        )
    except OSError as error:
        raise ConfigurationError(
            f"port {settings.port} is taken. Stop what runs there, or set PORT to another number."
        ) from error


def _subscribe(product: Product) -> None:
    """Tell Telegram where to call us, where that is known; a failure is logged, not fatal: the webhook may be set already."""
    telegram = product.channels.get("telegram")
    base = product.settings.public_base_url
    if product.settings.simulated or not base or not isinstance(telegram, Telegram):
        return
    try:
        telegram.subscribe(base)
    except SendError as error:
        log.warning("Telegram's webhook could not be set to %s: %s", base, error)


def _announce(settings: Settings) -> None:
    base = f"http://127.0.0.1:{settings.port}"
    page = f"{base}/simulator" if settings.simulated else f"{base}/healthz"
    print(f"Baton is running: open {page}  (Ctrl-C stops it)", flush=True)


def _run_until_stopped(server: BaseWSGIServer) -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        server.close()
        print("Baton stops; everything is saved.", flush=True)


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("apscheduler", "httpx", "httpcore", "telegram", "twilio", "waitress.queue", "alembic", "mail.log"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
