"""What we answer when the run stays as it is: a stale tap, somebody else's decision, a missing reason."""

from __future__ import annotations

from datetime import datetime

from bot.conversation.turn import Turn
from bot.words import moment
from flows import Refused
from storage import Loaded


def explain(turn: Turn, loaded: Loaded, refusal: Refused) -> None:
    """Answer a refused event: what happened, who decided, and what to do next. The run is unchanged."""
    turn.understood = False
    turn.reply(_words(turn, loaded, refusal), run=loaded.run)


def _words(turn: Turn, loaded: Loaded, refusal: Refused) -> str:
    t, reference, details = turn.t, loaded.run.reference, refusal.details
    match refusal.code:
        case "closed" if details.get("by"):
            choices = {"approve": t("approved"), "reject": t("rejected"), "send_back": t("sent back for changes")}
            choice = details.get("choice", "")
            return t("{reference}: already {choice} by {name}, {when}. Nothing changed.").format(
                reference=reference,
                choice=choices.get(choice, t("answered")),
                name=turn.names()(details["by"]),
                when=moment(datetime.fromisoformat(details["at"]), turn.now, turn.zone),
            )
        case "closed":
            return t(
                "{reference}: this question is closed. Nothing changed. Write “status {reference}” to see where it stands."
            ).format(reference=reference)
        case "run_over":
            return t("{reference} has already ended: {outcome}. Nothing changed.").format(
                reference=reference, outcome=t(details.get("outcome", ""))
            )
        case "own_request":
            return t("{reference} is your own request, so somebody else must decide. Nothing changed.").format(
                reference=reference
            )
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
