"""What we answer when the run stays as it is: a stale tap, somebody else's decision, a missing reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.conversation.turn import Turn
from bot.words import moment, retold
from bot.words.outcomes import outcome
from flows import SYSTEM, Refused, Run
from flows.engine.drop import DROPPED
from flows.engine.orphans import NOT_NEEDED
from flows.engine.wait import REACHED, TIME
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
    t, reference = turn.t, loaded.run.reference
    details = {name: retold(part, turn.language) for name, part in refusal.details.items()}
    if refusal.code == "invalid":
        return f"{reference}\n{details.get('problem', '')}"
    if words := _of_somebody(turn, reference, refusal.code, details) or _of_the_run(turn, loaded.run, refusal.code, details):
        return words
    told = {
        "closed": t("{reference}: this question is closed. Nothing changed. Write “status {reference}” to see where it stands."),
        "own_step": t("{reference}: you acted on an earlier step of it, and this one must be somebody else's. Nothing changed."),
        "claim_first": t("{reference} is for one of several people. Tap “I'll take it” first, then send it again."),
        "cannot_drop": t(
            "{reference}: this step cannot be left out, since it decides something or others build on it. Nothing changed. "
            "You can hand it over, or cancel the whole request."
        ),
        "own_request": t("{reference} is your own request, so somebody else must decide. Nothing changed."),
        "not_yours": t("{reference} waits for somebody else. Nothing changed. Write “mine” to see what waits for you."),
        "own_report": t("{reference}: you reported this yourself, so somebody else must confirm it. Nothing changed."),
        "already_voted": t("{reference}: your decision is already recorded. Nothing more to do."),
        "duplicate": t("{reference}: I already have this file. Please send the next one."),
        "unknown_item": t("{reference} does not ask for this document. Write “status {reference}” to see what it needs."),
    }
    otherwise = t("{reference}: that is not possible now. Write “status {reference}” to see where it stands.")
    return told.get(refusal.code, otherwise).format(reference=reference)


def _of_somebody(turn: Turn, reference: str, code: str, details: Mapping[str, str]) -> str:
    """The words where they name who has it or who was first; "" where they name nobody."""
    t, by = turn.t, details.get("by", "")
    if code == "taken" and by == turn.contact_id:
        return t("{reference}: it is yours already. Write “mine”, and I ask you again.").format(reference=reference)
    told = {
        "taken": t("{reference}: {name} has taken it. Nothing changed."),
        "cancelling": t(
            "{reference} is being cancelled already, by {name}: what was done is undone first. Write “status {reference}” to see "
            "how far that is."
        ),
        "not_yours": t("{reference} was handed over to {name}, so it no longer waits for you. Nothing changed."),
        "cannot_hold": t("{reference}: {name} cannot take this over. Please name somebody else. Nothing changed."),
        "already_holds": t("{reference}: {name} is asked already. Please name somebody else. Nothing changed."),
    }
    who = details.get("to") or details.get("person") or (by if code in ("taken", "cancelling") else "")
    return told[code].format(reference=reference, name=turn.names()(who)) if who and code in told else ""


def _of_the_run(turn: Turn, run: Run, code: str, details: Mapping[str, str]) -> str:
    """The words that tell what has become of the run or the step; "" for other codes."""
    t, reference, choice = turn.t, run.reference, details.get("choice", "")
    match code:
        case "closed" if choice in (NOT_NEEDED, TIME, REACHED, DROPPED):
            words = t("{reference}: this is no longer needed. Nothing changed. Write “mine” to see what waits for you.")
            return words.format(reference=reference)
        case "closed" if details.get("by"):
            words = t("{reference}: already {choice} by {name}, {when}. Nothing changed.")
            return words.format(reference=reference, choice=_done(turn, choice), **_first(turn, details))
        case "run_over" if details.get("by"):
            words = t("{reference}: already {outcome} by {name}, {when}. Nothing changed.")
            over = outcome(details.get("outcome", ""), turn.language)
            return words.format(reference=reference, outcome=over, **_first(turn, details))
        case "run_over":
            words = t("{reference} has already ended: {outcome}. Nothing changed.")
            return words.format(reference=reference, outcome=outcome(details.get("outcome", ""), turn.language))
        case "blocked":
            words = t("{reference} has stopped until somebody mends this: {reason}")
            return words.format(reference=reference, reason=details.get("reason", ""))
        case "cannot_withdraw":
            words = t("{reference}: there is nothing that can be withdrawn now. {what_else}")
            return words.format(reference=reference, what_else=_instead(turn, run).format(reference=reference))
    return ""


def _done(turn: Turn, choice: str) -> str:
    """A decision in the past tense."""
    t = turn.t
    choices = {
        "approve": t("approved"),
        "reject": t("rejected"),
        "send_back": t("sent back for changes"),
        "withdrawn": t("withdrawn"),
    }
    return choices.get(choice, t("answered"))


def _instead(turn: Turn, run: Run) -> str:
    """What this person can do where nothing can be withdrawn."""
    if run.requester == turn.contact_id or turn.is_manager:
        return turn.t("Write “cancel {reference}” to call it off.")
    return turn.t("Write “comment {reference}” and your words to those who go on with it.")


def _first(turn: Turn, details: Mapping[str, str]) -> dict[str, str]:
    """Who was first, and when, as the words have it."""
    name = turn.t("you") if details["by"] == turn.contact_id else turn.names()(details["by"])
    return {"name": name, "when": moment(datetime.fromisoformat(details["at"]), turn.now, turn.zone, turn.language)}
