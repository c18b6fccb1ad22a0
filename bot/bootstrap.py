"""Builds the product from settings, in one function. Nothing is created at import time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from bot.book import FlowBook
from bot.calendars import business_of
from bot.channels import channels_of
from bot.clock import Clock, SystemClock
from bot.config import Settings
from bot.conversation import Conversation
from bot.delivery import Delivery
from bot.jobs import Jobs
from bot.library import flow_files
from bot.replanning import Replanning
from bot.runtime import Runtime
from bot.timers import Timers
from bot.transition import Transitions, Wakes
from channels.base import Channel, Inbound, Reach, nowhere
from storage import AlreadyRunning, Database

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Product:
    """Everything that runs, wired together."""

    settings: Settings
    clock: Clock
    database: Database
    channels: Mapping[str, Channel]
    transitions: Transitions
    runtime: Runtime
    wakes: Wakes
    reach: Reach = nowhere
    _taps: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, thread_name_prefix="tap"))

    def after_tap(self, channel: Channel, inbound: Inbound) -> None:
        """Stop the phone's waiting sign for a stored tap, beside the request."""
        if inbound.callback:
            self._taps.submit(channel.acknowledge, inbound)

    def close(self) -> None:
        """Stop everything in the order of the message's way. Safe twice."""
        self.runtime.stop()
        self._taps.shutdown(wait=True)
        for channel in self.channels.values():
            channel.close()
        self.database.close()


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    reach: Reach = nowhere,
    channels: Callable[[Settings, Database, Clock, Reach], Mapping[str, Channel]] = channels_of,
    book: FlowBook | None = None,
) -> Product:
    """The product for `settings`, its database migrated and its flows published; nothing runs yet (`product.runtime.start()`).
    `book` holds the flows; without one, those of the folders are published untried (`bot.publishing.checked_book` tries them).

    Raises storage.StorageError, flows.FlowFileError, channels' ConfigurationError, ValueError for unusable settings.
    """
    clock = clock or SystemClock()
    database = open_database(settings, reach)
    try:
        book = book or FlowBook()
        for refusal in book.publish(database, partial(flow_files, settings), clock.now()).refused:
            problems = "\n".join(refusal.problems)
            log.error("%s is not published, and what was in force before stays so:\n%s", refusal.file, problems)
        shelf = channels(settings, database, clock, reach)
        wakes = Wakes()
        own = business_of(settings, clock.now().date())
        transitions = Transitions(book, own, wakes)
        file_url = f"{settings.public_base_url.rstrip('/')}/files" if settings.public_base_url else ""
        delivery = Delivery(database, shelf, clock, settings.twilio_notice_content_sid, file_url)
        runtime = Runtime(
            database,
            Conversation(transitions, shelf),
            delivery,
            Jobs(database, transitions, shelf, clock),
            Timers(database, transitions, clock),
            Replanning(database, transitions, clock),
            wakes,
            clock,
        )
    except BaseException:
        database.close()
        raise
    return Product(settings, clock, database, shelf, transitions, runtime, wakes, reach)


def open_database(settings: Settings, reach: Reach = nowhere, *, beside: bool = False) -> Database:
    """The business's database: PostgreSQL at DATABASE_URL, else SQLite under BATON_HOME. `beside`: a running Baton does not matter.
    Raises storage.StorageError."""
    home = settings.baton_home.resolve()
    url = settings.database_url or f"sqlite:///{home / 'baton.db'}"
    try:
        return Database.open(url, home, reach=reach)
    except AlreadyRunning:
        if not beside:
            raise
        return Database.open(url, home, reach=reach, beside=True)
