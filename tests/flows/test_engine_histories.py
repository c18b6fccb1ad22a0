"""Random histories: whatever happens in whatever order, these hold. A planted bug beside each check shows that it can fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from flows import DropTimers, Flow, PlanTimer, Record, Refused, Run, Say, Status, StepState, StepStatus, advance, replay
from flows.decided import BlockDone, Delegated, StepClosed
from flows.engine import approve, commands, parallel, transition, wait
from flows.events import SYSTEM, Begin, Cancel, Comment, Decide, Delegate, Event, Facts, File, Finish, Fire, Give, Resume, Skip
from flows.model import Approve, Collect, Do, Generate, Parallel, Policy, Wait
from tests.flows import build as b
from tests.flows import play as w

PEOPLE = ("rita", "hana", "hugo", "fay", "dora", "sam", "mia", "vera")
VALUES: dict[str, Any] = {
    "items": b.lines("5000"),
    "vendor": "Sharma",
    "mail": "a@example.test",
    "need_by": date(2026, 4, 1),
    "urgency": "high",
    "received": date(2026, 4, 2),
    "note": "soon",
}
BACK: dict[str, Any] = {"send_back_to": "request", "due": b.bh("4"), "ladder": b.LADDER}
FLOWS = (
    b.purchase(),
    b.flow(b.ask("vendor", "note"), b.approve("head", "finance", "head", policy=Policy.SEQUENCE, **BACK), b.end()),
    b.flow(
        b.ask("vendor"), b.approve("committee", policy=Policy.N_OF_M, needed=2, **BACK), b.do(send_back_to={"short": "approval"})
    ),
    b.flow(
        b.ask("vendor", "note"),
        b.parallel(
            (b.ask("need_by", id="dates"), b.approve("head", id="left", **BACK | {"send_back_to": "dates"})),
            (b.wait(b.bh("0.2"), "note", "urgency", owner="store"), b.do(id="middle")),
            (
                b.wait(b.bh("0.5"), id="rest"),
                b.notify("finance", attach=()),
                b.approve("committee", id="right", policy=Policy.ALL),
            ),
            needed=2,
        ),
        b.approve("committee", policy=Policy.PERCENT, needed=100, **BACK),
        b.end(),
    ),
    b.flow(
        b.parallel(
            (
                b.ask("vendor", id="dates"),
                b.branch(
                    b.case("few", None, b.parallel((b.do(id="one"),), (b.do(id="two", owner="head"),), needed=1, id="inner"))
                ),
                b.do("ok", "short", id="three", owner="finance", send_back_to={"short": "dates"}),
            ),
            (
                b.approve("committee", id="right", policy=Policy.PERCENT, needed=60),
                b.do("ok", "lost", id="four", ends={"lost": "failed"}),
            ),
        ),
        b.approve("head", "finance", policy=Policy.ANY),
        b.wait(b.bh("0.3")),
        b.end(),
    ),
    b.flow(b.ask("items"), b.branch(b.case("big", b.rule("gone", lambda n: n["gone"]), b.do())), b.end()),
)
WORLDS = (
    w.PEOPLE,
    w.PEOPLE | {"finance": ("hana",), "store": ()},
    w.PEOPLE | {"head": ("rita", "hana"), "committee": ("rita", "fay", "dora")},
    w.PEOPLE | {"head": (), "manager": ()},
)

Told = set[tuple[str, str, int]]
Check = Callable[[Flow, Run | None, Run, tuple[Any, ...], Told], None]


# --- what always holds ------------------------------------------------------------------------------------------------


def replays(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    assert isinstance(effects[0], Record)
    assert replay(before, effects[0].decided) == run


def never_stranded(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    """An open run waits for owners who were told, for work, or for a manager."""
    if run.status is not Status.OPEN:
        assert run.open_steps() == ()
        return
    assert run.open_steps()
    for state in run.open_steps():
        alone = isinstance(flow.step(state.path), Generate | Wait)
        assert state.owners or state.status is StepStatus.BLOCKED or alone
        for owner in state.owners:
            assert (owner, state.path, state.attempt) in told


def over_is_over(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    assert before is None or before.status is Status.OPEN


def never_their_own(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    for state in (*run.history, *run.steps.values()):
        if isinstance(flow.step(state.path), Approve):
            assert run.requester not in {vote.by for vote in state.votes}


def timers_dropped(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    for fact in effects[0].decided:
        if isinstance(fact, StepClosed):
            assert DropTimers(fact.path, fact.attempt) in effects


def every_wait_wakes(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    """What begins to wait has its timer at once, and a timer that fires early is planned again."""
    for state in run.open_steps():
        if isinstance(flow.step(state.path), Wait) and state.status is StepStatus.OPEN:
            was = before.steps.get(state.path) if before else None
            waited = was is not None and was.attempt == state.attempt
            assert waited or PlanTimer(state.path, state.attempt, "wake", state.due_at or w.MONDAY) in effects
    assert effects[0].decided or isinstance(effects[1], PlanTimer)


def joined_when_enough(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    """Blocks of a parallel step are open until enough are done, and not a moment longer; what follows waits for them."""
    for path, place in flow.places.items():
        step = place.step
        if not isinstance(step, Parallel) or run.status is not Status.OPEN:
            continue
        blocks = {dict(flow.places[state.path].within).get(path) for state in run.open_steps()} - {None}
        done = run.joined.get(path)
        if done is None:
            assert not blocks
            continue
        names = {block.name for block in step.blocks}
        assert blocks == (names - set(done) if len(done) < step.needed else set())
        assert len(set(done)) == len(done) <= step.needed


def enough_approve(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    """Of those asked when a counted approval opened, no fewer than needed approved it; it is open only while it can be met."""
    for state in (*run.history, *run.steps.values()):
        step = flow.step(state.path)
        if not isinstance(step, Approve) or step.policy not in (Policy.ALL, Policy.PERCENT) or state.status is StepStatus.BLOCKED:
            continue
        if state.outcome in ("retry", "not-needed", "cancelled", "rejected", "failed", "send_back"):
            continue
        share = Fraction(step.needed if step.policy is Policy.PERCENT else 100, 100)
        people = len(state.owners) + len(state.votes)
        approved = sum(vote.choice == "approve" for vote in state.votes)
        met, possible = approved >= share * people, approved + len(state.owners) >= share * people
        assert {"approve": met, "reject": not possible, "": possible and not met}[state.outcome]


def never_two_voices(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
    """Handing over gives nobody a second vote: of a counted decision everyone has one."""
    for state in (*run.history, *run.steps.values()):
        step = flow.step(state.path)
        if isinstance(step, Approve) and step.policy is not Policy.SEQUENCE:
            people = [*state.owners, *(vote.by for vote in state.votes)] if state.status is not StepStatus.BLOCKED else []
            assert len(set(people)) == len(people)


CHECKS: tuple[Check, ...] = (
    *(replays, never_stranded, over_is_over, never_their_own, timers_dropped),
    *(every_wait_wakes, joined_when_enough, enough_approve, never_two_voices),
)


# --- histories --------------------------------------------------------------------------------------------------------


def some_event(rng: Random, play: w.Play, facts: Facts) -> Event:
    """An event that may or may not apply: mostly for the open step, mostly by somebody who owns it."""
    run = play.now
    path = rng.choice([state.path for state in run.open_steps()] * 8 + sorted(play.flow.places))
    state, step = run.steps.get(path), play.flow.step(path)
    attempt = (state.attempt if state else 1) + rng.choice((0,) * 15 + (-1, 1))
    actor = rng.choice((state.owners if state else ()) * 6 + PEOPLE)
    here: dict[str, Any] = play.about(actor, facts=facts, path=path, attempt=attempt)
    kind = rng.choice(_likely(step) * 6 + (Give, Skip, File, Decide, Fire, Finish, Resume, Cancel, Comment, Delegate))
    if kind is Give:
        names = getattr(step, "fields", ()) or sorted(VALUES)
        return Give(**here, values={name: VALUES.get(name, "?") for name in rng.sample(names, rng.randint(1, len(names)))})
    if kind is Skip:
        return Skip(**here, name=rng.choice(("note", "need_by", "vendor")))
    if kind is File:
        number = rng.randint(1, 3)
        return File(**here, item="quotes", document=f"d{number}", digest=f"s{number}", name="q.pdf")
    if kind is Decide:
        choice = rng.choice(
            ("approve",) * 4 + ("reject", "send_back", "submit", "submit", "ok", "ok", "received", "short", "lost")
        )
        return Decide(**here, choice=choice, reason=rng.choice(("because", "")), stage=rng.randint(0, 2))
    if kind is Finish:
        return Finish(**here, document="po", digest="po", name="po.pdf", error=rng.choice(("", "", "broken")))
    if kind is Comment:
        return Comment(**play.about(actor, facts=facts), text=rng.choice(("hello", "", "so it is")))
    if kind is Delegate:
        return Delegate(
            **here, owner=rng.choice(((actor,) * 3 + (state.owners if state else ())) or PEOPLE), to=rng.choice(PEOPLE)
        )
    if kind is Cancel:
        return Cancel(**play.about(actor, facts=facts), reason="")
    rungs = ("wake",) if isinstance(step, Wait) else tuple(rung.name for rung in b.LADDER)
    return Fire(**here, rung=rng.choice(rungs)) if kind is Fire else Resume(**here)


def _likely(step: Any) -> tuple[type[Event], ...]:
    match step:
        case Approve() | Do():
            return (Decide, Decide, Give)
        case Collect():
            return (File, File, Decide)
        case Generate():
            return (Finish, Finish, Resume)
        case Wait():
            return (Fire, Give, Skip)
    return (Give, Give, Give, Skip, Decide, Resume)


def histories(*checks: Check, examples: int = 900) -> None:
    """Play random histories, the same at every call, and hold every transition against `checks`. A failure names its seed."""
    for seed in range(examples):
        try:
            _play_one(seed, checks)
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise


def _play_one(seed: int, checks: tuple[Check, ...]) -> None:
    rng = Random(seed)
    flow, people = rng.choice(FLOWS), rng.choice(WORLDS)
    play, told = w.Play(flow), Told()
    begin = Begin(**play.about("rita", facts=w.facts(people=people)), run_id="r", reference="PA-1")
    _step(play, begin, told, checks)
    for number in range(rng.randint(5, 60)):
        mended = w.PEOPLE if number % 7 == 6 else people
        _step(play, some_event(rng, play, w.facts(people=mended)), told, checks)


def _step(play: w.Play, event: Event, told: Told, checks: tuple[Check, ...]) -> None:
    before = play.run
    shown = repr(before)
    try:
        play.run, play.effects = advance(play.flow, before, event)
    except Refused:
        assert repr(before) == shown
        return
    told |= {(effect.to, effect.path, effect.attempt) for effect in play.effects if isinstance(effect, Say)}
    assert repr(before) == shown
    for check in checks:
        check(play.flow, before, play.now, play.effects, told)


def test_every_history_holds() -> None:
    histories(*CHECKS)


def test_histories_reach_far() -> None:
    """The random walks are no strangers to the interesting places: ends, send-backs, blocks, votes, documents."""
    seen: set[str] = set()

    def look(flow: Flow, before: Run | None, run: Run, effects: tuple[Any, ...], told: Told) -> None:
        seen.update({run.status.value, *(state.status.value for state in (*run.steps.values(), *run.history))})
        seen.update(f"{state.path}.{vote.choice}" for state in run.steps.values() for vote in state.votes)
        seen.update(run.numbers, {run.outcome})
        states = (*run.steps.values(), *run.history)
        seen.update({"time-up": "woke", "not-needed": "dropped"}.get(state.outcome, "") for state in states)
        seen.update("joined" for path, done in run.joined.items() if len(done) == getattr(flow.step(path), "needed", 0))
        seen.update("in place of" for state in states for vote in state.votes if vote.instead_of)

    histories(look)
    wanted = {"woke", "joined", "dropped", "failed", "in place of", "right.approve", "middle.ok"}
    assert wanted <= seen
    wanted = {"ended", "cancelled", "returned", "blocked", "one.approve", "approval.approve", "PO", "rejected", "completed"}
    assert wanted <= seen


# --- planted bugs -----------------------------------------------------------------------------------------------------


def unrecorded(t: transition.Transition, fact: Any) -> None:
    if type(fact).__name__ != "Voted":
        t.decided.append(fact)
    t._run = transition.fold(t._run, fact)


def silent(t: transition.Transition, *_: Any, **__: Any) -> None:
    """A step that nobody owns is passed over without a word."""


def anyone(t: transition.Transition, step: Approve, event: Decide) -> Any:
    return t.waiting(event.path, event.attempt)


def forgetful(
    t: transition.Transition, path: str, outcome: str, *, by: str = SYSTEM, status: StepStatus = StepStatus.DONE
) -> None:
    t.decide(StepClosed(path, t.run.steps[path].attempt, status, outcome, by, t.at))


def unplanned(t: transition.Transition, step: Wait, why: Any) -> None:
    t.open(step, (), why, until=t.at + timedelta(minutes=5))


def first_come(t: transition.Transition, path: str, block: str) -> Any:
    """The first block that is through joins, whatever the flow says."""
    t.decide(BlockDone(path, block))
    return t.after(path)


def lingering(t: transition.Transition, path: str, block: str) -> Any:
    """The others stay open when enough are done."""
    t.decide(BlockDone(path, block))
    step = t.flow.step(path)
    return t.after(path) if len(t.run.joined[path]) == getattr(step, "needed", 0) else None


def rounded_down(step: Approve, holders: int) -> int:
    return max(holders * step.needed // 100, 1) if step.policy is Policy.PERCENT else holders


def never_given_up(step: Approve, state: StepState) -> str:
    """Rejected only once everybody has decided."""
    approvals = sum(vote.choice == "approve" for vote in state.votes)
    needed = approve._needed(step, len(state.owners) + len(state.votes))
    return "approve" if approvals >= needed else "" if state.owners else "reject"


def to_anybody(t: transition.Transition, event: Delegate) -> None:
    state = t.waiting(event.path, event.attempt)
    if event.owner in state.owners:
        t.decide(Delegated(event.path, event.attempt, event.owner, event.to, t.actor, t.at))


@pytest.mark.parametrize(
    ("place", "name", "bug", "check"),
    [
        (transition.Transition, "decide", unrecorded, replays),
        (transition.Transition, "stop", silent, never_stranded),
        (commands, "_must_be_open", silent, over_is_over),
        (approve, "_may_vote", anyone, never_their_own),
        (transition.Transition, "close", forgetful, timers_dropped),
        (wait, "begin", unplanned, every_wait_wakes),
        (parallel, "join", first_come, joined_when_enough),
        (parallel, "join", lingering, joined_when_enough),
        (approve, "_needed", rounded_down, enough_approve),
        (approve, "_verdict", never_given_up, enough_approve),
        (commands, "delegate", to_anybody, never_two_voices),
        (commands, "delegate", to_anybody, never_stranded),
    ],
    ids=["replay", "stranded", "over", "own", "timers", "wake", "join", "linger", "percent", "hopeless", "voices", "untold"],
)
def test_a_planted_bug_is_found(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, bug: Any, check: Check) -> None:
    monkeypatch.setattr(place, name, bug)
    with pytest.raises(AssertionError):
        histories(check)
