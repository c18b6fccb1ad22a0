"""What definitions are made of: wording, rules, durations, ladders, choices, fields, documents, checks. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Wording:
    """The same words in several languages (BCP 47 code to text); `en` is always present."""

    by_language: Mapping[str, str]

    def text(self, language: str = "en") -> str:
        """The wording in `language`, or in English where it has none."""
        return self.by_language.get(language) or self.by_language["en"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A CEL rule compiled by the loader. `evaluate(names)` raises RuleError where a value is missing: callers fail closed."""

    source: str
    evaluate: Callable[[Mapping[str, Any]], Any] = field(compare=False, repr=False)


class Clock(StrEnum):
    """Which clock a duration runs on."""

    WORKING_HOURS = "bh"
    WORKING_DAYS = "bd"
    HOURS = "h"
    DAYS = "d"
    WALL = "at"


@dataclass(frozen=True, slots=True)
class Duration:
    """`4bh`, `2bd`, `48h`, `5d`, or a wall clock time `18:00`; `anchor` is "" (the step's opening) or a date field's name,
    and `before` counts back from that date."""

    clock: Clock
    amount: Decimal = Decimal(0)
    at: time | None = None
    anchor: str = ""
    before: bool = False


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of a ladder: at `share` of the step's allowed time (0.5 = half, 1 = due, 1.25 = a quarter over), tell `to`
    ("owner", or a role). `name` is unique in the step: it is the timer's key."""

    name: str
    share: Decimal
    to: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Something a person can tap: `key` is stored, `label` is shown."""

    key: str
    label: Wording


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    YES_NO = "yes_no"
    CHOICE = "choice"
    LINES = "lines"
    EMAIL = "email"
    PHONE = "phone"
    GSTIN = "gstin"


@dataclass(frozen=True, slots=True)
class Field:
    """A value the run asks for or computes. `personal` names its subject ("requester", "vendor", ...) or is "". `formula`
    (`total(items)`) makes it computed: never asked."""

    name: str
    type: FieldType
    title: Wording
    ask: Wording
    required: bool = True
    choices: tuple[Choice, ...] = ()
    currency: str = ""
    personal: str = ""
    formula: str = ""


@dataclass(frozen=True, slots=True)
class DocumentItem:
    """One item of a checklist. `minimum` is a rule giving how many files are wanted (an int); types are media types."""

    name: str
    title: Wording
    minimum: Rule
    types: tuple[str, ...] = ("application/pdf", "image/jpeg", "image/png", "image/webp")


@dataclass(frozen=True, slots=True)
class Check:
    """A rule shown to the people who decide: where it does not hold, `message` is shown as a warning beside the request."""

    name: str
    rule: Rule
    message: Wording
