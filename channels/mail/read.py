"""A raw mail as an event. The webhook and the mailbox reader both come through here, so a mail that arrives by both is one."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection
from email.message import Message
from email.parser import BytesParser
from email.policy import Policy, compat32
from functools import partial

from channels.base import BadRequest, EventKind, Inbound
from channels.mail.automatic import Report, is_automatic, without_tag
from channels.mail.headers import Headers
from channels.mail.parts import body_text, calendar_note, files, leaves
from channels.mail.quotes import forwarded_block, reply_text
from channels.mail.trust import authenticated

MAIL_BYTES = 25 * 1024 * 1024
_MOST = {"parts": 1_000, "fields": 5_000}
_OUR_COPIES = ("delivered-to", "x-original-to", "to", "cc")
_ANSWERS = re.compile(r"\s*(re|aw|sv|vs|antw|rv|res|ref|odp|उत्तर|fwd?|wg|tr|enc|अग्रे)\s*:", re.IGNORECASE)
_FORWARDS = re.compile(r"\s*(fwd?|wg|tr|enc|अग्रे)\s*:", re.IGNORECASE)


def parse_mail(raw: bytes, mailbox: str, authserv_ids: Collection[str] = ()) -> tuple[Inbound, ...]:
    """One mail to `mailbox` (our bare address, lower case) as exactly one event: MESSAGE, AUTOMATIC, or STATUS for a delivery
    report on a mail of ours. `authserv_ids` name the mail servers whose Authentication-Results count. Pure. Raises BadRequest
    for what is no mail, bears no sender, or is over MAIL_BYTES."""
    if len(raw) > MAIL_BYTES:
        raise BadRequest(f"the mail is larger than {MAIL_BYTES // 1024 // 1024} MB")
    try:
        return (_event(raw, mailbox, authserv_ids),)
    except RecursionError as error:
        raise BadRequest("the mail is nested too deeply") from error
    except BadRequest:
        raise
    except Exception as error:  # a mail that the libraries choke on must not stop the mails behind it
        raise BadRequest(f"the mail cannot be read: {type(error).__name__}") from error


def _event(raw: bytes, mailbox: str, authserv_ids: Collection[str]) -> Inbound:
    mail = _parsed(raw)
    headers = Headers(mail)
    report = Report(mail) if mail.get_content_type() == "multipart/report" else None
    if report and report.status and report.message_id:
        return _status(raw, mailbox, headers, report)
    senders = headers.addresses("from")
    if not senders:
        raise BadRequest("the mail names no sender")
    name, sender = senders[0][0], senders[0][1].lower()
    return _message(raw, mailbox, mail, headers, name, sender, authenticated(headers, sender, authserv_ids))


class _Bounded(Message):
    """A part that counts with all others: 25 MB can hold millions of parts and fields, which take a gigabyte to keep."""

    def __init__(self, policy: Policy[Message], spent: Counter[str]) -> None:
        super().__init__(policy)
        self._spent = spent
        self._spend("parts")

    def set_raw(self, name: str, value: str) -> None:
        super().set_raw(name, value)
        self._spend("fields")

    def _spend(self, thing: str) -> None:
        self._spent[thing] += 1
        if self._spent[thing] > _MOST[thing]:
            raise BadRequest(f"the mail has more than {_MOST[thing]} {thing}")


def _parsed(raw: bytes) -> Message:
    """Parsed leniently: the modern policy raises on malformed fields."""
    return BytesParser(partial(_Bounded, spent=Counter()), policy=compat32).parsebytes(raw)


def _message(raw: bytes, mailbox: str, mail: Message, headers: Headers, name: str, sender: str, vouched: bool) -> Inbound:
    subject = headers.text("subject")
    written = body_text(mail)
    answers = headers.ids("in-reply-to") + headers.ids("references")[::-1]
    tag = _tag(headers, mailbox)
    text = reply_text(written, reply=bool(answers or tag or _ANSWERS.match(subject)))
    return Inbound(
        channel="email",
        account=mailbox,
        kind=EventKind.AUTOMATIC if is_automatic(headers, mail, sender, mailbox) else EventKind.MESSAGE,
        event_id=event_id(raw, headers),
        sender=sender,
        sender_name="" if "@" in name else name,  # "Head <head@example.com>" <other@example.net> is a disguise
        raw=raw,
        text="\n".join(filter(None, (calendar_note(mail), text))),
        reply_to=tuple(dict.fromkeys(answers)),
        tag=tag,
        subject=subject,
        sent_at=headers.date(),
        media=files(mail),
        forwarded=_forwarded(mail, subject, written),
        message_id=next(iter(headers.ids("message-id")), ""),
        authenticated=vouched,
    )


def _status(raw: bytes, mailbox: str, headers: Headers, report: Report) -> Inbound:
    return Inbound(
        channel="email",
        account=mailbox,
        kind=EventKind.STATUS,
        event_id=event_id(raw, headers),
        sender=report.recipient,
        raw=raw,
        sent_at=headers.date(),
        message_id=report.message_id,
        status=report.status,
        error=report.error,
    )


def event_id(raw: bytes, headers: Headers) -> str:
    """A hash of Message-ID and body. The id alone may be missing, repeated or forged; the other headers grow on the way, and
    line ends differ between ways."""
    identity = next(iter(headers.ids("message-id")), "") or "\n".join(map(headers.first, ("from", "date", "subject")))
    lines = raw.replace(b"\r\n", b"\n")
    body = lines.partition(b"\n\n")[2].rstrip(b"\n")
    return hashlib.sha256(identity.encode("utf-8", "replace") + b"\0" + body).hexdigest()


def _tag(headers: Headers, mailbox: str) -> str:
    """What stands behind the plus of our address, in its own case; "" where a mail went to two tags, since neither is surer."""
    ours = [address for _, address in headers.addresses(*_OUR_COPIES) if without_tag(address).lower() == mailbox]
    tags = {address.rpartition("@")[0].partition("+")[2] for address in ours} - {""}
    return tags.pop() if len(tags) == 1 else ""


def _forwarded(mail: Message, subject: str, written: str) -> bool:
    if any(part.get_content_type() == "message/rfc822" for part in leaves(mail)):
        return True
    return bool(_FORWARDS.match(subject)) and forwarded_block(written)
