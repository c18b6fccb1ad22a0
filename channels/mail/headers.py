"""The header fields of one mail part, read leniently: whatever bytes come in, plain text without control characters comes out.

The standard library's modern header parser raises on malformed fields, so a mail is parsed with `compat32` and its fields
are decoded here.
"""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

_FIELD_CHARS = 20_000  # a longer field is nobody's honest mail, and the address parser is quadratic
_ENCODED_WORDS = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?=(?:\s+=\?[^?\s]+\?[bBqQ]\?[^?]*\?=)*")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_MESSAGE_ID = re.compile(r"<([^<>]{1,998})>")
_CODE_NOT_TEXT = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"}
"""Python codecs that no mail means by its charset, and whose decoding is slow or gives something else than text."""


class Headers:
    """The fields of `part`, in order. Names in any letter case."""

    def __init__(self, part: Message) -> None:
        self._fields = [(name.lower(), _unfolded(str(value))) for name, value in part.raw_items()]

    def all(self, *names: str) -> list[str]:
        """The undecoded values of these fields, topmost first."""
        return [value for name, value in self._fields if name in names]

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def __contains__(self, name: str) -> bool:
        return any(field == name for field, _ in self._fields)

    def text(self, name: str) -> str:
        """The first such field with its encoded words decoded, on one line."""
        return " ".join(words(self.first(name)).split())

    def addresses(self, *names: str) -> list[tuple[str, str]]:
        """(display name, address as written) of all these fields; [] where they cannot be read."""
        try:
            found = getaddresses(self.all(*names))
        except (ValueError, IndexError, RecursionError):  # nested comments, among others
            return []
        pairs = ((" ".join(words(name).split()), "".join(clean(address).split())) for name, address in found)
        return [(name, address) for name, address in pairs if address]

    def ids(self, name: str) -> tuple[str, ...]:
        """The message ids of a field, as `<left@right>` without the white space that folding put inside."""
        values = " ".join(self.all(name))
        found = _MESSAGE_ID.findall(values) or [word for word in values.split() if word.count("@") == 1][:1]
        squeezed = ("".join(clean(each).split()) for each in found)
        return tuple(dict.fromkeys(f"<{each}>" for each in squeezed if each))

    def date(self) -> datetime | None:
        """The Date field in UTC; None where it is missing or no date."""
        try:
            when = parsedate_to_datetime(self.first("date"))
            return when.replace(tzinfo=when.tzinfo or UTC).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None


def words(value: str) -> str:
    """`value` with its encoded words (RFC 2047) decoded; a broken one stays as it is."""
    return clean(_ENCODED_WORDS.sub(lambda run: _decoded_run(run[0]), value))


def text_of(data: bytes, charset: str) -> str:
    """Bytes in a declared charset as text: where the declaration is missing or wrong, UTF-8 if it fits, else Windows-1252."""
    for name in (charset, "utf-8"):
        try:
            if codecs.lookup(name).name not in _CODE_NOT_TEXT:
                return clean(data.decode(name))
        except (LookupError, ValueError):
            continue
    fallback = "utf-8" if charset.lower() in ("utf-8", "utf8") else "cp1252"
    return clean(data.decode(fallback, "replace"))


def clean(text: str) -> str:
    """Text that every database and log can hold: no control, direction or zero-width characters (tab and line feed stay),
    no lone surrogates."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", lines).encode("utf-8", "replace").decode("utf-8")


def _unfolded(value: str) -> str:
    """A raw field on one line; bytes that were not ASCII read as UTF-8."""
    line = re.sub(r"\r?\n|\r", "", value[:_FIELD_CHARS])
    return line.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\0", "")


def _decoded_run(run: str) -> str:
    """Neighbouring encoded words together: a character may be split between two of them."""
    try:
        return "".join(
            text_of(part, charset or "ascii") if isinstance(part, bytes) else part for part, charset in decode_header(run)
        )
    except (HeaderParseError, ValueError):
        return run
