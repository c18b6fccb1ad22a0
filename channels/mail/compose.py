"""A message as a mail. Everything from outside is checked or cleaned before it comes near a header."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import format_datetime

from channels.base import Attachment, Message, SendError
from channels.mail.headers import clean
from channels.mail.parts import display_name

_SUBJECT_CHARS = 200
_ID = re.compile(r"<[!-;=?-~]{1,900}>")  # printable ASCII, and shorter than the longest line that SMTP takes
_TYPE = re.compile(r"(application|audio|font|image|model|text|video)/([\w.+-]{1,80})", re.ASCII)


class _Ids(BaseHeader):
    """Message ids, broken only between them. The library would encode a long one (RFC 2047), and no mail client or server
    would recognise it again."""

    max_count = 1
    parse = UnstructuredHeader.parse

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: " + f"{policy.linesep} ".join(self.split()) + policy.linesep


def _policy() -> EmailPolicy[EmailMessage]:
    """Lines end as SMTP wants them; contents are 7 bit, so that no relay has to rewrite (and unsign) them."""
    registry = HeaderRegistry()
    registry.map_to_type("in-reply-to", _Ids)
    registry.map_to_type("references", _Ids)
    return SMTP.clone(cte_type="7bit", header_factory=registry)


_POLICY = _policy()


def compose(message: Message, author: Address, message_id: str, date: datetime) -> EmailMessage:
    """The mail for `message`. Raises SendError where its address is none."""
    mail = EmailMessage(_POLICY)
    mail["From"] = author
    mail["To"] = recipient(message.to)
    mail["Subject"] = _subject(message)
    mail["Date"] = format_datetime(date)
    mail["Message-ID"] = message_id
    _thread(mail, message)
    if message.tag:
        mail["Reply-To"] = Address(author.display_name, f"{author.username}+{message.tag}", author.domain)
    mail["Auto-Submitted"] = "auto-replied" if message.automatic_reply else "auto-generated"
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"  # not "All", which would silence bounces too
    mail.set_content(clean(message.text))
    _attach(mail, message.attachments)
    return mail


def recipient(to: str) -> Address:
    try:
        return Address(addr_spec=to)
    except (ValueError, IndexError, RecursionError, MessageError) as error:
        raise SendError("the address is not a mail address", retryable=False, code="address") from error


def _subject(message: Message) -> str:
    """One line without control characters; the text's first line where there is none (mail without a subject looks like spam)."""
    line = message.subject.strip() or next(iter(message.text.strip().splitlines()), "")
    return " ".join(clean(line).split())[:_SUBJECT_CHARS]


def _thread(mail: EmailMessage, message: Message) -> None:
    """RFC 5322, 3.6.4: the mail it answers, and the way there."""
    quoted = _ID.findall(message.quote)[:1]
    earlier = [found for each in message.references for found in _ID.findall(each)]
    if quoted:
        mail["In-Reply-To"] = quoted[0]
    if way := list(dict.fromkeys([each for each in earlier if each not in quoted] + quoted)):
        mail["References"] = " ".join(way)


def _attach(mail: EmailMessage, attachments: Iterable[Attachment]) -> None:
    for each in attachments:
        kind = _TYPE.match(each.type)
        main, sub = kind.groups() if kind else ("application", "octet-stream")
        mail.add_attachment(each.content, maintype=main, subtype=sub, filename=display_name(each.name) or "file")
