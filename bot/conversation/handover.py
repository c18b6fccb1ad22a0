"""Handing a late step to somebody else by buttons: whose work it is, then who could take it."""

from __future__ import annotations

from bot.conversation.involving import hand_over
from bot.conversation.known import Tapped
from bot.conversation.refusals import explain
from bot.conversation.turn import Turn
from bot.facts import gather
from bot.words.draft import Tap
from flows import Refused, StepState, StepStatus
from flows.engine.delegate import could_take
from flows.engine.words import REASSIGN
from storage import Loaded

MOST = 9
LABEL = 20


def choose(turn: Turn, loaded: Loaded, tapped: Tapped) -> None:
    """A manager tapped Reassign: list who could take it."""
    state = _waiting(turn, loaded, tapped)
    if state is None:
        return
    owner = str(tapped.data.get("owner", "")) or (state.owners[0] if len(state.owners) == 1 else "")
    if not owner:
        taps = [_tap(turn, tapped, REASSIGN.key, person, {"owner": person}) for person in state.owners[:MOST]]
        turn.reply(turn.t("Whose work shall somebody else do?"), taps, loaded.run, tapped.path, tapped.attempt)
        return
    people = _people(turn, loaded, state)
    if not people:
        words = turn.t("{reference}: nobody else holds a role here. Add somebody, then tap Reassign again.")
        turn.reply(words.format(reference=loaded.run.reference), run=loaded.run)
        return
    taps = [_tap(turn, tapped, "reassign_to", person, {"owner": owner, "to": person}) for person in people[:MOST]]
    words = turn.t("{reference}: who shall take it from {name}? Or write “reassign {reference} from {name} to NAME”.")
    text = words.format(reference=loaded.run.reference, name=turn.names()(owner))
    turn.reply(text, taps, loaded.run, tapped.path, tapped.attempt)


def reassign(turn: Turn, loaded: Loaded, tapped: Tapped) -> None:
    """The person was tapped."""
    state = _waiting(turn, loaded, tapped)
    if state is not None:
        hand_over(turn, loaded.run.id, state, str(tapped.data["owner"]), str(tapped.data["to"]))


def _waiting(turn: Turn, loaded: Loaded, tapped: Tapped) -> StepState | None:
    """The step, while it waits, and its sender is a manager still; else they are told."""
    state = loaded.run.steps.get(tapped.path)
    if not turn.is_manager:
        explain(turn, loaded, Refused("not_yours"))
    elif state is None or state.attempt != tapped.attempt or state.status is not StepStatus.OPEN:
        explain(turn, loaded, Refused("closed"))
    else:
        return state
    return None


def _people(turn: Turn, loaded: Loaded, state: StepState) -> list[str]:
    """Who could take it, holders of the step's own roles first; not the manager who asks, who names somebody else."""
    published = turn.book.version(turn.unit, loaded.flow_version_id)
    facts = gather(turn.unit, published, loaded.run, {}, turn.transitions.business, turn.now)
    step = published.flow.step(state.path)
    own = {
        person for role in getattr(step, "approvers", (step.owner.rpartition(":")[2],)) for person in facts.people.get(role, ())
    }
    able = [person for person in could_take(published.flow, loaded.run, facts, state) if person != turn.contact_id]
    return sorted(able, key=lambda person: person not in own)


def _tap(turn: Turn, tapped: Tapped, purpose: str, person: str, data: dict[str, str]) -> Tap:
    return Tap(turn.names()(person)[:LABEL], purpose, "", tapped.run_id, tapped.path, tapped.attempt, data)
