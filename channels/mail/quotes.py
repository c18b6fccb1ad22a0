"""The words that a person wrote on top of a mail: without the quoted mail below, the signature and the device's advertisement.

Only top-posted text is an answer. The quoted prompt holds the words "approve" and "reject" itself, so everything from the
first quote on is dropped, answers between the quoted lines included: an empty rest makes Baton ask, a wrong word would not.
"""

from __future__ import annotations

import re
from functools import cache

from mailparser_reply.constants import MAIL_LANGUAGES
from mailparser_reply.parser import EmailMessage as ReplyPatterns

TEXT_CHARS = 20_000
"""No chat text is longer; the patterns below see no more than this."""

_SEPARATOR = re.compile(
    r"[-_*\s>]*(original message|forwarded message|begin forwarded message|मूल संदेश|अग्रेषित संदेश)\s*:?[-_*\s]*$", re.IGNORECASE
)
_WROTE = re.compile(r"on\b.{4,400}\bwrote\s*:\s*$", re.IGNORECASE)
_FIELD = re.compile(r"\*?(from|sent|date|to|cc|subject)\s*:\*?", re.IGNORECASE)
_DEVICE = re.compile(r"(sent from (my|mail|outlook|yahoo)|get outlook for|मेरे .{1,30} से भेजा गया).{0,80}$", re.IGNORECASE)
_CLOSING = re.compile(
    r"((with )?(best |kind |warm )?regards|thanks (&|and) regards|best|cheers|(many )?thanks|thank you|sincerely|"
    r"yours (sincerely|faithfully|truly)|धन्यवाद|सादर|आभार)\s*[,.!।]*$",
    re.IGNORECASE,
)
_CLOSING_LINES = 8  # a name, a title, a firm, numbers: more than that below "Regards" is text
_CLOSING_WIDTH = 60
_QUOTE_CHARS = ">|❯"


def reply_text(text: str, *, reply: bool) -> str:
    """What was written on top. `reply`: the mail answers another one, so other languages' quote headers are looked for too
    (in a fresh mail "Von: Pune / An: Delhi" may be what is asked for)."""
    lines = _tidy(text[:TEXT_CHARS]).split("\n")
    top = "\n".join(lines[: _first_quote(lines)])
    if reply and (header := _quote_header().search(top)):
        top = top[: header.start()]
    return _unsigned(top.strip().rstrip("_-—* \n"))


def forwarded_block(text: str) -> bool:
    """Whether the text holds a forwarded mail below what was written on top."""
    lines = _tidy(text[:TEXT_CHARS]).split("\n")
    return any(_SEPARATOR.match(line) or _is_header_block(lines, at) for at, line in enumerate(lines))


def _tidy(text: str) -> str:
    """Lines without outer white space and at most one blank line in a row (the library's patterns are slow on many)."""
    lines = "\n".join(line.strip() for line in text.replace("\xa0", " ").splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines)


def _first_quote(lines: list[str]) -> int:
    for at, line in enumerate(lines):
        if line.startswith(">") or (line[:1] == "|" and _all_quoted(lines[at:])):
            return _before_attribution(lines, at)
        if _SEPARATOR.match(line) or _wrote(lines, at) or _is_header_block(lines, at):
            return at
    return len(lines)


def _all_quoted(lines: list[str]) -> bool:
    return all(line[:1] in _QUOTE_CHARS for line in lines if line)


def _wrote(lines: list[str], at: int) -> bool:
    """ "On Monday, Asha <a@example.com> wrote:", perhaps wrapped over up to four lines."""
    if not lines[at][:3].lower().startswith("on "):
        return False
    return any(_WROTE.match(" ".join(lines[at : at + count])) for count in range(1, 5))


def _is_header_block(lines: list[str], at: int) -> bool:
    """Outlook's way: From, Sent or Date, Subject, on lines below each other."""
    first = _FIELD.match(lines[at])
    if not first or first[1].lower() != "from":
        return False
    names = {found[1].lower() for line in lines[at : at + 8] if (found := _FIELD.match(line))}
    return "subject" in names and bool(names & {"sent", "date"})


def _before_attribution(lines: list[str], at: int) -> int:
    """The line that introduces the quote, in whatever language: the paragraph right above it, ending in a colon, with a mail
    address or a date in it."""
    end = at
    while end and not lines[end - 1]:
        end -= 1
    start = end
    while start and lines[start - 1] and end - start < 4:
        start -= 1
        paragraph = " ".join(lines[start:end])
        if paragraph.endswith(":") and re.search(r"\S@\S|\d{4}|\d[.:/]\d", paragraph):
            return start
    return end


def _unsigned(text: str) -> str:
    """Without what follows "-- ", a closing formula with a few short lines below it, and "Sent from my phone"."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if line == "--" or _DEVICE.match(line) or (at and _CLOSING.match(line) and _is_signature(lines[at + 1 :])):
            return "\n".join(lines[:at]).strip()
    return text.strip()


def _is_signature(below: list[str]) -> bool:
    written = [line for line in below if line]
    return len(written) <= _CLOSING_LINES and all(len(line) <= _CLOSING_WIDTH for line in written)


@cache
def _quote_header() -> re.Pattern[str]:
    """The library's quote headers in all its languages. Its own reading of a whole mail is quadratic (a minute for 20 kB of
    blank lines); this pattern alone is linear."""
    pattern: re.Pattern[str] = ReplyPatterns(text="", languages=[name for name in MAIL_LANGUAGES if name != "david"]).HEADER_REGEX
    return pattern
