"""Mail: raw MIME in by a signed webhook or from a mailbox (`channels.imap`), out by SMTP.

What answers what is found by In-Reply-To and References, which name our Message-IDs, and by the plus tag of the Reply-To
address. From is free text: a mail is an answer, never proof of who wrote it (`Inbound.authenticated` says when our own server
vouches), so no decision is taken by mail alone (`limits.buttons_decide`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr

from channels.base import (
    BadSignature,
    ConfigurationError,
    Inbound,
    Limits,
    Media,
    MediaError,
    Message,
    Reach,
    SendError,
    Sent,
    nowhere,
)
from channels.fit import fit
from channels.http import header, reached
from channels.mail.compose import compose, recipient
from channels.mail.headers import clean
from channels.mail.read import parse_mail
from channels.mail.server import Server
from channels.mail.smtp import PORTS, deliver

__all__ = ["SIGNATURE", "TIMESTAMP", "Email", "parse_mail", "signature"]

SIGNATURE = "X-Baton-Signature"
TIMESTAMP = "X-Baton-Timestamp"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of X-Baton-Signature over a raw mail: "sha256=" and the hex HMAC-SHA256 of `<timestamp>.<body>`. `timestamp`
    (Unix seconds, sent as X-Baton-Timestamp) cannot be changed apart from the body; a replay finds its event id already there."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class Email:
    """`sender` is our mailbox, with or without a name ("Baton <baton@example.com>"), `smtp_url` as in `Server.read`, `now` gives
    the Date of what we send. Without `webhook_secret` the webhook is shut. `authserv_ids` name the mail servers whose
    Authentication-Results are believed."""

    name = "email"
    limits = Limits(
        text=100_000,
        buttons=0,
        label=0,
        token=0,
        file_bytes=18_000_000,  # 25 MB, the usual limit of a mail, once base64 has made it a third larger
        buttons_decide=False,
        per_second=5.0,
    )

    def __init__(
        self,
        sender: str,
        smtp_url: str,
        *,
        now: Callable[[], datetime],
        webhook_secret: str = "",
        authserv_ids: Collection[str] = (),
        reach: Reach = nowhere,
        timeout: float = 30.0,
    ) -> None:
        self._author = _author(sender)
        self.mailbox = self._author.addr_spec.lower()
        self._server = Server.read(smtp_url, "SMTP_URL", PORTS)
        self._now, self._secret, self._authserv_ids = now, webhook_secret, tuple(authserv_ids)
        self._reach, self._timeout = reach, timeout

    def parse(self, body: bytes, headers: Mapping[str, str], url: str = "") -> tuple[Inbound, ...]:
        """One raw mail, signed as `signature` says."""
        timestamp, given = header(headers, TIMESTAMP), header(headers, SIGNATURE)
        if not self._secret or not re.fullmatch(r"[0-9]{1,20}", timestamp):
            raise BadSignature("the mail is not signed")
        if not hmac.compare_digest(signature(self._secret, timestamp, body).encode(), given.encode("utf-8", "replace")):
            raise BadSignature("the mail's signature is wrong")
        return self.read(body)

    def read(self, raw: bytes) -> tuple[Inbound, ...]:
        """One raw mail from our own mailbox. Raises BadRequest."""
        return parse_mail(raw, self.mailbox, self._authserv_ids)

    def send(self, message: Message) -> Sent:
        """The one id is our Message-ID, which answers name. It ends in the tag where there is one, so that a message sent twice
        is one mail to most mail programs. Buttons become numbered lines, never links: mail scanners follow every link."""
        message, *more = fit(message, self.limits)
        if more or not (message.text.strip() or message.attachments):
            raise SendError("a mail needs a text or a file, and no more than a long letter", retryable=False, code="length")
        message_id = f"<{_dot_atom(message.key)}.{_dot_atom(message.tag) or secrets.token_hex(16)}@{self._author.domain}>"
        content = compose(message, self._author, message_id, self._now()).as_bytes()
        with reached(self._reach, "smtp.send"):
            to = recipient(message.to).addr_spec
            deliver(self._server, self.mailbox, to, content, helo=self._author.domain, timeout=self._timeout)
        return Sent((message_id,))

    def fetch(self, media: Media, limit: int) -> bytes:
        """A mail brings its files along."""
        if media.content is None:
            raise MediaError("the file did not come with the mail", retryable=False)
        if len(media.content) > limit:
            raise MediaError(f"the file is larger than {limit} bytes", retryable=False, too_large=True)
        return media.content

    def acknowledge(self, inbound: Inbound, text: str = "") -> None:
        """Mail shows no waiting sign."""

    def close(self) -> None:
        """Nothing is kept open between mails."""


def _author(sender: str) -> Address:
    name, address = parseaddr(clean(sender))
    try:
        author = Address(" ".join(name.split()), addr_spec=address)
    except (ValueError, IndexError, MessageError) as error:
        raise ConfigurationError("EMAIL_FROM is no mail address: write Name <baton@example.com>") from error
    if "+" in author.username:
        raise ConfigurationError("EMAIL_FROM has a plus in it, which is where Baton puts its tags: use the mailbox's own address")
    return author


def _dot_atom(word: str) -> str:
    """What may stand in a Message-ID's left side."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", word)
