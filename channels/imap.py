"""Reading a mailbox over IMAP: new mails as raw bytes, for `Email.read`.

The place reached, (UIDVALIDITY, UID), only says how far we read: a mailbox that was made anew counts its UIDs from 1 again, so
what tells one mail from another is its event id. Nothing is marked as seen unless asked for: a crash loses nothing.
imap-tools over the standard library's imaplib, since the latter cannot IDLE before Python 3.14.
"""

from __future__ import annotations

import imaplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailBoxStartTls, MailBoxUnencrypted

from channels.base import ChannelError, Reach, nowhere
from channels.http import reached
from channels.mail.read import MAIL_BYTES
from channels.mail.server import Server

Cursor = tuple[int, int]
"""UIDVALIDITY and UID of a mail."""

PORTS = {"imap": 143, "imaps": 993}
_BATCH_BYTES = 2 * MAIL_BYTES
_IDLE_SECONDS = 25 * 60  # a server may hang up after 30 minutes (RFC 2177)
_SLICE_SECONDS = 1


class MailboxError(ChannelError):
    """The mailbox could not be reached or read: try again later. The message holds no credentials."""


class Mailbox:
    """`url`: `imaps://user:password@host:port/FOLDER` (or `imap://`, with `?starttls=1`), the folder being INBOX by default.

    One reader at a time; `close` from any thread. The connection is opened when needed and dropped after any trouble, so that
    the next call starts afresh.
    """

    def __init__(self, url: str, *, batch: int = 50, reach: Reach = nowhere, timeout: float = 30.0) -> None:
        self._server = Server.read(url, "IMAP_URL", PORTS)
        self._folder = self._server.folder or "INBOX"
        self._batch, self._reach, self._timeout = batch, reach, timeout
        self._box: BaseMailBox | None = None
        self._count: bytes | None = None
        self._lock, self._closed = threading.Lock(), threading.Event()

    def poll(self, after: Cursor | None) -> list[tuple[Cursor, bytes]]:
        """The next mails after `after` (None: from the first), oldest first, at most a batch of them; [] when all are read. From
        another UIDVALIDITY than the folder's: from the first again. A mail over MAIL_BYTES comes cut one byte above it, for
        `parse_mail` to refuse. Safe twice. Raises MailboxError."""
        with self._session("imap.poll") as box:
            validity = self._examine(box)
            last = after[1] if after and after[0] == validity else 0
            mails: list[tuple[Cursor, bytes]] = []
            for uid in _uids_after(box, last)[: self._batch]:
                if (raw := _fetch(box, uid)) is not None:
                    mails.append(((validity, uid), raw))
                if sum(len(mail) for _, mail in mails) > _BATCH_BYTES:
                    break
            return mails

    def end(self) -> Cursor:
        """The place after all that is there now: where to start in a mailbox whose old mail is nobody's business."""
        with self._session("imap.end") as box:
            validity = self._examine(box)
            return validity, max(_uids_after(box, 0), default=0)

    def confirm(self, cursor: Cursor) -> None:
        """Mark this mail as seen, for people who look into the mailbox too. Safe twice. Raises MailboxError."""
        with self._session("imap.confirm") as box:
            box.folder.set(self._folder)
            if _validity(box) == cursor[0]:
                _ok(box.client.uid("STORE", str(cursor[1]), "+FLAGS.SILENT", r"(\Seen)"))

    def wait(self, seconds: float) -> bool:
        """Return as soon as there may be new mail (True) or after `seconds` (False): by IDLE where the server can, else by
        waiting. News can slip through as the IDLE begins, so `poll` whatever the answer. Raises MailboxError."""
        with self._session("imap.idle") as box:
            if self._count is None:
                self._examine(box)
            box.client.noop()
            if self._has_news(box):
                return True
            if "IDLE" in box.client.capabilities:
                return self._idle(box, min(seconds, _IDLE_SECONDS))
        self._closed.wait(seconds)
        return False

    def close(self) -> None:
        """Ends a `wait` within a second. Safe twice."""
        self._closed.set()
        with self._lock:
            self._drop()

    def _idle(self, box: BaseMailBox, seconds: float) -> bool:
        with box.idle as idle:
            while seconds > 0 and not self._closed.is_set():
                if any(b"EXISTS" in line for line in idle.poll(min(seconds, _SLICE_SECONDS))):
                    return True
                seconds -= _SLICE_SECONDS
        return False

    def _has_news(self, box: BaseMailBox) -> bool:
        """Whether the server has told another number of mails since the folder was opened."""
        _, counts = box.client.response("EXISTS")
        return counts[-1] is not None and counts[-1] != self._count

    def _examine(self, box: BaseMailBox) -> int:
        """Open the folder anew, read-only; its UIDVALIDITY."""
        box.folder.set(self._folder, readonly=True)
        self._count = box.client.response("EXISTS")[1][-1]
        return _validity(box)

    @contextmanager
    def _session(self, name: str) -> Iterator[BaseMailBox]:
        with self._lock:
            try:
                with reached(self._reach, name):
                    self._box = self._box or _open(self._server, self._timeout)
                    yield self._box
            except (OSError, imaplib.IMAP4.error, ImapToolsError, UnicodeError) as error:
                self._drop()
                raise MailboxError(f"the mailbox could not be read: {type(error).__name__}") from error

    def _drop(self) -> None:
        box, self._box, self._count = self._box, None, None
        if box is not None:
            _hang_up(box)


def _open(server: Server, timeout: float) -> BaseMailBox:
    box: BaseMailBox
    if server.security == "tls":
        box = MailBox(server.host, server.port, timeout, ssl_context=server.tls())
    elif server.security == "starttls":
        box = MailBoxStartTls(server.host, server.port, timeout, ssl_context=server.tls())
    else:
        box = MailBoxUnencrypted(server.host, server.port, timeout)
    try:
        login = box.login if (server.user + server.password).isascii() else box.login_utf8
        login(server.user, server.password, None)
    except BaseException:
        _hang_up(box)
        raise
    return box


def _hang_up(box: BaseMailBox) -> None:
    """Without a LOGOUT, which would wait for an answer from a server that is gone; there is nothing to lose."""
    with suppress(OSError):
        box.client.shutdown()


def _uids_after(box: BaseMailBox, last: int) -> list[int]:
    """`n:*` always names the last mail too, even one before n."""
    found = (int(uid) for uid in box.uids(f"UID {last + 1}:*", charset=None))
    return sorted(uid for uid in found if uid > last)


def _fetch(box: BaseMailBox, uid: int) -> bytes | None:
    """A mail as it lies there; None where it is gone meanwhile. One by one: an answer for many names their UIDs in any order."""
    _, answer = box.client.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{MAIL_BYTES + 1}>)")
    return next((part[1] for part in answer if isinstance(part, tuple)), None)


def _validity(box: BaseMailBox) -> int:
    _, values = box.client.response("UIDVALIDITY")
    if values[-1] is None:
        raise imaplib.IMAP4.error("the server names no UIDVALIDITY")
    return int(values[-1])


def _ok(answer: tuple[str, list[bytes | None]]) -> None:
    if answer[0] != "OK":
        raise imaplib.IMAP4.error("the server refused")
