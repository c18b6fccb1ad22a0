"""The parts of a mail: the text a person wrote, the files they sent, the answer of their calendar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.errors import MessageError
from email.message import Message
from email.policy import compat32

from channels.base import Media
from channels.mail.headers import clean, text_of, words
from channels.mail.html import html_text

DECORATION_BYTES = 3_000
"""An inline image below this is a logo in a signature or a tracking pixel."""

_NAME_CHARS = 150
_AS_IT_CAME = compat32.clone(mangle_from_=False)
_PARTSTAT = re.compile(r"^ATTENDEE[^:\n]*;PARTSTAT=\"?([A-Z-]+)", re.MULTILINE | re.IGNORECASE)
_SUMMARY = re.compile(r"^SUMMARY[^:\n]*:(.{1,200})", re.MULTILINE | re.IGNORECASE)


def leaves(mail: Message) -> Iterator[Message]:
    """The parts that hold something, in order; a forwarded mail inside (message/rfc822) is one of them, not opened."""
    inside = parts_of(mail)
    if not inside or mail.get_content_maintype() == "message":
        yield mail
    else:
        for part in inside:
            yield from leaves(part)


def parts_of(mail: Message) -> list[Message]:
    """What lies directly in a part; [] for one that holds a text or a file."""
    payload = mail.get_payload()
    return [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []


def body_text(mail: Message) -> str:
    """All that was written: the plain text, or the HTML one's where there is no plain text."""
    texts = [part for part in leaves(mail) if not _is_file(part)]
    plain = [_text(part) for part in texts if part.get_content_type() == "text/plain"]
    written = "\n".join(each for each in plain if each.strip())
    return written or "\n".join(html_text(_text(part)) for part in texts if part.get_content_type() == "text/html")


def calendar_note(mail: Message) -> str:
    """A calendar's answer in words, as "Calendar reply: accepted (Site visit)"; "" where there is none."""
    for part in leaves(mail):
        if part.get_content_type() == "text/calendar":
            source = re.sub(r"\n[ \t]", "", _text(part)[:50_000])  # RFC 5545 folds long lines
            if "METHOD:REPLY" in source.upper() and (answer := _PARTSTAT.search(source)):
                summary = _SUMMARY.search(source)
                about = f" ({summary[1].strip()})" if summary else ""
                return f"Calendar reply: {answer[1].lower()}{about}"
    return ""


def files(mail: Message) -> tuple[Media, ...]:
    """The attachments with their bytes; logos and pixels left out. `ref` says which part of the mail it was."""
    found = ((number, part, _content(part)) for number, part in enumerate(leaves(mail)) if _is_file(part))
    return tuple(
        Media(f"part:{number}", part.get_content_type(), _name(part), len(content), content)
        for number, part, content in found
        if content and not _is_decoration(part, content)
    )


def display_name(name: str) -> str:
    """A file's name for people's eyes: no folders, no control characters, not too long. Never a path."""
    last = re.split(r"[/\\]", clean(name).replace("\n", " ").replace("\t", " "))[-1]
    return last.strip(" .")[-_NAME_CHARS:]


def _is_file(part: Message) -> bool:
    if part.get_content_disposition() == "attachment" or part.get_content_maintype() not in ("text", "multipart"):
        return True
    return part.get_content_type() not in ("text/plain", "text/html") or bool(_name(part))


def _is_decoration(part: Message, content: bytes) -> bool:
    inline = part.get_content_disposition() != "attachment" or bool(part.get("Content-ID"))
    return part.get_content_maintype() == "image" and inline and len(content) < DECORATION_BYTES


def _content(part: Message) -> bytes:
    if part.get_content_maintype() == "message":
        return b"\n".join(map(_as_bytes, parts_of(part)))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _as_bytes(mail: Message) -> bytes:
    """A mail inside a mail, as it came; of one too broken for the library to write again, its fields and text."""
    try:
        return mail.as_bytes(policy=_AS_IT_CAME)
    except (ValueError, LookupError, MessageError):
        fields = "".join(f"{name}: {value}\n" for name, value in mail.raw_items())
        return clean(f"{fields}\n{mail.get_payload()}").encode()


def _text(part: Message) -> str:
    return text_of(_content(part), part.get_content_charset() or "")


def _name(part: Message) -> str:
    return display_name(words(part.get_filename() or ""))
