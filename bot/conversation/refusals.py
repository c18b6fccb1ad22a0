"""What we answer when the run stays as it is: a stale tap, somebody else's decision, a missing reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.conversation.turn import Turn
from bot.words import moment
from flows import SYSTEM, Refused, Run
from flows.engine.parallel import NOT_NEEDED
from flows.engine.wait import TIME
from storage import Loaded


def explain(turn: Turn, loaded: Loaded, refusal: Refused, path: str = "", stage: int = 0) -> None:
    """Answer a refused event: what happened, who decided, and what to do next. The run is unchanged. `path` and `stage` say what
    was to be decided."""
    turn.understood = False
    turn.reply(_words(turn, loaded, _by_whom(loaded.run, refusal, path, stage)), run=loaded.run)


def _by_whom(run: Run, refusal: Refused, path: str, stage: int) -> Refused:
    """A refusal that says who was first: the vote at that stage of a sequence, or the decision that ended the run."""
    state = run.steps.get(path)
    if refusal.code == "not_yours" and not refusal.details.get("to") and state is not None and len(state.votes) > stage:
        vote = state.votes[stage]
        return Refused("closed", by=vote.by, choice=vote.choice, at=vote.at.isoformat())
    if refusal.code == "run_over" and run.ended_at is not None:
        last = [s.closed_by for s in run.steps.values() if s.closed_at == run.ended_at and s.closed_by != SYSTEM]
        by = last[-1] if last else ""
        return Refused("run_over", outcome=run.outcome, by=by, at=run.ended_at.isoformat())
    return refusal


def _words(turn: Turn, loaded: Loaded, refusal: Refused) -> str:
    t, reference, details = turn.t, loaded.run.reference, refusal.details
    given = details.get("to") or details.get("person", "")
    match refusal.code:
        case "closed" if details.get("choice") in (NOT_NEEDED, TIME):
            return t("{reference}: this is no longer needed. Nothing changed. Write “mine” to see what waits for you.").format(
                reference=reference
            )
        case "closed" if details.get("by"):
            choices = {"approve": t("approved"), "reject": t("rejected"), "send_back": t("sent back for changes")}
            choice = choices.get(details.get("choice", ""), t("answered"))
            return t("{reference}: already {choice} by {name}, {when}. Nothing changed.").format(
                reference=reference, choice=choice, **_first(turn, details)
            )
        case "closed":
            return t(
                "{reference}: this question is closed. Nothing changed. Write “status {reference}” to see where it stands."
            ).format(reference=reference)
        case "run_over" if details.get("by"):
            return t("{reference}: already {outcome} by {name}, {when}. Nothing changed.").format(
                reference=reference, outcome=t(details.get("outcome", "")), **_first(turn, details)
            )
        case "run_over":
            return t("{reference} has already ended: {outcome}. Nothing changed.").format(
                reference=reference, outcome=t(details.get("outcome", ""))
            )
        case "own_request":
            return t("{reference} is your own request, so somebody else must decide. Nothing changed.").format(
                reference=reference
            )
        case "not_yours" | "cannot_hold" | "already_holds" if given:
            words = {
                "not_yours": t("{reference} was handed over to {name}, so it no longer waits for you. Nothing changed."),
                "cannot_hold": t("{reference}: {name} cannot take this over. Please name somebody else. Nothing changed."),
                "already_holds": t("{reference}: {name} is asked already. Please name somebody else. Nothing changed."),
            }
            return words[refusal.code].format(reference=reference, name=turn.names()(given))
        case "not_yours":
            return t("{reference} waits for somebody else. Nothing changed. Write “mine” to see what waits for you.").format(
                reference=reference
            )
        case "already_voted":
            return t("{reference}: your decision is already recorded. Nothing more to do.").format(reference=reference)
        case "invalid":
            return f"{reference}\n{details.get('problem', '')}"
        case "duplicate":
            return t("{reference}: I already have this file. Please send the next one.").format(reference=reference)
        case "blocked":
            return t("{reference} has stopped until somebody mends this: {reason}").format(
                reference=reference, reason=details.get("reason", "")
            )
        case "unknown_item":
            return t("{reference} does not ask for this document. Write “status {reference}” to see what it needs.").format(
                reference=reference
            )
        case _:
            return t("{reference}: that is not possible now. Write “status {reference}” to see where it stands.").format(
                reference=reference
            )


def _first(turn: Turn, details: Mapping[str, str]) -> dict[str, str]:
    """Who was first, and when, as the words have it."""
    name = turn.t("you") if details["by"] == turn.contact_id else turn.names()(details["by"])
    return {"name": name, "when": moment(datetime.fromisoformat(details["at"]), turn.now, turn.zone)}
