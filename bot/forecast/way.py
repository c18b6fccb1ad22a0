"""The way that a run with given values would take, worked out by the engine on a state that nobody keeps: no database, no message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.calendars import Business
from bot.forecast.acting import Situation, one_person_words
from bot.forecast.sample import Unusable, given
from flows import Decided, Event, Facts, Flow, PlanTimer, Record, Run, StepState, StepStatus, Value, advance
from flows.decided import BranchTaken, Forked, Offered, Spawned, StepBlocked, StepOpened
from flows.events import Begin
from flows.model import Approve, Do, Each, Generate, Policy, Schedule, Step, Subflow, Wait
from flows.run import Status
from flows.said import sentence

REQUESTER = "requester"
MOST_ACTS = 2000
"""A flow that is not over after so many answers goes round in a circle."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """A rung of a step's ladder: when, and who is told ("owner" or a role)."""

    at: datetime
    to: str
    late: bool


@dataclass(slots=True)
class Stop:
    """One station of the way: a step that opened, or a branch with the `case` taken and the rule `because`. Times are UTC.
    `choice` is the outcome supposed for it, `note` what it offers or starts, `blocked` why nobody could go on."""

    path: str
    opened: datetime
    due: datetime | None = None
    reminders: tuple[Reminder, ...] = ()
    case: str = ""
    because: str = ""
    choice: str = ""
    note: str = ""
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The whole way. `supposed` are the values that were made up; `outcome` is "" where the run stops before its end."""

    flow: Flow
    stops: tuple[Stop, ...]
    values: Mapping[str, Value]
    supposed: tuple[str, ...]
    outcome: str
    begun: datetime
    over: datetime

    @property
    def way(self) -> list[str]:
        """Steps as `request`, branches as `approval/up_to_1_lakh`, in the order in which they were reached."""
        return way_of(self.stops)


def way_of(stops: Iterable[Stop]) -> list[str]:
    return [f"{stop.path}/{stop.case}" if stop.case else stop.path for stop in stops]


def forecast(flow: Flow, settings: Iterable[str], at: datetime, business: Business, *, at_once: bool = False) -> Forecast:
    """The way of a run begun `at` (UTC) with `settings` (`name=value`). Everyone agrees, and takes all the time there is, or
    answers `at_once`. Raises Unusable for values that cannot be used and for flows that it cannot follow."""
    walk = _Walk(flow, business, given(flow, settings, business.calendar.local(at).date()), at)
    walk.put(Begin(at=at, actor=REQUESTER, facts=walk.facts, run_id="simulated", reference=f"{flow.prefix}-0000"))
    for _ in range(MOST_ACTS):
        waiting = [state for state in walk.run.open_steps() if state.status is StepStatus.OPEN]
        if walk.run.status is not Status.OPEN or not waiting:
            return walk.result()
        state = min(waiting, key=lambda one: (one.due_at or one.opened_at, one.path))
        if state.due_at is not None and walk.waits(state, at_once=at_once):
            walk.now = max(walk.now, state.due_at)
        walk.act(state)
    raise Unusable(sentence("This flow goes round in a circle: it was not over after very many answers."))


@dataclass(slots=True)
class _Walk:
    """The run so far. Contacts are made up: `finance 1`, `finance 2` hold the role finance."""

    flow: Flow
    business: Business
    given: dict[str, Value]
    now: datetime
    stops: list[Stop] = field(default_factory=list)
    supposed: list[str] = field(default_factory=list)
    _run: Run | None = None
    begun: datetime = field(init=False)
    facts: Facts = field(init=False)

    def __post_init__(self) -> None:
        self.begun = self.now
        steps = list(self.flow.walk())
        many = max(map(_people_for, steps), default=1)
        series = [step.series for step in steps if isinstance(step, Generate) and step.series]
        self.facts = Facts(
            people={role: self._holders(role, many) for role in (*self.flow.roles, "manager")}
            | {word: (word,) for word in one_person_words(steps)},
            calendar=self.business.calendar,
            numbers={name: f"{name}-{self.business.calendar.local(self.now).year}-0001" for name in series},
            lookups=dict.fromkeys(self.flow.lookups, 0),
            participants={name: f"participant {name}" for name in self.flow.participants},
        )

    def _holders(self, role: str, many: int) -> tuple[str, ...]:
        """Enough for every approval; the requester too, where only some roles may start the flow."""
        return (*(f"{role} {n}" for n in range(1, many + 1)), *((REQUESTER,) if role in self.flow.start.by else ()))

    @property
    def run(self) -> Run:
        assert self._run is not None, "it begins with Begin"
        return self._run

    def put(self, event: Event) -> None:
        """Let the engine work out one event, and note where the run came."""
        self._run, effects = advance(self.flow, self._run, event)
        planned = [effect for effect in effects if isinstance(effect, PlanTimer)]
        for fact in (fact for effect in effects if isinstance(effect, Record) for fact in effect.decided):
            self._note(fact, planned)

    def _note(self, fact: Decided, planned: list[PlanTimer]) -> None:
        match fact:
            case StepOpened(path=path, attempt=attempt):
                timers = [timer for timer in planned if (timer.path, timer.attempt) == (path, attempt)]
                self.stops.append(Stop(path, self.now, fact.due_at, tuple(self._reminders(timers))))
            case Forked(path=path):
                self.stops.append(Stop(path, self.now))
            case BranchTaken(path=path, case=case, because=because):
                self.stops.append(Stop(path, self.now, case=case, because=because))
            case Offered(path=path, slots=slots):
                self._stop(path).note = f"{len(slots)} free times are offered"
            case Spawned(path=path, children=children):
                self._stop(path).note = f"starts {_times(len(children))} {_child(self.flow.step(path))}"
            case StepBlocked(path=path, reason=reason):
                self._stop(path).blocked = reason

    def _reminders(self, timers: list[PlanTimer]) -> Iterator[Reminder]:
        for timer in timers:
            rung = next((rung for rung in self.flow.step(timer.path).ladder if rung.name == timer.rung), None)
            if rung is not None:  # else it wakes a step that waits
                yield Reminder(timer.due, rung.to, rung.share > 1)

    def waits(self, state: StepState, *, at_once: bool) -> bool:
        """Whether all the time of a step goes by. A time that is offered is taken while it is still ahead."""
        step = self.flow.step(state.path)
        return isinstance(step, Wait) or not (at_once or isinstance(step, Schedule))

    def act(self, state: StepState) -> None:
        """Whoever has the open step does what lets the run go on. Raises Unusable where nothing would."""
        act = Situation(self.flow, self.run, self.facts, self.now, self.given).next(state)
        stop = self._stop(state.path)
        stop.choice = stop.choice or act.choice
        self.supposed.extend(act.supposed)
        self.given.update(act.supposed)
        self.put(act.event)

    def _stop(self, path: str) -> Stop:
        return next(stop for stop in reversed(self.stops) if stop.path == path)

    def result(self) -> Forecast:
        return Forecast(
            self.flow, tuple(self.stops), self.run.values, tuple(self.supposed), self.run.outcome, self.begun, self.now
        )


def _people_for(step: Step) -> int:
    """How many holders of each role a step takes: enough to approve, and others than those who acted before."""
    if isinstance(step, Approve) and step.policy is Policy.N_OF_M:
        return step.needed + len(step.not_by)
    return 1 + len(step.not_by) + bool(isinstance(step, Do) and step.confirm_by) if isinstance(step, Approve | Do) else 1


def _times(count: int) -> str:
    return "a run of" if count == 1 else f"{count} runs of"


def _child(step: Step) -> str:
    return step.flow if isinstance(step, Subflow | Each) else ""
