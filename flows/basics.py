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
    """`4bh`, `2bd`, `48h`, `5d`, or a wall clock time `18:00`. `anchor` is what it counts from: "" (the step's opening), a date
    field's name, "start:" (the run's start), "step:<id>" (when that step was last done), or in a rung "due:" (the due moment).
    `before` counts back from there."""

    clock: Clock
    amount: Decimal = Decimal(0)
    at: time | None = None
    anchor: str = ""
    before: bool = False


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of a ladder: at `share` of the step's allowed time (0.5 = half, 1 = due, 1.25 = a quarter over), or at `offset`
    from the opening (anchor "") or from the due moment (anchor "due:"), tell `to` ("owner", or a role). With an offset, `share` only
    says what it is: below 1 a reminder, 1 due, above 1 an escalation. `name` is unique in the step: it is the timer's key."""

    name: str
    share: Decimal
    to: str
    offset: Duration | None = None


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
    (`total(items)`, `sum(a, b)`, `difference(a, b)`, `percent(rate, a)`) makes it computed: never asked. `seen_by`: the roles that
    are shown the value, beside who gave it and the requester; () for everybody inside."""

    name: str
    type: FieldType
    title: Wording
    ask: Wording
    required: bool = True
    choices: tuple[Choice, ...] = ()
    currency: str = ""
    personal: str = ""
    formula: str = ""
    seen_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentItem:
    """One item of a checklist. `minimum` is a rule giving how many files are wanted (an int); types are media types. `expires` is the
    date field that holds until when the document is valid: asked with it, watched, and "" for one that does not expire."""

    name: str
    title: Wording
    minimum: Rule
    expires: str = ""
    types: tuple[str, ...] = ("application/pdf", "image/jpeg", "image/png", "image/webp")


@dataclass(frozen=True, slots=True)
class Check:
    """A rule shown to the people who decide: where it does not hold, `message` is shown as a warning beside the request."""

    name: str
    rule: Rule
    message: Wording


@dataclass(frozen=True, slots=True)
class Pace:
    """Where `when` holds as a step opens, its due time and ladder are `share` of what they are otherwise (0.5 halves them)."""

    when: Rule
    share: Decimal
