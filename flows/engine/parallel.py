"""The parallel step: several blocks at once, joined when enough of them are done; what is still open in the others is dropped."""

from __future__ import annotations

from collections.abc import Callable

from flows.decided import BlockDone, Forked
from flows.effects import Say, Topic
from flows.engine.orphans import NOT_NEEDED
from flows.engine.transition import Next, Transition
from flows.model import Parallel
from flows.run import Status, StepState, StepStatus


def fork(t: Transition, step: Parallel) -> None:
    """Begin every block, in the order written."""
    t.decide(Forked(step.id))
    t.blocks.extend(Next(block.steps[0].id) for block in reversed(step.blocks))


def next_block(t: Transition) -> Next | None:
    """A block that is still to be begun: none once the run is over, or the step is joined by blocks that were through at once."""
    while t.blocks and t.run.status is Status.OPEN:
        following = t.blocks.pop()
        if following.block or not any(_joined(t, around) for around, _ in t.flow.places[following.path].within):
            return following
    return None


def join(t: Transition, path: str, block: str) -> Next | None:
    """A block is through: go on where enough are, else wait for the others."""
    t.decide(BlockDone(path, block))
    if not _joined(t, path):
        return None
    for state in t.run.open_steps():
        beside = bool(state.renews) and not state.returns_to  # a document is renewed, whatever becomes of the block
        if path in dict(t.flow.places[state.path].within) and not beside:
            close(t, state, lambda waiting: path in dict(t.flow.places[waiting].within))
    return t.after(path)


def close(t: Transition, state: StepState, gone: Callable[[str], bool]) -> None:
    """An open step is not gone through any more. Steps that waited for it (a document being renewed) are looked at again, but those
    that are `gone` with it."""
    t.close(state.path, NOT_NEEDED, by=t.actor, status=StepStatus.CANCELLED)
    tell_dropped(t, state, "enough")
    t.blocks.extend(Next(waiting) for waiting in reversed(state.returns_to) if not gone(waiting))


def tell_dropped(t: Transition, state: StepState, because: str) -> None:
    """Those who were asked are told that it is not needed any more: `because` of time, enough others, or the run's end."""
    details = {"because": because}
    t.say(Say(owner, Topic.DROPPED, state.path, state.attempt, details=details) for owner in state.owners if owner != t.actor)


def _joined(t: Transition, path: str) -> bool:
    step = t.flow.step(path)
    assert isinstance(step, Parallel)
    return len(t.run.joined.get(path, ())) >= step.needed
