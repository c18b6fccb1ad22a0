"""Sentences that the core makes for people: written in English, and kept so that the edge can say them in another language.

A `Said` is a `str` (the English sentence), so that whoever only stores, logs or compares it need not know. It remembers the
template and what fills its slots: the edge looks the template up in the catalogue and fills the slots in the reader's language.
`sentence("...")` is also the mark by which a sentence gets into the catalogue: its first argument is always a literal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from types import MappingProxyType
from typing import Any

from flows.basics import Wording

Slot = str | Wording
_NONE: Mapping[str, Slot] = MappingProxyType({})


class Said(str):
    """`template` is the msgid; `slots` what fills it: plain text, a `Wording` of the flow file, or another Said."""

    __slots__ = ("slots", "template")
    template: str
    slots: Mapping[str, Slot]

    def __new__(cls, template: str, slots: Mapping[str, Slot] = _NONE) -> Said:
        english = {name: slot.text() if isinstance(slot, Wording) else slot for name, slot in slots.items()}
        made = super().__new__(cls, template.format(**english) if slots else template)
        made.template, made.slots = template, slots
        return made

    def stored(self) -> dict[str, Any]:
        """As JSON: `{"said": template, "slots": {name: text | {"words": {...}} | {"said": ...}}}`."""
        return {"said": self.template, "slots": {name: _stored(slot) for name, slot in self.slots.items()}}

    @staticmethod
    def read(raw: Mapping[str, Any]) -> Said:
        """The sentence behind `stored`'s form."""
        return Said(raw["said"], {name: _read(slot) for name, slot in raw["slots"].items()})


def sentence(template: str, **slots: object) -> Said:
    """A sentence of the catalogue. A slot keeps its own languages where it has them (a Wording, a Said, an error made of one)."""
    return Said(template, {name: _slot(value) for name, value in slots.items()})


def worded(wording: Wording) -> Said:
    """Words of the flow file where a sentence is expected."""
    return Said("{words}", {"words": wording})


def either(parts: Sequence[Slot]) -> Slot:
    """`A`, `A or B`, `A or B or C`: at least one part."""
    return reduce(lambda first, second: sentence("{first} or {second}", first=first, second=second), parts)


def _slot(value: object) -> Slot:
    if isinstance(value, Exception) and value.args:
        value = value.args[0]
    return value if isinstance(value, str | Wording) else str(value)


def _stored(slot: Slot) -> Any:
    match slot:
        case Said():
            return slot.stored()
        case Wording(by_language):
            return {"words": dict(by_language)}
    return slot


def _read(raw: Any) -> Slot:
    if isinstance(raw, str):
        return raw
    return Wording(raw["words"]) if "words" in raw else Said.read(raw)
