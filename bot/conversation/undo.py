"""Taking back by chat: a decision in its grace period, and what can be taken back later."""

from __future__ import annotations

from bot.conversation.involving import chosen
from bot.conversation.known import Tapped
from bot.conversation.refusals import explain
from bot.conversation.situation import MOST_OWNED
from bot.conversation.turn import Turn
from flows import Event, Facts, Refused, Run, StepState
from flows.engine.holding import of
from flows.events import Undo, Withdraw
from flows.model import Approve, Flow
from flows.run import Status, StepStatus
from storage import Loaded


def undo(turn: Turn, argument: str = "") -> None:
    """`undo`, right after a decision: the latest that can still be undone."""
    if turn.inbound.channel == "email":
        turn.reply(turn.t("A mail does not prove who wrote it. Please write this in the chat."))
        return
    held = [(state.held[-1].at, loaded, state) for loaded, state in _held(turn)]
    if held:
        _, loaded, state = max(held, key=lambda one: one[0])
        _undo(turn, loaded, state.path, state.attempt)
        return
    address = turn.sender.address
    fresh = address.focus_until is not None and address.focus_until > turn.now
    last = turn.unit.runs.load(address.focus_run) if address.focus_run and fresh else None
    if last is not None and _decided(last.run, turn.contact_id):
        _too_late(turn, last)
    else:
        turn.reply(turn.t("There is nothing to undo. Write “mine” to see what waits for you."))


def tapped(turn: Turn, loaded: Loaded, tap: Tapped) -> None:
    """The button under a decision."""
    _undo(turn, loaded, tap.path, tap.attempt)


def withdraw(turn: Turn, reference: str, text: str) -> None:
    """`withdraw PA-1042`: the requester takes back what waits for approval, to change it; who voted takes back their vote."""
    loaded = chosen(turn, reference)
    if loaded is None:
        return
    flow = turn.flow_of(loaded)
    waiting = [s for s in loaded.run.open_steps() if isinstance(flow.step(s.path), Approve) and s.status is StepStatus.OPEN]
    mine = [s for s in waiting if of(s, turn.contact_id) is not None]
    if mine:
        _undo(turn, loaded, mine[0].path, mine[0].attempt)
        return
    state = _to_withdraw(flow, loaded.run, waiting, turn.contact_id)
    if state is None:
        explain(turn, loaded, Refused("cannot_withdraw"))
        return

    def make(facts: Facts) -> Event:
        return Withdraw(at=turn.now, actor=turn.contact_id, facts=facts, path=state.path, attempt=state.attempt)

    try:
        turn.transitions.apply(turn.unit, loaded, make, turn.now)
        turn.focus(loaded.run.id)
    except Refused as refusal:
        explain(turn, loaded, refusal)


def _to_withdraw(flow: Flow, run: Run, waiting: list[StepState], contact: str) -> StepState | None:
    """The open approval that this person can take back: their request's, or the one that they voted on."""
    if run.requester == contact:
        waiting = [state for state in waiting if getattr(flow.step(state.path), "send_back_to", "")]
    else:
        waiting = [state for state in waiting if any(vote.by == contact for vote in state.votes)]
    return waiting[0] if waiting else None


def _held(turn: Turn) -> list[tuple[Loaded, StepState]]:
    """The open steps that hold a decision of this person's."""
    rows = turn.unit.runs.open_rows(limit=MOST_OWNED, contact=turn.contact_id)
    runs = [loaded for row in rows if (loaded := turn.unit.runs.load(row.id)) is not None]
    return [(loaded, state) for loaded in runs for state in loaded.run.open_steps() if of(state, turn.contact_id) is not None]


def _undo(turn: Turn, loaded: Loaded, path: str, attempt: int) -> None:
    def make(facts: Facts) -> Event:
        return Undo(at=turn.now, actor=turn.contact_id, facts=facts, path=path, attempt=attempt)

    try:
        turn.transitions.apply(turn.unit, loaded, make, turn.now)
    except Refused as refusal:
        if refusal.code in ("in_effect", "run_over"):
            _too_late(turn, loaded)
        else:
            explain(turn, loaded, refusal, path)


def _too_late(turn: Turn, loaded: Loaded) -> None:
    """It has taken effect: what can be done now."""
    t, run, flow = turn.t, loaded.run, turn.flow_of(loaded)
    lines = [t("{reference}: too late to undo, your decision has taken effect.")]
    voted = any(
        isinstance(flow.step(state.path), Approve) and any(vote.by == turn.contact_id for vote in state.votes)
        for state in run.open_steps()
    )
    if run.status is not Status.OPEN:
        lines.append(t("It has ended. Please ask for a new one, or talk to a manager."))
    elif voted:
        lines.append(t("Others still have to decide: write “withdraw {reference}” to take your decision back."))
    elif turn.is_manager or run.requester == turn.contact_id:
        lines.append(t("Write “cancel {reference}” to call it off."))
    else:
        lines.append(t("Write “comment {reference}” and your words to those who go on with it, or ask a manager to cancel it."))
    if run.status is Status.OPEN and any(flow.step(s.path).compensate for s in run.steps.values() if s.status is StepStatus.DONE):
        lines.append(t("When it is cancelled, what was done is undone step by step."))
    turn.reply("\n".join(lines).format(reference=run.reference), run=run)


def _decided(run: Run, contact: str) -> bool:
    return any(vote.by == contact for state in (*run.steps.values(), *run.history) for vote in state.votes)
