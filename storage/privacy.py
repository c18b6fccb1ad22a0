"""What is personal in a run and its events, whose it is, and how such parts leave a document and come back to it.

The value of a field that names a subject belongs to that subject. Words belong to who wrote them: the reason of a vote or a
cancellation, a comment, a file's name. What nobody is known to have written belongs to the requester.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from flows import decided as told
from flows import events
from flows.events import SYSTEM
from flows.run import Cancelling, Filed, HeldChoice, Remark, StepState, StepStatus, Vote, Waiver
from flows.values import Erased, Value

if TYPE_CHECKING:
    from flows.calendar import Calendar

ERASED = "[erased]"


class Sealer(Protocol):
    """What is needed of the key store: `open` gives None once the subject's key is destroyed."""

    def seal(self, subject: str, plain: bytes) -> bytes: ...

    def open(self, subject: str, sealed: bytes) -> bytes | None: ...


@dataclass(slots=True)
class Taking:
    """One document being encoded: its personal parts by subject. `subjects` maps a personal field to its subject."""

    requester: str
    subjects: Mapping[str, str]
    parts: dict[str, list[Any]] = field(default_factory=dict)

    def take(self, raw: Any, owners: tuple[str, ...]) -> Any:
        """What stands in the document for `raw`. Several owners lock it one around the other: erasing any of them erases it."""
        for owner in owners:
            held = self.parts.setdefault(owner, [])
            held.append(raw)
            raw = {"sealed": [owner, len(held) - 1]}
        return raw

    def person(self, contact: str) -> tuple[str, ...]:
        """`contact`, or the requester for what Baton did itself."""
        return (contact if contact and contact != SYSTEM else self.requester,)

    def field(self, name: str, value: Value) -> tuple[str, ...]:
        """Whose the value of a field is: nobody's where the field is not personal or the value is erased."""
        subject = self.subjects.get(name)
        return (subject,) if subject and not isinstance(value, Erased) else ()

    def quoting(self, text: str) -> tuple[str, ...]:
        """A rule's text with the values it saw: it belongs to the subject of every personal field that it names."""
        return tuple(dict.fromkeys(subject for name, subject in self.subjects.items() if subject and name in text))

    def seal(self, keys: Sealer) -> dict[str, str]:
        """Every subject's parts as one sealed blob, in base64."""
        return {s: b2a_base64(keys.seal(s, orjson.dumps(held)), newline=False).decode() for s, held in self.parts.items()}


@dataclass(frozen=True, slots=True)
class Opened:
    """The parts of one document being decoded, by subject; None where the key is gone."""

    parts: Mapping[str, list[Any] | None]
    calendar: Calendar | None = None

    @classmethod
    def of(cls, sealed: Mapping[str, str], keys: Sealer, calendar: Calendar | None = None) -> Opened:
        """Opens every blob. Raises Tampered where one was changed."""
        plain = {subject: keys.open(subject, a2b_base64(blob)) for subject, blob in sealed.items()}
        return cls({subject: None if held is None else orjson.loads(held) for subject, held in plain.items()}, calendar)

    def put(self, raw: Any) -> Any:
        """What was taken out, or None where it is erased. Anything else comes back as it is."""
        while isinstance(raw, dict) and "sealed" in raw:
            subject, index = raw["sealed"]
            held = self.parts[subject]
            raw = None if held is None else held[index]
        return raw


Owners = Callable[[Any, Taking], tuple[str, ...]]


def _by(of: Any, taking: Taking) -> tuple[str, ...]:
    return taking.person(of.by)


def _actor(of: Any, taking: Taking) -> tuple[str, ...]:
    return taking.person(of.actor)


def _sender_back(of: Any, taking: Taking) -> tuple[str, ...]:
    return taking.person(of.sent_back_by)


def _of_step(of: StepState, taking: Taking) -> tuple[str, ...]:
    return taking.person("" if of.status is StepStatus.BLOCKED else of.sent_back_by)


PRIVATE: Mapping[tuple[type, str], Owners] = MappingProxyType(
    {
        (Vote, "reason"): _by,
        (Filed, "name"): _by,
        (Remark, "text"): _by,
        (StepState, "reason"): _of_step,
        (told.ValueSet, "value"): lambda of, taking: taking.field(of.name, of.value),
        (told.StepOpened, "reason"): _sender_back,
        (told.StepBlocked, "reason"): lambda _, taking: taking.person(""),
        (told.BranchTaken, "because"): lambda of, taking: taking.quoting(of.because),
        (told.Voted, "reason"): _by,
        (told.RunEnded, "reason"): _by,
        (told.Commented, "text"): _by,
        (told.DocumentJudged, "reason"): _by,
        (told.ItemWaived, "reason"): _by,
        (told.Held, "reason"): _by,
        (told.HandoverDeclined, "reason"): _by,
        (told.Undoing, "reason"): _by,
        (told.Suggested, "remark"): lambda _, taking: taking.person(""),
        (Waiver, "reason"): _by,
        (HeldChoice, "reason"): _by,
        (Cancelling, "reason"): _by,
        (StepState, "remark"): lambda _, taking: taking.person(""),
        (events.File, "name"): _actor,
        (events.Finish, "name"): _actor,
        (events.Finish, "error"): _actor,
        (events.Decide, "reason"): _actor,
        (events.Cancel, "reason"): _actor,
        (events.Comment, "text"): _actor,
        (events.Finish, "remark"): _actor,
        (events.Take, "reason"): _actor,
        (events.Drop, "reason"): _actor,
        (events.Judge, "reason"): _actor,
        (events.Waive, "reason"): _actor,
        (events.EndChild, "reason"): _actor,
    }
)
"""Whose each personal attribute is; field values inside mappings are taken out by `Taking.field`."""
