"""What is known when a message arrives: the questions that wait for its sender, what they tapped, quoted, were asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any


class Wants(StrEnum):
    """What an open question waits for."""

    FIELD = "field"
    DOCUMENT = "document"
    DECISION = "decision"


@dataclass(frozen=True, slots=True)
class Question:
    """An open step attempt that this person owns. `labels` are the words of its choices in order, per choice key: what may be
    typed instead of tapped; `numbered`: or their numbers. `approval`: money-like, never by mail. `by_mail`: may be reported by a
    mail reply. `stage` of a sequence. `corrects`: values given before may be corrected, a line each, as “Label: value”."""

    run_id: str
    reference: str
    path: str
    attempt: int
    wants: Wants
    asked_at: datetime
    labels: Sequence[tuple[str, tuple[str, ...]]] = ()
    numbered: bool = True
    approval: bool = False
    by_mail: bool = True
    stage: int = 0
    corrects: bool = False

    @property
    def key(self) -> tuple[str, str, int]:
        return (self.run_id, self.path, self.attempt)


@dataclass(frozen=True, slots=True)
class Tapped:
    """The row behind a token of this person's: what the tap was for."""

    purpose: str
    run_id: str
    path: str
    attempt: int
    choice: str
    data: dict[str, Any]

    @property
    def stage(self) -> int:
        return int(self.data.get("stage", 0))


@dataclass(frozen=True, slots=True)
class Quoted:
    """A message of ours, to this person, that theirs answers. `stage` is the stage of a sequence that it asked about."""

    run_id: str
    path: str
    attempt: int
    stage: int = 0


@dataclass(frozen=True, slots=True)
class Expecting:
    """We asked for a reason after a tap, or for a `proof` (pin or code); the next plain message of this conversation gives it."""

    run_id: str
    path: str
    attempt: int
    choice: str
    stage: int = 0
    proof: str = ""


@dataclass(frozen=True)
class Situation:
    """Everything `understand` may know. `ask`: gives all questions that wait for this person (looked up only where it matters).
    `tapped`: None where the token is not theirs or unknown. `starts`: tells whether words open a flow. `by_mail`: the channel
    proves no sender."""

    ask: Callable[[], tuple[Question, ...]] = tuple
    tapped: Tapped | None = None
    quoted: Quoted | None = None
    focus: str = ""
    expecting: Expecting | None = None
    starts: Callable[[str], bool] = lambda words: False
    references: Callable[[str], str | None] = lambda reference: None
    taps_decide: bool = True
    by_mail: bool = False

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        return self.ask()
