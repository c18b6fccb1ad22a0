"""A decision that its maker can still take back: it counts once its grace period is over, and nobody else hears of it before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flows.decided import Held, Released
from flows.effects import DropTimer, PlanTimer, Say, Topic
from flows.engine.prompts import prompt
from flows.engine.transition import GRACE, Next, Transition
from flows.engine.words import UNDO
from flows.errors import Refused
from flows.events import Decide, Fire, Undo
from flows.model import Approve, Do, Proof
from flows.run import HeldChoice, StepState

Deciding = Callable[[Transition, Decide], Next | None]


def hold(t: Transition, state: StepState, event: Decide) -> bool:
    """Keep a decision that has passed all checks until its grace is over; False where it counts at once. Another decision of the
    same person takes the place of the one held."""
    if not t.facts.grace or not now_made(t, event):
        return False
    until = t.at + timedelta(seconds=t.facts.grace)
    if of(state, t.actor) is not None:
        t.decide(Released(state.path, state.attempt, t.actor))
    t.decide(Held(state.path, state.attempt, t.actor, event.choice, event.reason, event.stage, t.at, until))
    t.effects.append(PlanTimer(state.path, state.attempt, GRACE + t.actor, until))
    details = {"by": t.actor, "choice": event.choice, "seconds": str(t.facts.grace)}
    t.say([Say(t.actor, Topic.HELD, state.path, state.attempt, (UNDO,), details=details)])
    return True


def now_made(t: Transition, event: Decide) -> bool:
    """Whether a person makes the decision now; else it was held until now, and its maker has had the answer."""
    return t.event is event


def undo(t: Transition, event: Undo) -> None:
    """Take back what is held, and ask again. Raises Refused `in_effect` once it counts."""
    state = t.run.steps.get(event.path)
    held = of(state, t.actor) if state is not None and state.attempt == event.attempt else None
    if state is None or held is None:
        raise Refused("in_effect")
    t.decide(Released(state.path, state.attempt, t.actor))
    t.effects.append(DropTimer(state.path, state.attempt, GRACE + t.actor))
    details = {"choice": held.choice, "because": "undone"}
    t.say([Say(t.actor, Topic.UNDONE, state.path, state.attempt, details=details)])
    asked = prompt(t.flow, t.run, t.facts, t.run.steps[state.path])
    t.say([asked.to(t.actor, state)] if asked else ())


def count(t: Transition, event: Fire, decide: Deciding) -> Next | None:
    """The grace is over: the decision is put as if made now by its maker, recorded at the moment it was made. Where it does not apply
    any more its maker is told. A timer that fires twice finds nothing held; one that fires early is planned again."""
    state = t.waiting(event.path, event.attempt)
    maker = event.rung.removeprefix(GRACE)
    held = of(state, maker)
    if held is None:
        raise Refused("not_waiting")
    if t.at < held.until:
        t.effects.append(PlanTimer(state.path, state.attempt, event.rung, held.until))
        return None
    t.decide(Released(state.path, state.attempt, maker))
    t.actor = maker
    try:
        return decide(t, _put(t, event, held))
    except Refused as refusal:
        details = {"choice": held.choice, "because": refusal.code, "by": refusal.details.get("to", "")}
        t.say([Say(maker, Topic.UNDONE, state.path, state.attempt, details=details)])
        return None


def of(state: StepState, contact: str) -> HeldChoice | None:
    """What is held of this person's."""
    return next((held for held in state.held if held.by == contact), None)


def prove(step: Approve | Do, event: Decide) -> None:
    """A decision that goes on needs what the step asks for beside the tap. Raises Refused."""
    if step.proof is not Proof.NONE and event.proof != step.proof:
        raise Refused("proof_needed", proof=step.proof.value)


def _put(t: Transition, event: Fire, held: HeldChoice) -> Decide:
    step = t.flow.step(event.path)
    proof = step.proof.value if isinstance(step, Approve | Do) else ""  # shown when it was held
    return Decide(
        at=held.at, actor=held.by, facts=event.facts, path=event.path, attempt=event.attempt,
        choice=held.choice, reason=held.reason, stage=held.stage, proof=proof,
    )  # fmt: skip
