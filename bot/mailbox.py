"""Reads our mailbox into the inbox: IMAP IDLE with a poll behind it. The cursor is only how far we read; the inbox knows what it has."""

from __future__ import annotations

import logging
import threading

import orjson

from bot.bootstrap import Product
from bot.web.webhooks import take_in
from channels.base import BadRequest, ChannelError
from channels.email import Email
from channels.imap import Cursor, Mailbox

log = logging.getLogger(__name__)
WAIT = 60.0
CURSOR = "imap.cursor"


class MailboxPump:
    """A thread that polls the mailbox, stores each mail, and only then moves the cursor."""

    def __init__(self, product: Product) -> None:
        email = product.channels["email"]
        assert isinstance(email, Email)
        self._product, self._email = product, email
        self._mailbox = Mailbox(product.settings.imap_url, reach=product.reach)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mailbox", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._mailbox.close()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                while self.read_new():
                    pass
                self._mailbox.wait(WAIT)
            except (ChannelError, OSError) as error:
                log.warning("the mailbox could not be read: %s; trying again in 30 s", type(error).__name__)
                self._stopping.wait(30)

    def read_new(self) -> int:
        """Store what came since the cursor; returns how many mails were read."""
        with self._product.database.read() as unit:
            stored = unit.settings.get(CURSOR)
        if stored is None:  # what came before we were set up is nobody's request
            self._move(self._mailbox.end())
            return 0
        after = tuple(orjson.loads(stored))
        count = 0
        for cursor, raw in self._mailbox.poll(after):
            try:
                take_in(self._product, self._email, self._email.read(raw))
            except BadRequest as error:
                log.warning("a mail was skipped: %s", error)
            self._move(cursor)
            count += 1
        return count

    def _move(self, cursor: Cursor) -> None:
        position = orjson.dumps(cursor).decode()
        self._product.database.write("imap.cursor", lambda unit: unit.settings.put(CURSOR, position)).result()
