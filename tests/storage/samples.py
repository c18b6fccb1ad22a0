"""Random runs and events for hypothesis, keys for codec tests, and one sample run taken through its life."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import strategies as st

from flows import decided as told
from flows import events
from flows.decided import Decided
from flows.events import Event, Facts
from flows.fold import replay
from flows.run import Filed, Run, StepStatus
from flows.values import Erased, Line, Money, Value
from storage import Unit
from storage.codec import DECIDED, EVENTS

CALENDAR: Any = object()
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ASHA, RAVI, MEERA, VENDOR = "a" * 32, "b" * 32, "c" * 32, "d" * 32
SUBJECTS = {"reason": ASHA, "vendor_email": VENDOR}


@dataclass
class Vault:
    """A key store in memory, with keys that are the same in every test."""

    gone: set[str] = field(default_factory=set)

    def seal(self, subject: str, plain: bytes) -> bytes:
        return bytes(12) + self._cipher(subject).encrypt(bytes(12), plain, b"")

    def open(self, subject: str, sealed: bytes) -> bytes | None:
        return None if subject in self.gone else self._cipher(subject).decrypt(sealed[:12], sealed[12:], b"")

    def _cipher(self, subject: str) -> AESGCM:
        return AESGCM(hashlib.sha256(subject.encode()).digest())


# --- strategies ----------------------------------------------------------------------------------------------------

times = st.datetimes(timezones=st.sampled_from([UTC])).filter(lambda at: 1900 < at.year < 9000)
decimals = st.decimals(allow_nan=False, allow_infinity=False)
contacts = st.sampled_from([ASHA, RAVI, MEERA, VENDOR, events.SYSTEM])
names = st.sampled_from(["reason", "vendor_email", "amount", "items"])
lines = st.lists(st.builds(Line, st.text(), decimals, st.text(), decimals, decimals), max_size=3).map(tuple)
values: st.SearchStrategy[Value] = st.one_of(
    st.text(), st.integers(), st.booleans(), decimals, st.builds(Money, decimals, st.text(max_size=3)), st.dates(), lines,
    st.just(Erased()),
)  # fmt: skip


def of(hint: Any) -> st.SearchStrategy[Any]:
    """Anything that an annotation allows."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint == Value:
        return values
    if origin is tuple:
        return st.lists(of(arguments[0]), max_size=2).map(tuple)
    if origin is Mapping:
        return st.dictionaries(names if arguments[1] == Value else st.text(max_size=5), of(arguments[1]), max_size=3)
    if arguments:
        return st.one_of([st.none() if one is type(None) else of(one) for one in arguments])
    if is_dataclass(hint):
        return instances(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    decimals = st.decimals(allow_nan=False, allow_infinity=False, places=3)
    plain = {
        str: st.text(),
        int: st.integers(0, 2**40),
        bool: st.booleans(),
        datetime: times,
        date: st.dates(),
        Decimal: decimals,
    }
    return plain[hint]


def instances(kind: Any) -> st.SearchStrategy[Any]:
    """Anything of a dataclass; who did something is one of a few people."""
    hints = get_type_hints(kind, localns={"Calendar": object})
    people = {"by", "actor", "requester", "sent_back_by"}
    parts: dict[str, st.SearchStrategy[Any]] = {"calendar": st.just(CALENDAR)} if kind is Facts else {}
    if kind is told.ValueSet:
        parts["name"] = names
    for one in fields(kind):
        if one.name not in parts:
            parts[one.name] = contacts if one.name in people else of(hints[one.name])
    return st.builds(kind, **parts)


runs: st.SearchStrategy[Run] = instances(Run)
inputs: st.SearchStrategy[Event] = st.one_of([instances(kind) for kind in EVENTS.values()])
decisions: st.SearchStrategy[tuple[Decided, ...]] = st.lists(
    st.one_of([instances(kind) for kind in DECIDED.values()]), max_size=4
).map(tuple)


# --- one run's life --------------------------------------------------------------------------------------------------


def facts() -> Facts:
    return Facts(
        {"head": (RAVI,), "finance": (MEERA,)}, CALENDAR, "digest", {"PO": "PO-1"}, {"same_vendor_7d": 0}, {"vendor": VENDOR}
    )


Step = tuple[Event, tuple[Decided, ...]]


def life(run_id: str = "1" * 32, reference: str = "PA-1001", start: datetime = NOW) -> list[Step]:
    """A request, its answers, a file, a send-back with words, an approval, the end: each event with what was decided."""

    def at(hours: int) -> datetime:
        return start + timedelta(hours=hours)

    def on(path: str, attempt: int = 1) -> dict[str, Any]:
        return {"path": path, "attempt": attempt}

    sent_back = {**on("approval"), "choice": "send_back", "reason": "my dentist is cheaper"}
    quote = Filed("f" * 32, "0" * 64, "quote from the vendor.pdf", "quotes", ASHA, at(2))
    return [
        (
            events.Begin(at=start, actor=ASHA, facts=facts(), run_id=run_id, reference=reference),
            (
                told.RunBegun(run_id, reference, "purchase", 1, ASHA, start),
                told.StepOpened("request", 1, (ASHA,), at(4), start),
            ),
        ),
        (
            events.Give(at=at(1), actor=ASHA, facts=facts(), **on("request"), values={"reason": "a chair for my bad back"}),
            (
                told.ValueSet("reason", "a chair for my bad back", ASHA),
                told.ValueSet("amount", Money(Decimal("8500.00"), "INR"), ASHA),
                told.ValueSet("items", (Line("Chair", Decimal(1), "piece", Decimal("7203.39"), Decimal(18)),), ASHA),
                told.ValueSet("vendor_email", "sales@vendor.example", ASHA),
                told.ParticipantBound("vendor", VENDOR),
            ),
        ),
        (
            events.File(at=at(2), actor=ASHA, facts=facts(), **on("request"), item="quotes", document="f" * 32, digest="0" * 64,
                        name="quote from the vendor.pdf"),
            (
                told.DocumentFiled(quote),
                told.StepClosed("request", 1, StepStatus.DONE, "", ASHA, at(2)),
                told.BranchTaken("by_amount", "small", "amount <= 10000 where amount is 8500"),
                told.StepOpened("approval", 1, (RAVI, MEERA), at(6), at(2)),
            ),
        ),
        (
            events.Decide(at=at(3), actor=RAVI, facts=facts(), **sent_back),
            (
                told.Voted("approval", 1, RAVI, "send_back", "my dentist is cheaper", at(3)),
                told.StepClosed("approval", 1, StepStatus.RETURNED, "send_back", RAVI, at(3)),
                told.StepCleared("approval"),
                told.StepCleared("request"),
                told.StepOpened("request", 2, (ASHA,), None, at(3), "my dentist is cheaper", RAVI),
            ),
        ),
        (
            events.Decide(at=at(4), actor=ASHA, facts=facts(), **on("request", 2), choice="submit"),
            (
                told.StepClosed("request", 2, StepStatus.DONE, "", ASHA, at(4)),
                told.StepOpened("approval", 2, (RAVI, MEERA), at(9), at(4)),
                told.StepBlocked("approval", 2, "nobody can approve", (MEERA,), at(4)),
            ),
        ),
        (
            events.Decide(at=at(5), actor=MEERA, facts=facts(), **on("approval", 2), choice="approve"),
            (
                told.Voted("approval", 2, MEERA, "approve", "", at(5)),
                told.StepClosed("approval", 2, StepStatus.DONE, "approved", MEERA, at(5)),
                told.NumberIssued("PO", "PO-1"),
                told.RunEnded("approved", False, MEERA, at(5)),
            ),
        ),
    ]  # fmt: skip


def folded(steps: list[Step]) -> Run:
    """The run after these events."""
    run: Run | None = None
    for _, decided in steps:
        run = replay(run, decided)
    assert run is not None
    return run


TITLE = "Chair for Asha"


def store(unit: Unit, steps: list[Step], run_id: str = "1" * 32) -> None:
    """Put events of a run into storage as the executor does: the run, then its link. A run that is there already goes on."""
    version_id = unit.flows.publish("purchase", 1, "flow: purchase", NOW)
    for event, decided in steps:
        loaded = unit.runs.load(run_id)
        run = replay(loaded.run if loaded else None, decided)
        if loaded is None:
            unit.runs.insert(run, version_id, TITLE, event.at, subjects=SUBJECTS)
        else:
            unit.runs.save(run, loaded.version, event.at, TITLE, subjects=SUBJECTS)
        unit.runs.append(run_id, event, decided, event.at, subjects=SUBJECTS)
