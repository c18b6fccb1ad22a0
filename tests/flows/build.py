"""Small flows built in code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from flows import Flow, RuleError
from flows.model import (
    Approve,
    Ask,
    Block,
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
    Parallel,
    Participant,
    Policy,
    Rule,
    Rung,
    Start,
    Step,
    Wait,
    Wording,
)
from flows.values import Line, Money
from tests.flows.play import PEOPLE

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


def notify(to: str = "participant:vendor", id: str = "send", **more: Any) -> Notify:
    return Notify(id=id, title=words("send"), to=to, message=words("Here it is"), attach=more.pop("attach", ("po",)), **more)


def branch(*cases: Case, id: str = "size", **more: Any) -> Branch:
    return Branch(id=id, title=words(id), cases=cases, **more)


def case(name: str, when: Rule | None, *steps: Step, back_to: str = "") -> Case:
    return Case(name=name, when=when, steps=steps, back_to=back_to)


def parallel(*blocks: tuple[Step, ...], needed: int = 0, id: str = "both") -> Parallel:
    """A parallel step of blocks named b0, b1, ...; all of them are needed unless said otherwise."""
    named = tuple(Block(name=f"b{n}", steps=steps) for n, steps in enumerate(blocks))
    return Parallel(id=id, title=words(id), blocks=named, needed=needed or len(blocks))


def wait(until: Duration, *fields: str, id: str = "pause", owner: str = "", when: Rule | None = None) -> Wait:
    return Wait(id=id, title=words(id), until=until, fields=fields, owner=owner, when=when)


def end(outcome: str = "completed", id: str = "end") -> End:
    return End(id=id, title=words(id), outcome=outcome, message=words("Done"))


def check(name: str, holds: Rule) -> Check:
    return Check(name, holds, words(name))


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


def rupees(amount: str) -> Money:
    return Money(Decimal(amount), "INR")


def lines(amount: str) -> tuple[Line, ...]:
    """One line worth `amount` in all."""
    return (Line("Paper", Decimal(1), "box", Decimal(amount), Decimal(0)),)
