"""A world of people and time around a run, and a driver that plays events against the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from flows import Calendar, Effect, Event, Facts, Flow, PlanTimer, Record, Refused, Run, Say, Topic, advance, replay
from flows.events import (
    SYSTEM,
    Begin,
    Cancel,
    Comment,
    Decide,
    Delegate,
    Drop,
    File,
    Finish,
    Fire,
    Give,
    Resume,
    Skip,
    Take,
    Undo,
    Withdraw,
)
from flows.values import Value

MONDAY = datetime(2026, 3, 2, 4, 30, tzinfo=UTC)
"""10:00 on a Monday in Kolkata."""

WEEK = {day: ((time(9), time(18)),) for day in range(5)}
CALENDAR = Calendar("Asia/Kolkata", WEEK, frozenset({date(2026, 3, 4)}))
PEOPLE = {
    "head": ("hana", "hugo"),
    "finance": ("fay",),
    "director": ("dora",),
    "committee": ("hana", "fay", "dora"),
    "store": ("sam",),
    "manager": ("mia",),
}


def facts(**changes: Any) -> Facts:
    known: dict[str, Any] = {
        "people": PEOPLE,
        "calendar": CALENDAR,
        "numbers": {"PO": "PO-2026-0001"},
        "participants": {"vendor": "vera"},
    }
    return Facts(**(known | changes))


@dataclass
class Play:
    """A run being played. Each method is one event, one minute after the one before; `said` is what the last one said."""

    flow: Flow
    facts: Facts = field(default_factory=facts)
    at: datetime = MONDAY - timedelta(minutes=1)
    run: Run | None = None
    effects: tuple[Effect, ...] = ()

    def event(self, event: Event) -> Play:
        before = self.run
        self.run, self.effects = advance(self.flow, before, event)
        first = self.effects[0]
        assert isinstance(first, Record)
        assert replay(before, first.decided) == self.run
        return self

    def about(self, actor: str, **more: Any) -> dict[str, Any]:
        self.at += timedelta(minutes=1)
        return {"at": self.at, "actor": actor, "facts": self.facts, **more}

    def here(self, actor: str, path: str, attempt: int = 0, **more: Any) -> dict[str, Any]:
        now = self.now.steps.get(path)
        return self.about(actor, path=path, attempt=attempt or (now.attempt if now else 1), **more)

    @property
    def now(self) -> Run:
        assert self.run is not None
        return self.run

    def begin(self, actor: str = "rita", **values: Value) -> Play:
        return self.event(Begin(**self.about(actor), run_id="r1", reference="PA-1", values=values))

    def give(self, actor: str = "rita", path: str = "request", attempt: int = 0, **values: Value) -> Play:
        return self.event(Give(**self.here(actor, path, attempt), values=values))

    def skip(self, name: str, actor: str = "rita", path: str = "request") -> Play:
        return self.event(Skip(**self.here(actor, path), name=name))

    def file(
        self, item: str = "quotes", document: str = "d1", actor: str = "rita", path: str = "papers", attempt: int = 0
    ) -> Play:
        details: dict[str, Any] = {"item": item, "document": document, "digest": f"sha-{document}", "name": f"{document}.pdf"}
        return self.event(File(**self.here(actor, path, attempt), **details))

    def decide(self, actor: str, choice: str, path: str = "approval", reason: str = "", attempt: int = 0, stage: int = 0) -> Play:
        return self.event(Decide(**self.here(actor, path, attempt), choice=choice, reason=reason, stage=stage))

    def fire(self, rung: str, path: str = "approval", attempt: int = 0) -> Play:
        return self.event(Fire(**self.here(SYSTEM, path, attempt), rung=rung))

    def finish(self, document: str = "po1", path: str = "draft", attempt: int = 0, error: str = "") -> Play:
        details: dict[str, Any] = {
            "document": "" if error else document,
            "digest": f"sha-{document}",
            "name": f"{document}.pdf",
            "error": error,
        }
        return self.event(Finish(**self.here(SYSTEM, path, attempt), **details))

    def resume(self, actor: str = "mia", path: str = "approval", attempt: int = 0) -> Play:
        return self.event(Resume(**self.here(actor, path, attempt)))

    def cancel(self, actor: str = "rita", reason: str = "") -> Play:
        return self.event(Cancel(**self.about(actor), reason=reason))

    def drop(self, path: str, actor: str = "mia", reason: str = "not needed", attempt: int = 0) -> Play:
        return self.event(Drop(**self.here(actor, path, attempt), reason=reason))

    def comment(self, actor: str, text: str) -> Play:
        return self.event(Comment(**self.about(actor), text=text))

    def delegate(self, actor: str, to: str, path: str = "approval", owner: str = "") -> Play:
        return self.event(Delegate(**self.here(actor, path), owner=owner or actor, to=to))

    def take(self, actor: str, path: str = "approval", *, accept: bool = True, reason: str = "") -> Play:
        return self.event(Take(**self.here(actor, path), accept=accept, reason=reason))

    def undo(self, actor: str, path: str = "approval") -> Play:
        return self.event(Undo(**self.here(actor, path)))

    def withdraw(self, actor: str, path: str = "approval") -> Play:
        return self.event(Withdraw(**self.here(actor, path)))

    def wake(self, path: str = "pause", at: datetime | None = None) -> Play:
        """The wait's timer fires: at its time, or at another."""
        due = self.now.steps[path].due_at
        assert due is not None
        event = Fire(**self.here(SYSTEM, path), rung="wake")
        return self.event(replace(event, at=at or due))

    # --- what came of it ----------------------------------------------------------------------------------------------

    @property
    def said(self) -> list[tuple[str, Topic, str]]:
        return [(say.to, say.topic, say.asks or say.path) for say in self.says]

    @property
    def says(self) -> list[Say]:
        return [effect for effect in self.effects if isinstance(effect, Say)]

    def told(self, contact: str) -> Say:
        """The one thing said to `contact` by the last event."""
        (say,) = [say for say in self.says if say.to == contact]
        return say

    @property
    def timers(self) -> dict[str, datetime]:
        return {effect.rung: effect.due for effect in self.effects if isinstance(effect, PlanTimer)}

    @property
    def decided(self) -> tuple[Any, ...]:
        assert isinstance(self.effects[0], Record)
        return self.effects[0].decided


def refused(code: str, call: Callable[[], Any], **details: str) -> None:
    """`call` is refused with `code` and at least these details."""
    with pytest.raises(Refused) as caught:
        call()
    given = dict(caught.value.details)
    assert (caught.value.code, given | details) == (code, given)


def keys(say: Say) -> list[str]:
    return [choice.key for choice in say.choices]
