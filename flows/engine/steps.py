"""Going on: step after step is opened until somebody, or some work, must be waited for, or the run is over."""

from __future__ import annotations

from flows.engine import (
    approve,
    ask,
    automatic,
    children,
    collect,
    do,
    expiry,
    loop,
    parallel,
    pool,
    schedule,
    undoing,
    wait,
    worker,
)
from flows.engine.ending import end, finish
from flows.engine.owners import unclaimed
from flows.engine.people import owners_of
from flows.engine.transition import Next, Transition
from flows.model import (
    UNDO,
    Approve,
    Ask,
    Branch,
    Collect,
    Do,
    Each,
    End,
    Generate,
    Notify,
    Parallel,
    Schedule,
    Step,
    Subflow,
    Wait,
    Worker,
)
from flows.run import StepState

FINISHED = "done"


def go_on(t: Transition, following: Next | None) -> None:
    """Open `following` and what comes after it, as far as it goes without waiting."""
    while (following := following or parallel.next_block(t) or wait.reached(t)) is not None:
        following = _reach(t, following)


def _reach(t: Transition, why: Next) -> Next | None:
    """Open one step; the step to go on with, or None where the run now waits or is over."""
    if why.block:
        path, block = why.block
        return undoing.undone(t, path) if block == UNDO else parallel.join(t, path, block)
    if not why.path:
        end(t, "", FINISHED)
        return None
    if ":" in why.path:
        return loop.come_round(t, why)
    step = t.flow.step(why.path)
    if step.needs and (stale := expiry.blocked_by(t, step)):
        return expiry.hold(t, step, why, stale)
    match step:
        case Ask() | Collect() | Do() | Schedule() | Worker():
            return _hand(t, step, why)
        case Approve():
            approve.reach(t, step, why)
        case Generate():
            automatic.generate(t, step, why)
        case Notify():
            return automatic.notify(t, step, why)
        case Branch():
            return automatic.branch(t, step, why)
        case Parallel():
            parallel.fork(t, step)
        case Wait():
            return wait.begin(t, step, why)
        case Subflow() | Each():
            return children.reach(t, step, why)
        case End():
            finish(t, step)
        case _:
            raise TypeError(f"the engine knows no step of kind {step.kind}")
    return None


def _hand(t: Transition, step: Ask | Collect | Do | Schedule | Worker, why: Next) -> Next | None:
    """Open a step for its owners."""
    why = expiry.one_for_all(t, step, why) if isinstance(step, Collect) else why
    owners, lack = owners_of(t, step)
    if lack:
        t.stop(step, why, lack)
        return None
    state = expiry.begin(t, step, owners, why) if isinstance(step, Collect) else t.open(step, owners, why)
    if unclaimed(t.flow, state):
        pool.offer(t, state)
        return None
    return begin(t, step, state)


def begin(t: Transition, step: Step, state: StepState) -> Next | None:
    """Put an open step, which is in nobody's pool any more, to its owners for the first time."""
    match step:
        case Ask():
            return ask.opened(t, step, state)
        case Collect():
            return collect.opened(t, step, state)
        case Wait():
            ask.ask_next(t, state, state.owners)
        case Do():
            do.opened(t, state)
        case Schedule():
            schedule.opened(t, step, state)
        case Worker():
            worker.opened(t, step, state)
    return None
