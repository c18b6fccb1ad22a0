"""Taking one step out of a request by chat: `drop PA-1042 budget because we had it checked last week`. For managers."""

from __future__ import annotations

import re

from bot.conversation.involving import MOST, chosen
from bot.conversation.refusals import explain
from bot.conversation.turn import Turn
from bot.words.changes import progress
from bot.words.scene import Scene
from flows import Event, Facts, Refused, Run, StepState
from flows.events import Drop
from flows.run import Status
from prompts.words import normal
from storage import Loaded

_BECAUSE = re.compile(r"(?P<step>.+?)\s+(?:because|क्योंकि)\s+(?P<reason>.+)", re.IGNORECASE | re.DOTALL)


def drop(turn: Turn, reference: str, text: str) -> None:
    """`text` names an open step, by its title in any language or its id in the flow file, and says why."""
    loaded = chosen(turn, reference)
    if loaded is None:
        return
    if not turn.is_manager:
        explain(turn, loaded, Refused("not_yours"))
        return
    found = _BECAUSE.fullmatch(text.strip())
    state = _named(turn, loaded, found["step"]) if found else None
    if found is None or state is None or len(found["reason"]) > MOST:
        turn.reply(_how(turn, loaded), run=loaded.run)
        return
    path, attempt, reason = state.path, state.attempt, found["reason"].strip()

    def make(facts: Facts) -> Event:
        return Drop(at=turn.now, actor=turn.contact_id, facts=facts, path=path, attempt=attempt, reason=reason)

    try:
        run = turn.transitions.apply(turn.unit, loaded, make, turn.now)
    except Refused as refusal:
        explain(turn, loaded, refusal)
    else:
        turn.reply(_done(turn, loaded, run, path), run=run)


def _named(turn: Turn, loaded: Loaded, words: str) -> StepState | None:
    """The open step of this name."""
    flow, said = turn.flow_of(loaded), normal(words)
    for state in loaded.run.open_steps():
        titles = flow.step(state.path).title.by_language.values()
        if said in {normal(name) for name in (state.path, state.path.replace("_", " "), *titles)}:
            return state
    return None


def _how(turn: Turn, loaded: Loaded) -> str:
    """What can be written, with the steps that are open now."""
    t, flow, run = turn.t, turn.flow_of(loaded), loaded.run
    titles = [flow.step(state.path).title.text(turn.language) for state in run.open_steps()]
    if not titles:
        return t("{reference}: nothing is open in it. Nothing changed.").format(reference=run.reference)
    how = t("Write it like “drop {reference} {title} because it was done by phone”.").format(
        reference=run.reference, title=titles[0]
    )
    return "\n".join([how, t("These steps are open:"), *(f"· {title}" for title in titles)])


def _done(turn: Turn, loaded: Loaded, run: Run, path: str) -> str:
    """That it is out, and where the run stands now."""
    flow, t = turn.flow_of(loaded), turn.t
    out = t("{reference}: “{title}” is taken out.").format(
        reference=run.reference, title=flow.step(path).title.text(turn.language)
    )
    if run.status is not Status.OPEN:
        return out
    scene = Scene(flow, run, turn.language, turn.zone, turn.now, turn.names())
    return "\n".join([out, *progress(scene, acted=True).text.splitlines()[1:]])
