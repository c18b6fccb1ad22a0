"""A whole office around one run: people who come, go and cannot be reached, timers, work and other runs, as whoever carries out the
effects sees them. And flows put together at random from every kind of step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from flows import (
    Effect,
    Event,
    Facts,
    Flow,
    PlanTimer,
    Record,
    Refused,
    Run,
    Say,
    Status,
    StepState,
    StepStatus,
    Work,
    advance,
    replay,
)
from flows.decided import StageReached
from flows.effects import CancelChild, DropTimer, DropTimers, Spawn
from flows.engine.people import resolve
from flows.engine.transition import Transition
from flows.events import Begin, Cover
from flows.model import (
    Branch,
    Case,
    Clock,
    Collect,
    Do,
    DocumentItem,
    Duration,
    Each,
    FieldType,
    Job,
    Notify,
    Policy,
    Schedule,
    Step,
    Subflow,
    Wait,
    Worker,
)
from tests.flows import build as b
from tests.flows import play as w

ROLES: Mapping[str, tuple[str, ...]] = {
    "head": ("hana", "hugo"),
    "finance": ("fay",),
    "committee": ("hana", "fay", "dora"),
    "store": ("sam", "sue"),
    "manager": ("mia",),
}
ALWAYS = "mia"
"""The one manager who is always there: where nobody is, nobody can be told."""
PEOPLE = ("rita", "vera", *dict.fromkeys(person for holders in ROLES.values() for person in holders))
CHASED: dict[str, Any] = {"due": b.bh("4"), "ladder": b.LADDER}


@dataclass
class Person:
    """`active`: works here still. `reachable`: on a channel that we may use."""

    active: bool = True
    reachable: bool = True


@dataclass
class Office:
    """`told` are deliveries (contact, path, attempt) since the step last changed hands; `waiting` what goes out once its reader can be
    reached. `timers`, `works` and `children` are live."""

    flow: Flow
    grace: int = 0
    at: datetime = w.MONDAY
    run: Run | None = None
    people: dict[str, Person] = field(default_factory=lambda: {name: Person() for name in PEOPLE})
    told: set[tuple[str, str, int]] = field(default_factory=set)
    waiting: set[tuple[str, str, int]] = field(default_factory=set)
    timers: dict[tuple[str, int, str], datetime] = field(default_factory=dict)
    fired: dict[str, tuple[str, ...]] = field(default_factory=dict)
    works: set[tuple[str, int]] = field(default_factory=set)
    children: dict[str, tuple[str, int]] = field(default_factory=dict)
    leave: dict[str, Cover] = field(default_factory=dict)
    effects: tuple[Effect, ...] = ()
    refusals: int = 0

    @property
    def now(self) -> Run:
        assert self.run is not None
        return self.run

    def facts(self) -> Facts:
        holders = {role: tuple(p for p in people if self.people[p].active) for role, people in ROLES.items()}
        return w.facts(people=holders, grace=self.grace, leave=self.leave, lookups={}, participants={"vendor": "vera"})

    def about(self, actor: str, **more: Any) -> dict[str, Any]:
        self.at += timedelta(minutes=1)
        return {"at": self.at, "actor": actor, "facts": self.facts(), **more}

    def begin(self) -> None:
        self.put(Begin(**self.about("rita"), run_id="r1", reference="PA-1"))

    def put(self, event: Event) -> bool:
        """One event through the engine, and all its effects carried out. Whether it applied."""
        before, shown = self.run, repr(self.run)
        try:
            run, effects = advance(self.flow, before, event)
        except Refused:
            self.refusals += 1
            assert repr(before) == shown, "refused, and changed all the same"
            return False
        assert repr(before) == shown
        assert isinstance(effects[0], Record)
        assert replay(before, effects[0].decided) == run, "what was decided does not say it all"
        self.run, self.effects = run, effects
        for effect in effects:
            self._carry_out(effect)
        return True

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Record(decided):
                changed = {fact.path for fact in decided if isinstance(fact, StageReached)}
                self.told = {key for key in self.told if key[1] not in changed}
            case Say(to, _, path, attempt):
                (self.told if self.people[to].reachable else self.waiting).add((to, path, attempt))
            case PlanTimer(path, attempt, rung, due):
                self.timers[path, attempt, rung] = due
            case DropTimers(path, attempt):
                self.timers = {key: due for key, due in self.timers.items() if key[:2] != (path, attempt)}
            case DropTimer(path, attempt, rung):
                self.timers.pop((path, attempt, rung), None)
            case Work(path, attempt):
                self.works.add((path, attempt))
            case Spawn(path, attempt, _, run):
                assert run not in self.children, "the same run was started twice"
                self.children[run] = (path, attempt)
            case CancelChild(run):
                self.children.pop(run, None)

    def meets(self, name: str, *, active: bool, reachable: bool) -> None:
        """Somebody leaves or comes back, can be reached or not; what waited for them goes out."""
        self.people[name] = Person(active, reachable)
        if reachable:
            out = {key for key in self.waiting if key[0] == name}
            self.told |= out
            self.waiting -= out

    # --- the promise --------------------------------------------------------------------------------------------------

    def forgotten(self) -> list[str]:
        """The open steps of which nobody who is there and can be reached knows, and never will: none, or a promise is broken."""
        if self.now.status is not Status.OPEN:
            return []
        waits = self.now.open_steps()
        return [] if any(map(self._is_kept, waits)) and all(map(self._is_kept, waits)) else [s.path for s in waits] or ["the run"]

    def _is_kept(self, state: StepState) -> bool:
        here = (state.path, state.attempt)
        knows = any(self._there(contact) and key == here for contact, *rest in self.told if (key := tuple(rest)))
        waits = here in self.works or here in self.children.values()
        return knows or waits or any(self._reaches(state, key) for key in self.timers if key[:2] == here)

    def _there(self, contact: str) -> bool:
        return self.people[contact].active and self.people[contact].reachable

    def _reaches(self, state: StepState, key: tuple[str, int, str]) -> bool:
        """Whether this timer moves the run on by itself, or tells somebody who is there."""
        step, rung = self.flow.step(state.path), key[2]
        if isinstance(step, Wait) or rung.startswith(("grace:", "untaken:")):
            return rung == "wake" or not isinstance(step, Wait)
        found = next((one for one in step.ladder if one.name == rung), None)
        if found is None:
            return False
        to = state.owners if found.to == "owner" else resolve(Transition(self.flow, self.now, Begin(**_nothing(self))), found.to)
        return any(self._there(contact) for contact in to)


def _nothing(office: Office) -> dict[str, Any]:
    return {"at": office.at, "actor": "", "facts": office.facts(), "run_id": "", "reference": ""}


# --- flows at random --------------------------------------------------------------------------------------------------

DATES = {"insured_until": b.field_of("insured_until", FieldType.DATE), "visit_day": b.field_of("visit_day", FieldType.DATE)}
INSURANCE = DocumentItem("insurance", b.words("Insurance"), b.rule("1", lambda n: 1), "insured_until")
OWNERS = ("requester", "store", "finance", "head", "pool:store", "turn:store", "least:committee", "participant:vendor")
FIELDS = ("vendor", "note", "urgency", "need_by", "count", "insured")
ONE_DAY, FIVE_DAYS = (Duration(Clock.WORKING_DAYS, Decimal(n)) for n in (1, 5))


class Making:
    """One flow being put together. Steps are called s1, s2, ...; `passed` are those that every way has passed, in this block."""

    def __init__(self, rng: Random) -> None:
        self.rng, self.count = rng, 0

    def flow(self) -> Flow:
        made = b.flow(
            b.ask("vendor", "mail", "items", id="s0", **CHASED), *self.block(self.rng.randint(2, 5), 2, ["s0"]), b.end()
        )
        return replace(
            made,
            fields={**made.fields, **DATES, "hour": b.field_of("hour")},
            documents={**made.documents, "insurance": INSURANCE},
        )

    def block(self, size: int, depth: int, passed: list[str]) -> tuple[Step, ...]:
        passed, steps = list(passed), []
        for _ in range(size):
            made = self.rng.choice(SIMPLE * 2 + (NESTED if depth else ()))(self, depth, passed)
            steps.append(self._undone(made))
            if isinstance(made, b.Ask | Do | Collect | b.Approve | Worker):
                passed.append(made.id)
        return tuple(steps)

    def _undone(self, step: Step) -> Step:
        if self.rng.random() > 0.2 or isinstance(step, Notify):
            return step
        return replace(
            step, compensate=(b.notify("finance", id=self.id(), attach=()), b.do(id=self.id(), owner=self.owner(), **CHASED))
        )

    def id(self) -> str:
        self.count += 1
        return f"s{self.count}"

    def owner(self) -> str:
        return self.rng.choice(OWNERS)

    def back(self, passed: list[str]) -> dict[str, str]:
        return {"short": self.rng.choice(passed)} if passed and self.rng.random() < 0.5 else {}

    def some(self) -> tuple[str, ...]:
        return tuple(self.rng.sample(FIELDS, self.rng.randint(0, 2)))


def _ask(m: Making, depth: int, passed: list[str]) -> Step:
    return b.ask(*(m.some() or ("note",)), id=m.id(), owner=m.owner(), **CHASED)


def _collect(m: Making, depth: int, passed: list[str]) -> Step:
    items = m.rng.choice((("quotes",), ("quotes", "spec"), ("insurance",)))
    fields = ("insured_until",) if "insurance" in items else ()
    return Collect(
        id=m.id(),
        title=b.words("papers"),
        owner=m.owner(),
        items=items,
        fields=fields,
        checked_by=m.rng.choice(("", "head")),
        **CHASED,
    )


def _approve(m: Making, depth: int, passed: list[str]) -> Step:
    policy = m.rng.choice(list(Policy))
    needed = {Policy.N_OF_M: 2, Policy.PERCENT: 60}.get(policy, 1)
    roles = ("head", "finance") if policy is Policy.SEQUENCE else ("committee",)
    back = m.rng.choice(passed) if passed and m.rng.random() < 0.5 else ""
    barred = (m.rng.choice(passed),) if passed and m.rng.random() < 0.2 else ()
    return b.approve(*roles, id=m.id(), policy=policy, needed=needed, send_back_to=back, not_by=barred, **CHASED)


def _do(m: Making, depth: int, passed: list[str]) -> Step:
    second = "finance" if m.rng.random() < 0.2 else ""
    return b.do(id=m.id(), owner=m.owner(), fields=m.some(), send_back_to=m.back(passed), confirm_by=second, **CHASED)


def _worker(m: Making, depth: int, passed: list[str]) -> Step:
    done = b.do("ok", "short").outcomes
    return Worker(
        id=m.id(), title=b.words("worker"), owner=m.owner(), job=Job.EXTRACT, outcomes=done, fields=("vendor",), items=("quotes",),
        send_back_to=m.back(passed), **CHASED,
    )  # fmt: skip


def _schedule(m: Making, depth: int, passed: list[str]) -> Step:
    return Schedule(
        id=m.id(), title=b.words("visit"), owner=m.owner(), with_role="store", date_field="visit_day", time_field="hour",
        at=(time(10), time(15)), after=ONE_DAY, within=FIVE_DAYS, **CHASED,
    )  # fmt: skip


def _generate(m: Making, depth: int, passed: list[str]) -> Step:
    return replace(b.generate(), id=m.id())


def _notify(m: Making, depth: int, passed: list[str]) -> Step:
    return b.notify(m.rng.choice(("finance", "store", "requester")), id=m.id(), attach=())


def _wait(m: Making, depth: int, passed: list[str]) -> Step:
    until = m.rng.choice((b.bh("2"), ONE_DAY, Duration(Clock.WALL, at=time(17))))
    if m.rng.random() < 0.4:
        rule = b.rule("count > 1", lambda n: n["count"] > 1)
        return b.wait(until, id=m.id(), when=rule)
    return b.wait(until, *(m.some() or ("note",)), id=m.id(), owner="store") if m.rng.random() < 0.5 else b.wait(until, id=m.id())


def _children(m: Making, depth: int, passed: list[str]) -> Step:
    id = m.id()
    if m.rng.random() < 0.5:
        return Each(
            id=id, title=b.words("each"), of="items", flow="child", needed=m.rng.choice((0, 1)), owner="manager", **CHASED
        )
    back = {"changed": m.rng.choice(passed)} if passed else {}
    return Subflow(
        id=id, title=b.words("sub"), flow="child", wait=m.rng.random() < 0.8, send_back_to=back, ends={"lost": "failed"}, **CHASED
    )


def _branch(m: Making, depth: int, passed: list[str]) -> Step:
    count = b.rule("count > 1", lambda n: n["count"] > 1)
    high = b.rule('given("urgency") && urgency == "high"', lambda n: n.get("urgency") == "high")
    id = m.id()
    cases = [b.case("a", m.rng.choice((count, high)), *m.block(m.rng.randint(0, 2), depth - 1, passed))]
    if passed and m.rng.random() < 0.5:
        target = m.rng.choice(passed)
        often = b.rule(f"attempts.{target} < 3", lambda n, target=target: n["attempts"][target] < 3)
        cases.insert(0, Case(name="round", when=often, steps=(), back_to=target))
    return Branch(id=id, title=b.words(id), cases=(*cases, b.case("z", None, *m.block(m.rng.randint(0, 1), depth - 1, passed))))


def _parallel(m: Making, depth: int, passed: list[str]) -> Step:
    id = m.id()
    blocks = [m.block(m.rng.randint(1, 2), depth - 1, []) for _ in range(m.rng.randint(2, 3))]
    return b.parallel(*blocks, needed=m.rng.randint(1, len(blocks)), id=id)


Piece = Callable[[Making, int, list[str]], Step]
SIMPLE: tuple[Piece, ...] = (_ask, _collect, _approve, _do, _worker, _schedule, _generate, _notify, _wait, _children)
NESTED: tuple[Piece, ...] = (_branch, _parallel) * 4
TODAY = date(2026, 3, 2)


def some_flow(seed: int) -> Flow:
    """The same flow for the same number."""
    return Making(Random(seed)).flow()


def is_open(state: StepState) -> bool:
    return state.status is StepStatus.OPEN
