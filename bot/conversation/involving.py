"""Bringing others in by chat: a comment for all who work on a run, and handing a step over to somebody else."""

from __future__ import annotations

import re

from bot.conversation.refusals import explain
from bot.conversation.sight import not_found, visible
from bot.conversation.status import is_outsider
from bot.conversation.turn import Turn
from flows import Event, Facts, Refused, Run, StepState, StepStatus
from flows.events import Comment, Delegate
from storage import Loaded

MOST = 2000
_TO = re.compile(r"(?:from\s+(?P<owner>.+?)\s+)?to\s+(?P<to>.+)", re.IGNORECASE | re.DOTALL)
_TO_HI = re.compile(r"(?:(?P<owner>.+?)\s+से\s+)?(?P<to>.+?)\s+को[\s.।]*", re.DOTALL)


def comment(turn: Turn, reference: str, text: str) -> None:
    """`comment PA-1042 text`: recorded, and told to those who are asked for something now."""
    t = turn.t
    loaded = chosen(turn, reference)
    if loaded is None:
        return
    if not text or len(text) > MOST:
        how = t("Write it like “comment {reference} The vendor called.”, in at most {most} characters.")
        turn.reply(how.format(reference=loaded.run.reference, most=MOST), run=loaded.run)
        return

    def make(facts: Facts) -> Event:
        return Comment(at=turn.now, actor=turn.contact_id, facts=facts, text=text)

    try:
        turn.transitions.apply(turn.unit, loaded, make, turn.now)
    except Refused as refusal:
        explain(turn, loaded, refusal)
    else:
        turn.reply(t("{reference}: your comment is recorded.").format(reference=loaded.run.reference), run=loaded.run)


def delegate(turn: Turn, reference: str, text: str) -> None:
    """`delegate PA-1042 to NAME` by who is asked; a manager: `reassign PA-1042 from NAME to NAME`, without `from` where one person
    holds it. All that waits for that person in the run is handed over."""
    loaded = chosen(turn, reference)
    if loaded is None:
        return
    if is_outsider(turn, loaded.run):
        not_found(turn, reference)
        return
    found = _TO.fullmatch(text.strip()) or _TO_HI.fullmatch(text.strip())
    if found is None:
        turn.reply(_how(turn, loaded.run), run=loaded.run)
        return
    to = _person(turn, found["to"])
    owner = _owner(turn, loaded.run, found["owner"] or "")
    if to is None or owner is None:
        return
    for state in _held(loaded.run, owner):
        if not hand_over(turn, loaded.run.id, state, owner, to):
            return


def chosen(turn: Turn, reference: str) -> Loaded | None:
    """The run, if this person may see it and the channel proves who they are."""
    if turn.inbound.channel == "email":
        turn.reply(turn.t("A mail does not prove who wrote it. Please write this in the chat."))
        return None
    loaded = visible(turn, reference)
    if loaded is None:
        not_found(turn, reference)
    return loaded


def _how(turn: Turn, run: Run) -> str:
    words = turn.t("Write it like “delegate {reference} to NAME”.")
    if turn.is_manager:
        words = turn.t("Write it like “reassign {reference} from NAME to NAME”.")
    return words.format(reference=run.reference)


def _person(turn: Turn, name: str) -> str | None:
    """The one contact of this name; else the sender is told."""
    found = [person for person in turn.unit.people.find(name) if person.name.casefold() == name.strip().casefold()]
    if len(found) == 1:
        return found[0].id
    words = turn.t("Several people are called “{name}”.") if found else turn.t("I know nobody called “{name}”.")
    whole = turn.t("Please write the whole name, as in the people list.")
    turn.reply(f"{words.format(name=name.strip()[:60])} {whole}")
    return None


def _held(run: Run, owner: str) -> list[StepState]:
    return [state for state in run.open_steps() if state.status is StepStatus.OPEN and owner in state.owners]


def _owner(turn: Turn, run: Run, name: str) -> str | None:
    """Whose work it is that is handed over: the sender's own, or for a manager the person named, or the only one."""
    if name:
        named = _person(turn, name)
        if named is None or _held(run, named):
            return named
    elif _held(run, turn.contact_id):
        return turn.contact_id
    elif turn.is_manager:
        owners = {owner for state in run.open_steps() if state.status is StepStatus.OPEN for owner in state.owners}
        if len(owners) == 1:
            return owners.pop()
        if owners:
            several = turn.t("Several people have it now.")
            turn.reply(f"{several} {_how(turn, run)}", run=run)
            return None
    turn.reply(turn.t("{reference}: nothing here waits for them. Nothing changed.").format(reference=run.reference), run=run)
    return None


def hand_over(turn: Turn, run_id: str, state: StepState, owner: str, to: str) -> bool:
    """Give one step to somebody; False where that was refused, and explained."""
    loaded = turn.unit.runs.load(run_id)
    assert loaded is not None, "runs are never deleted"

    def make(facts: Facts) -> Event:
        return Delegate(
            at=turn.now, actor=turn.contact_id, facts=facts, path=state.path, attempt=state.attempt, owner=owner, to=to
        )

    try:
        turn.transitions.apply(turn.unit, loaded, make, turn.now)
    except Refused as refusal:
        explain(turn, loaded, refusal)
        return False
    return True
