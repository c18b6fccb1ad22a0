"""Checklists by chat: what is still needed, and accepting, rejecting or waiving one of the documents."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

from bot.conversation.intents import Decide
from bot.conversation.known import Question
from bot.conversation.refusals import explain
from bot.conversation.sight import not_found, visible
from bot.conversation.turn import Turn
from bot.filling import named
from bot.words.checklist import standing, title
from bot.words.draft import Tap
from flows import Event, Facts, Flow, Refused
from flows.engine.listing import unchecked
from flows.engine.words import ACCEPT_ALL, REJECT_ITEM
from flows.events import Decide as DecideEvent
from flows.events import Judge, Waive
from flows.model import Collect
from flows.run import StepState, Verdict
from prompts.words import normal
from storage import Loaded

MOST = 10
_WORD = re.compile(r"(\S+)\s*(.*)", re.DOTALL)
_BECAUSE = re.compile(r"^\s*(?:[:,.–-]+|because\b|since\b|क्योंकि)?\s*", re.IGNORECASE)
Make = Callable[[Facts], Event]


def still_needed(turn: Turn, loaded: Loaded, question: Question, step: Collect) -> None:
    """Words came where documents are wanted: say which."""
    flow, run = turn.flow_of(loaded), loaded.run
    wanted = ", ".join(title(flow, item, turn.language) for item in step.items)
    now = standing(flow, run, step, turn.language, _today(turn))
    text = turn.t("{reference} waits for documents: {wanted}. Please send a photo or a PDF.")
    if now and not run.steps[question.path].renews and any(filed.counts for filed in run.files):
        text = turn.t("{reference} waits for documents: {standing}. Please send a photo or a PDF.")
    words = text.format(reference=run.reference, wanted=wanted, standing=now)
    turn.reply(words, run=run, path=question.path, attempt=question.attempt)


def beside(turn: Turn, loaded: Loaded, path: str) -> str:
    """How an open checklist stands, for the end of a line about it."""
    flow, state = turn.flow_of(loaded), loaded.run.steps.get(path)
    step = flow.step(path)
    if not isinstance(step, Collect) or state is None or state.closed_at is not None:
        return ""
    now = standing(flow, loaded.run, step, turn.language, _today(turn))
    return f" · {now}" if now else ""


def which(turn: Turn, loaded: Loaded, intent: Decide) -> None:
    """“Reject one”: which one? A button for each that is to be checked."""
    flow, run = turn.flow_of(loaded), loaded.run
    step, state = flow.step(intent.path), run.steps[intent.path]
    if not isinstance(step, Collect):
        return
    taps = [
        Tap(
            title(flow, item, turn.language), "decide", REJECT_ITEM + item, run.id, state.path, state.attempt, {"stage": str(state.stage)}
        )
        for item in unchecked(run, step, state)[:MOST]
    ]  # fmt: skip
    turn.reply(
        turn.t("{reference}: which one is not right?").format(reference=run.reference), taps, run, state.path, state.attempt
    )


def accept(turn: Turn, reference: str, text: str) -> None:
    """`accept PA-1042 ITEM`; without an item everything that is to be checked."""
    found = _open(turn, reference)
    if found is None:
        return
    loaded, _, state = found
    if text.strip():
        _judge(turn, found, text, Verdict.ACCEPTED)
    else:
        _apply(turn, loaded, lambda facts: DecideEvent(
            at=turn.now, actor=turn.contact_id, facts=facts, path=state.path, attempt=state.attempt, choice=ACCEPT_ALL.key,
            stage=state.stage,
        ))  # fmt: skip


def reject(turn: Turn, reference: str, text: str) -> None:
    """`reject PA-1042 ITEM why`."""
    found = _open(turn, reference)
    if found is not None:
        _judge(turn, found, text, Verdict.REJECTED)


def waive(turn: Turn, reference: str, text: str) -> None:
    """`waive PA-1042 ITEM why`."""
    found = _open(turn, reference)
    if found is None:
        return
    loaded, step, state = found
    item, reason = _item(turn.flow_of(loaded), step, text)
    if not item:
        _how(turn, loaded, step)
        return
    _apply(turn, loaded, lambda facts: Waive(
        at=turn.now, actor=turn.contact_id, facts=facts, path=state.path, attempt=state.attempt, item=item, reason=reason
    ))  # fmt: skip


def _judge(turn: Turn, found: tuple[Loaded, Collect, StepState], text: str, verdict: Verdict) -> None:
    loaded, step, state = found
    item, reason = _item(turn.flow_of(loaded), step, text)
    if not item:
        _how(turn, loaded, step)
        return
    _apply(turn, loaded, lambda facts: Judge(
        at=turn.now, actor=turn.contact_id, facts=facts, path=state.path, attempt=state.attempt, item=item, verdict=verdict,
        reason=reason,
    ))  # fmt: skip


def _apply(turn: Turn, loaded: Loaded, make: Make) -> None:
    try:
        turn.transitions.apply(turn.unit, loaded, make, turn.now)
    except Refused as refusal:
        if text := _refused(turn, refusal):
            turn.understood = False
            named_so = title(turn.flow_of(loaded), refusal.details.get("item", ""), turn.language)
            turn.reply(text.format(reference=loaded.run.reference, title=named_so), run=loaded.run)
        else:
            explain(turn, loaded, refusal)


def _refused(turn: Turn, refusal: Refused) -> str:
    """Why a document could not be judged or waived; "" for what is refused elsewhere too."""
    t = turn.t
    return {
        "reason_needed": t("{reference}: please write the reason too, behind {title}. Nothing changed."),
        "own_papers": t("{reference}: somebody else must say this of documents that you give. Nothing changed."),
        "not_given": t("{reference}: {title} is not here yet. Nothing changed."),
        "waived": t("{reference}: {title} is not needed already. Nothing changed."),
    }.get(refusal.code, "")


def _today(turn: Turn) -> date:
    return turn.now.astimezone(ZoneInfo(turn.zone)).date()


def _open(turn: Turn, reference: str) -> tuple[Loaded, Collect, StepState] | None:
    """The open checklist of a run that this person may see, on a channel that proves who they are; else they are told."""
    if turn.inbound.channel == "email":
        turn.reply(turn.t("A mail does not prove who wrote it. Please write this in the chat."))
        return None
    loaded = visible(turn, reference)
    if loaded is None:
        not_found(turn, reference)
        return None
    flow = turn.flow_of(loaded)
    for state in loaded.run.open_steps():
        step = flow.step(state.path)
        if isinstance(step, Collect):
            return loaded, step, state
    turn.understood = False
    turn.reply(
        turn.t("{reference} asks for no documents now. Nothing changed.").format(reference=reference.upper()), run=loaded.run
    )
    return None


def _item(flow: Flow, step: Collect, text: str) -> tuple[str, str]:
    """The item that a text begins with (its number, its title in any language, or a word of it) and the words behind it."""
    number = re.match(r"\s*(\d{1,2})\b", text)
    if number and 1 <= int(number[1]) <= len(step.items):
        return step.items[int(number[1]) - 1], _reason(text[number.end() :])
    titles = [(name, item) for item in step.items for name in (item, *flow.documents[item].title.by_language.values())]
    for name, item in sorted(titles, key=lambda pair: -len(pair[0])):
        if normal(text).startswith(normal(name)):
            return item, _reason(text.strip()[len(name) :])
    head = _WORD.match(text.strip())
    found = named(flow, step.items, head[1]) if head else ""
    return found, _reason(head[2]) if head else ""


def _reason(text: str) -> str:
    return _BECAUSE.sub("", text, count=1).strip()


def _how(turn: Turn, loaded: Loaded, step: Collect) -> None:
    flow = turn.flow_of(loaded)
    titles = [f"{number}. {title(flow, item, turn.language)}" for number, item in enumerate(step.items, 1)]
    text = turn.t("{reference}: which document do you mean? Write its name or number, and why:")
    turn.understood = False
    turn.reply("\n".join([text.format(reference=loaded.run.reference), *titles]), run=loaded.run)
