"""Small flows built in code, a world of people around them, and a driver that plays events against the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from flows import Calendar, Effect, Event, Facts, Flow, PlanTimer, Record, Refused, RuleError, Run, Say, Topic, advance, replay
from flows.events import SYSTEM, Begin, Cancel, Decide, File, Finish, Fire, Give, Resume, Skip
from flows.model import (
    Approve,
    Ask,
    Branch,
    Case,
    Check,
    Choice,
    Clock,
    Collect,
    Do,
    DocumentItem,
    Duration,
    End,
    Field,
    FieldType,
    Generate,
    Notify,
    Participant,
    Policy,
    Rule,
    Rung,
    Start,
    Step,
    Wording,
)
from flows.values import Line, Money, Value

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
ITEMS = (Line("Paper", Decimal(10), "box", Decimal("400"), Decimal(18)),)

LADDER = (
    Rung("half", Decimal("0.5"), "owner"),
    Rung("most", Decimal("0.9"), "owner"),
    Rung("due", Decimal(1), "owner"),
    Rung("late", Decimal("1.25"), "manager"),
)


def words(text: str) -> Wording:
    return Wording({"en": text})


def rule(source: str, evaluate: Callable[[Mapping[str, Any]], Any]) -> Rule:
    def guarded(names: Mapping[str, Any]) -> Any:
        try:
            return evaluate(names)
        except KeyError as missing:
            raise RuleError(f"{missing.args[0]} is missing") from missing

    return Rule(source, guarded)


def bh(amount: str) -> Duration:
    return Duration(Clock.WORKING_HOURS, Decimal(amount))


def field_of(name: str, type: FieldType = FieldType.TEXT, **more: Any) -> Field:
    return Field(name, type, words(name.title()), words(f"{name.title()}?"), **more)


FIELDS = (
    field_of("items", FieldType.LINES),
    field_of("total", FieldType.MONEY, currency="INR", formula="total(items)"),
    field_of("vendor"),
    field_of("mail", FieldType.EMAIL, personal="vendor"),
    field_of("need_by", FieldType.DATE, required=False),
    field_of("urgency", FieldType.CHOICE, choices=(Choice("low", words("Low")), Choice("high", words("High")))),
    field_of("insured", FieldType.YES_NO),
    field_of("count", FieldType.NUMBER),
    field_of("received", FieldType.DATE),
    field_of("note", required=False),
    field_of("budget", FieldType.MONEY, currency="INR"),
)

QUOTES = DocumentItem("quotes", words("Quotes"), rule("total > 100000 ? 3 : 1", lambda n: 3 if n["total"] > 100000 else 1))
SPEC = DocumentItem("spec", words("Spec"), rule("0", lambda n: 0))
ORDER = DocumentItem("po", words("Purchase order"), rule("0", lambda n: 0))


def flow(*steps: Step, **changes: Any) -> Flow:
    """A flow of `steps` over FIELDS and the documents above."""
    made = Flow(
        id="test",
        version=1,
        prefix="PA",
        title=words("Test"),
        start=Start(("test",)),
        roles={role: words(role.title()) for role in PEOPLE},
        participants={"vendor": Participant("vendor", words("the vendor"), "mail", "vendor")},
        fields={f.name: f for f in FIELDS},
        documents={d.name: d for d in (QUOTES, SPEC, ORDER)},
        steps=steps,
        summary=words("{vendor}"),
    )
    return replace(made, **changes)


def ask(*fields: str, id: str = "request", owner: str = "requester", **more: Any) -> Ask:
    return Ask(id=id, title=words(id), owner=owner, fields=fields, **more)


def collect(*items: str, id: str = "papers", **more: Any) -> Collect:
    return Collect(id=id, title=words(id), owner=more.pop("owner", "requester"), items=items, **more)


def approve(*roles: str, id: str = "approval", policy: Policy = Policy.ONE, **more: Any) -> Approve:
    return Approve(id=id, title=words(id), policy=policy, approvers=roles, **more)


def do(*outcomes: str, id: str = "work", owner: str = "store", **more: Any) -> Do:
    choices = tuple(Choice(key, words(key)) for key in outcomes or ("ok", "short"))
    return Do(id=id, title=words(id), owner=owner, outcomes=choices, instruction=words("Do it"), **more)


def generate(**more: Any) -> Generate:
    return Generate(id="draft", title=words("draft"), template="po", output="po", series="PO", **more)


def notify(to: str = "participant:vendor", **more: Any) -> Notify:
    return Notify(id="send", title=words("send"), to=to, message=words("Here it is"), attach=more.pop("attach", ("po",)), **more)


def branch(*cases: Case) -> Branch:
    return Branch(id="size", title=words("size"), cases=cases)


def case(name: str, when: Rule | None, *steps: Step) -> Case:
    return Case(name=name, when=when, steps=steps)


def end(outcome: str = "completed", id: str = "end") -> End:
    return End(id=id, title=words(id), outcome=outcome, message=words("Done"))


def check(name: str, holds: Rule) -> Check:
    return Check(name, holds, words(name))


def facts(**changes: Any) -> Facts:
    known: dict[str, Any] = {
        "people": PEOPLE,
        "calendar": CALENDAR,
        "numbers": {"PO": "PO-2026-0001"},
        "participants": {"vendor": "vera"},
    }
    return Facts(**(known | changes))


def purchase() -> Flow:
    """The full purchase approval in small."""
    small, middle = (
        rule("total <= 10000", lambda n: n["total"] <= 10000),
        rule("total <= 100000", lambda n: n["total"] <= 100000),
    )
    back = {"send_back_to": "request", "due": bh("4"), "ladder": LADDER}
    return flow(
        ask("items", "vendor", "mail", "need_by", due=bh("4"), ladder=LADDER),
        collect("quotes", "spec"),
        branch(
            case("small", small, approve("head", id="one", **back)),
            case("middle", middle, approve("head", "finance", id="two", policy=Policy.SEQUENCE, **back)),
            case("large", None, approve("committee", id="three", policy=Policy.N_OF_M, needed=2, **back)),
        ),
        generate(),
        notify(),
        do(
            "received",
            "short",
            "lost",
            id="receipt",
            fields=("received",),
            ends={"lost": "failed"},
            send_back_to={"short": "papers"},
        ),
        end(),
    )


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
        details = {"item": item, "document": document, "digest": f"sha-{document}", "name": f"{document}.pdf"}
        return self.event(File(**self.here(actor, path, attempt), **details))

    def decide(self, actor: str, choice: str, path: str = "approval", reason: str = "", attempt: int = 0, stage: int = 0) -> Play:
        return self.event(Decide(**self.here(actor, path, attempt), choice=choice, reason=reason, stage=stage))

    def fire(self, rung: str, path: str = "approval", attempt: int = 0) -> Play:
        return self.event(Fire(**self.here(SYSTEM, path, attempt), rung=rung))

    def finish(self, document: str = "po1", path: str = "draft", attempt: int = 0, error: str = "") -> Play:
        details = {"document": "" if error else document, "digest": f"sha-{document}", "name": f"{document}.pdf", "error": error}
        return self.event(Finish(**self.here(SYSTEM, path, attempt), **details))

    def resume(self, actor: str = "mia", path: str = "approval", attempt: int = 0) -> Play:
        return self.event(Resume(**self.here(actor, path, attempt)))

    def cancel(self, actor: str = "rita", reason: str = "") -> Play:
        return self.event(Cancel(**self.about(actor), reason=reason))

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


def rupees(amount: str) -> Money:
    return Money(Decimal(amount), "INR")


def lines(amount: str) -> tuple[Line, ...]:
    """One line worth `amount` in all."""
    return (Line("Paper", Decimal(1), "box", Decimal(amount), Decimal(0)),)
