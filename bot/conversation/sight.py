"""Who may see a run; "not found" and "not yours" are the same answer."""

from __future__ import annotations

from bot.conversation.turn import Turn
from flows.engine.owners import role_of
from flows.model import Collect
from storage import Loaded


def visible(turn: Turn, reference: str) -> Loaded | None:
    """The run behind a reference, if this person may see it: "not found" and "not yours" are the same answer."""
    run_id = turn.unit.runs.by_reference(reference.upper())
    loaded = turn.unit.runs.load(run_id) if run_id else None
    return loaded if loaded is not None and may_see(turn, loaded) else None


def may_see(turn: Turn, loaded: Loaded) -> bool:
    """Managers, the requester, and whoever owns a step, voted, or had it and handed it over."""
    run = loaded.run
    if turn.is_manager or run.requester == turn.contact_id:
        return True
    states = (*run.steps.values(), *run.history)
    return _checks(turn, loaded) or any(
        turn.contact_id in s.owners
        or any(vote.by == turn.contact_id for vote in s.votes)
        or any(turn.contact_id in (given.owner, given.to) for given in s.handovers)
        for s in states
    )


def _checks(turn: Turn, loaded: Loaded) -> bool:
    """Whether they check the documents that are being collected."""
    flow = turn.flow_of(loaded)
    steps = (flow.step(state.path) for state in loaded.run.open_steps())
    return any(isinstance(step, Collect) and role_of(step.checked_by) in turn.sender.contact.roles for step in steps)


def not_found(turn: Turn, argument: str) -> None:
    turn.reply(turn.t("I find nothing of yours under “{what}”. Write “mine” to see what is yours.").format(what=argument[:60]))
