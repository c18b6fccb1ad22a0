"""A mailbox in a person's hand: the SMTP sink that files what the product sends, and the raw mail that they write back."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.utils import format_datetime, formataddr, getaddresses, make_msgid
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from inscriptis import get_text  # type: ignore[import-untyped]  # ships no types

from bot.simulator.cast import Phone
from bot.simulator.settings import AUTHSERV_ID
from bot.simulator.store import Bubble, File, Wire
from bot.simulator.world import Refused, World

WEBHOOK = "/webhooks/email"
FILE_LIMIT = 18_000_000
"""Bytes of a file that still fits a mail of 25 MB once encoded."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    world: World

    def write(self, phone: Phone, text: str, quote: Bubble | None = None, file: File | None = None, subject: str = "") -> Bubble:
        """A new mail, or an answer with the earlier mail quoted under it, as mail programs do."""
        if file and file.size > FILE_LIMIT:
            raise Refused("A mail takes files of up to 18 MB. Please choose a smaller one.")
        if not (text.strip() or file):
            raise Refused("Please write something first.")
        now = self.world.clock.now()
        answered = quote or Bubble(phone=phone.id, author="note", at=now)
        sender = answered.recipient if answered.author == "baton" else phone.address
        bubble = Bubble(
            phone=phone.id,
            author="person",
            at=now,
            text=text,
            subject=subject or _answer_to(answered.subject),
            quote=answered.id,
            files=(file,) if file else (),
            sid=make_msgid(domain=sender.rpartition("@")[2]),
            state="sending",
            sender=sender,
            recipient=(answered.sender if answered.author == "baton" else "") or self.world.settings.email_from,
            references=(*answered.references, answered.sid) if answered.sid else (),
        )
        self.world.heard(phone)
        shown = self.world.store.add(bubble)
        self.world.carry(shown, self._wire(phone, shown, answered, file))
        return shown

    def tap(self, phone: Phone, prompt: Bubble, index: int) -> None:
        raise Refused("Mails have no buttons. Please write an answer.")

    def _wire(self, phone: Phone, bubble: Bubble, answered: Bubble, file: File | None) -> Wire:
        mail = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
        domain = bubble.sender.rpartition("@")[2]
        mail["Return-Path"] = f"<{bubble.sender}>"
        mail["Authentication-Results"] = f"{AUTHSERV_ID}; dmarc=pass header.from={domain}"
        mail["From"] = formataddr((phone.name, bubble.sender))
        mail["To"] = bubble.recipient
        mail["Subject"] = bubble.subject
        mail["Date"] = format_datetime(bubble.at)
        mail["Message-ID"] = bubble.sid
        if bubble.references:
            mail["In-Reply-To"] = bubble.references[-1]
            mail["References"] = " ".join(bubble.references)
        mail.set_content(bubble.text + _quoted(answered))
        found = self.world.store.file(file.token) if file else None
        if file and found:
            main, _, sub = file.type.partition("/")
            mail.add_attachment(found[1], maintype=main or "application", subtype=sub or "octet-stream", filename=file.name)
        return Wire(kind="email", url=WEBHOOK, body=mail.as_bytes().decode("ascii"))


class Sink:
    """An SMTP server on this machine that takes every mail, whoever it is to, and files it in the one mailbox."""

    def __init__(self, world: World, mailbox: Phone) -> None:
        self._world, self._mailbox = world, mailbox
        logging.getLogger("mail.log").setLevel(logging.WARNING)  # the library logs every address it sees
        address = urlsplit(world.settings.smtp_url)
        self._server = Controller(self, hostname="127.0.0.1", port=address.port or 25, ready_timeout=10)
        self._server.start()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.file(envelope.content, envelope.rcpt_tos)
        return "250 2.0.0 accepted"

    def file(self, raw: bytes, recipients: Iterable[str]) -> None:
        """File one mail. Answers go to Reply-To, else to From."""
        mail = BytesParser(policy=policy.default).parsebytes(raw)
        assert isinstance(mail, EmailMessage)
        answers = getaddresses(mail.get_all("reply-to", []) or mail.get_all("from", []))
        answered = self._world.store.by_sid(_id(mail["in-reply-to"]))
        self._world.store.add(
            Bubble(
                phone=self._mailbox.id,
                author="baton",
                at=self._world.clock.now(),
                text=_text(mail),
                subject=str(mail["subject"] or ""),
                quote=answered.id if answered else 0,
                files=tuple(self._files(mail)),
                sid=_id(mail["message-id"]) or make_msgid(),
                sender=answers[0][1] if answers else "",
                recipient=next(iter(recipients), self._mailbox.address),
                references=tuple(str(mail["references"] or "").split()),
            )
        )

    def _files(self, mail: EmailMessage) -> Iterable[File]:
        for part in mail.iter_attachments():
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                yield self._world.store.put_file(part.get_filename() or "file", part.get_content_type(), content)

    def close(self) -> None:
        """Safe twice."""
        self._server.stop(no_assert=True)


def _text(mail: EmailMessage) -> str:
    body: MIMEPart | None = mail.get_body(("plain", "html"))
    if body is None:
        return ""
    content = str(body.get_content()).replace("\r\n", "\n")
    return (get_text(content) if body.get_content_type() == "text/html" else content).strip()


def _id(header: object) -> str:
    found = re.search(r"<[^<>\s]+>", str(header or ""))
    return found[0] if found else ""


def _answer_to(subject: str) -> str:
    return subject if not subject or subject.lower().startswith("re:") else f"Re: {subject}"


def _quoted(answered: Bubble) -> str:
    if not answered.id:
        return "\n"
    lines = "".join(f"> {line}\n" for line in answered.text.splitlines())
    return f"\n\nOn {answered.at:%a, %d %b %Y at %H:%M} UTC, {answered.sender} wrote:\n{lines}"
