"""Going on: step after step is opened until somebody, or some work, must be waited for, or the run is over."""

from __future__ import annotations

from flows.engine import approve, ask, automatic, collect, do, parallel, wait
from flows.engine.ending import end
from flows.engine.people import distinct, nobody, resolve
from flows.engine.transition import Next, Transition
from flows.model import Approve, Ask, Branch, Collect, Do, End, Generate, Notify, Parallel, Wait

FINISHED = "done"


def go_on(t: Transition, following: Next | None) -> None:
    """Open `following` and what comes after it, as far as it goes without waiting."""
    while following is not None:
        following = _reach(t, following) or parallel.next_block(t)


def _reach(t: Transition, why: Next) -> Next | None:
    """Open one step; the step to go on with, or None where the run now waits or is over."""
    if why.block:
        return parallel.join(t, *why.block)
    if not why.path:
        end(t, "", FINISHED)
        return None
    step = t.flow.step(why.path)
    match step:
        case Ask() | Collect() | Do():
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
        case End():
            end(t, step.id, step.outcome)
        case _:
            raise TypeError(f"the engine knows no step of kind {step.kind}")
    return None


def _hand(t: Transition, step: Ask | Collect | Do, why: Next) -> Next | None:
    """Open a step for its owners."""
    owners = distinct(resolve(t, step.owner))
    if not owners:
        t.stop(step, why, nobody(t.flow, step.owner))
        return None
    state = t.open(step, owners, why)
    match step:
        case Ask():
            return ask.opened(t, step, state)
        case Collect():
            return collect.opened(t, step, state)
        case Do():
            do.opened(t, state)
    return None
