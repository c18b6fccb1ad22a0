"""Fitting a message to what a channel can carry: pure, in one place, driven by `Limits`.

Lengths of texts are counted in UTF-16 units, which no provider counts more strictly than: an emoji is two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace

from channels.base import Button, Limits, Message

_JOINERS = "\u200c\u200d"  # zero-width (non-)joiners shape the letters around them
_BREAKS = tuple(re.compile(pattern) for pattern in (r"\n\s*\n", r"\n", r"(?<=[.!?।؟。])\s+", r"\s+"))
_CLOSEST = 0.25  # a break nearer the start than this share of the room leaves parts too small: try a weaker kind of break


def fit(message: Message, limits: Limits) -> tuple[Message, ...]:
    """The messages to send, in order, for one that may be too long or have too many buttons.

    Texts break at a paragraph, else a line, a sentence, a word, and only then inside one. The last message keeps the `key`, the
    buttons and the attachments; earlier ones get `key-1`, `key-2`, .... Buttons that the channel cannot show become numbered
    lines ("1. Approve") to be answered by number. An approved template is one message by nature: its text is cut.
    """
    if message.template:
        room = limits.button_text or limits.text
        return (replace(message, text=cut(message.text, room), buttons=_shown(message.buttons, limits)),)
    if len(message.buttons) > limits.buttons:
        message = replace(message, text=_numbered(message), buttons=())
    texts = list(split(message.text, limits.text))
    if message.buttons and limits.button_text:
        texts[-1:] = split(texts[-1], limits.button_text)
    last = replace(message, text=texts[-1], buttons=_shown(message.buttons, limits))
    if len(texts) == 1:
        return (last,)
    bare = replace(message, buttons=(), attachments=())
    earlier = [replace(bare, text=text, key=f"{message.key}-{n}") for n, text in enumerate(texts[:-1], 1)]
    return (earlier[0], *(replace(part, quote="") for part in earlier[1:]), replace(last, quote=""))


def split(text: str, room: int) -> Iterator[str]:
    """`text` in parts of at most `room` characters, none of them blank (one empty part for an empty text)."""
    while _chars(text) > room:
        head = _prefix(text, room, _chars)
        end, start = _break(text, len(head))
        yield text[:end].rstrip()
        text = text[start:].lstrip()
    yield text


def cut(text: str, room: int, units: str = "chars") -> str:
    """`text` on one line, within `room` units, ending in "…" where something was left out."""
    text, measure = " ".join(text.split()), _MEASURES[units]
    if measure(text) <= room:
        return text
    return _prefix(text, room - measure("…"), measure).rstrip() + "…"


def _numbered(message: Message) -> str:
    lines = [f"{n}. {' '.join(button.label.split())}" for n, button in enumerate(message.buttons, 1)]
    return "\n\n".join(filter(None, (message.text, "\n".join(lines))))


def _shown(buttons: tuple[Button, ...], limits: Limits) -> tuple[Button, ...]:
    """The buttons with labels that fit and differ: providers refuse a message with two equal ones, and people cannot choose."""
    labels: list[str] = []
    for n, button in enumerate(buttons, 1):
        label, mark = cut(button.label, limits.label, limits.units) or str(n), n
        while label in labels:
            ending, mark = f" ({mark})", mark + 1
            label = (cut(button.label, limits.label - len(ending), limits.units) + ending).strip()
        labels.append(label)
    return tuple(replace(button, label=label) for button, label in zip(buttons, labels, strict=True))


def _break(text: str, longest: int) -> tuple[int, int]:
    """Where the first part ends and the next begins, the first being at most `longest` code points."""
    for pattern in _BREAKS:
        found = [m.span() for m in pattern.finditer(text, 0, longest + 1) if longest * _CLOSEST <= m.start() <= longest]
        if found and text[: found[-1][0]].strip():
            return found[-1]
    return longest, longest


def _prefix(text: str, room: int, measure: Callable[[str], int]) -> str:
    """The longest start of `text` within `room` that leaves no sign (a vowel mark, a joiner) without its letter."""
    low, high = 0, min(len(text), room)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(text[:middle]) <= room else (low, middle - 1)
    end = low
    while 0 < end < len(text) and (_clings(text[end]) or text[end - 1] in _JOINERS):
        end -= 1
    return text[: end or low]


def _clings(sign: str) -> bool:
    return sign in _JOINERS or unicodedata.category(sign) in ("Mn", "Mc", "Me")


def _chars(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


_MEASURES: dict[str, Callable[[str], int]] = {"chars": _chars, "bytes": _bytes}
