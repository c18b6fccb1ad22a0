"""A mail server that keeps what it is given, in a thread of its own. It can be told how to answer the next mails."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.conftest import free_port


class Sink:
    """`mails` are raw, `envelopes` pairs of sender and recipient. `at_recipient` and `at_data` hold answers for the next mails;
    "" hangs up instead of answering."""

    def __init__(self, **settings: Any) -> None:
        self.mails: list[bytes] = []
        self.envelopes: list[tuple[str, str]] = []
        self.at_recipient: list[str] = []
        self.at_data: list[str] = []
        self._server = Controller(self, hostname="127.0.0.1", port=free_port(), **settings)
        self._server.start()
        self.url = f"smtp://127.0.0.1:{self._server.port}"
        self._running = True

    async def handle_RCPT(self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:
        if self.at_recipient:
            return _answer(server, self.at_recipient.pop(0))
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.at_data:
            return _answer(server, self.at_data.pop(0))
        self.mails.append(bytes(envelope.original_content or b""))
        self.envelopes.append((str(envelope.mail_from), envelope.rcpt_tos[0]))
        return "250 kept"

    def read(self) -> list[EmailMessage]:
        """The mails, read by the standard library's modern parser: not by the code under test."""
        return [message_from_bytes(raw, policy=default) for raw in self.mails]  # type: ignore[misc]

    def close(self) -> None:
        if self._running:
            self._running = False
            self._server.stop()


def _answer(server: SMTP, answer: str) -> str:
    if not answer and server.transport is not None:
        server.transport.abort()
    return answer
