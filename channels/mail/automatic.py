"""Which mail no person wrote: it is recorded, never acted on and never answered, so that two machines cannot keep each other
busy (RFC 3834; delivery reports: RFC 3464)."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message

from channels.base import Delivery
from channels.mail.headers import Headers, clean
from channels.mail.parts import parts_of

_LIST_FIELDS = ("list-id", "list-unsubscribe", "list-post", "list-help")
_ROBOT_FIELDS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-mail-autoreply")
_ACTIONS = {"failed": Delivery.FAILED, "delivered": Delivery.DELIVERED}


def is_automatic(headers: Headers, mail: Message, sender: str, mailbox: str) -> bool:
    """X-Auto-Response-Suppress is left out on purpose: people's mail carries it too."""
    return (
        headers.first("auto-submitted").split(";")[0].strip().lower() not in ("", "no")
        or headers.first("precedence").strip().lower() in ("bulk", "list", "junk", "auto_reply")
        or any("".join(path.split()) == "<>" for path in headers.all("return-path"))
        or any(name in headers for name in (*_LIST_FIELDS, *_ROBOT_FIELDS))
        or mail.get_content_type() == "multipart/report"
        or sender.partition("@")[0] == "mailer-daemon"
        or without_tag(sender) == mailbox
    )


def without_tag(address: str) -> str:
    """ "baton+tag@example.com" as "baton@example.com"."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


class Report:
    """A delivery report: what became of a mail of ours. `status` is None where nothing is decided yet (delayed)."""

    def __init__(self, mail: Message) -> None:
        outer = Headers(mail)
        self.status: Delivery | None = None
        self.error = ""
        self.recipient = ""
        self.message_id = _original_id(mail) or next(iter(outer.ids("in-reply-to")), "")
        for block in _recipient_blocks(mail):
            self._read(Headers(block))

    def _read(self, block: Headers) -> None:
        """The action is what happened; the code's class says so only where no action is given (4.4.7 is final with "failed")."""
        action = block.first("action").strip().lower()
        code = block.first("status").split()[:1]
        default = Delivery.FAILED if not action and code and code[0].startswith("5") else None
        status = _ACTIONS.get(action, default)
        if status is None or self.status is Delivery.FAILED:
            return
        said = block.first("diagnostic-code").partition(";")[2] or block.first("diagnostic-code")
        self.status = status
        self.error = clean(" ".join([*code, *said.split()]))[:500] if status is Delivery.FAILED else ""
        self.recipient = clean(block.first("final-recipient").partition(";")[2]).strip().lower()


def _recipient_blocks(mail: Message) -> list[Message]:
    reports = [part for part in parts_of(mail) if part.get_content_type() == "message/delivery-status"]
    return [block for part in reports for block in parts_of(part)]


def _original_id(mail: Message) -> str:
    """The id of the mail reported on, from its copy or its headers at the end of the report."""
    for part in parts_of(mail):
        inner: Message | None = None
        if part.get_content_type() == "message/rfc822":
            inner = next(iter(parts_of(part)), None)
        elif part.get_content_type() == "text/rfc822-headers":
            inner = _headers_of(part)
        if inner is not None and (found := Headers(inner).ids("message-id")):
            return found[0]
    return ""


def _headers_of(part: Message) -> Message:
    content = part.get_payload(decode=True)
    return message_from_bytes(content if isinstance(content, bytes) else b"")
