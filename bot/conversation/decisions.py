"""Decisions: taken only with proof of which question, by whom; a reason asked where one is needed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.conversation import checklist, proof
from bot.conversation.intents import Decide, Prove
from bot.conversation.known import Question
from bot.conversation.refusals import explain
from bot.conversation.turn import Turn
from bot.words import Scene, say
from bot.words.draft import Tap
from flows import Event, Facts, Refused, say_again
from flows.engine.words import CLAIM, DECLINE, TAKE
from flows.events import Claim, Take
from flows.events import Decide as DecideEvent
from storage import Loaded

REASON_TIME = timedelta(minutes=30)
LABEL = 20
"""Characters of a button on every channel."""


def decide(turn: Turn, intent: Decide) -> None:
    """Put a decision to the engine. Without the reason or the proof that it needs, nothing is decided yet: we ask for it."""
    loaded = turn.unit.runs.load(intent.run_id)
    if loaded is None:
        return
    if turn.sender.address.expecting:
        turn.unit.conversations.expect(turn.sender.address.id, "", None)
    try:
        turn.transitions.apply(turn.unit, loaded, lambda facts: _event(turn, intent, facts), turn.now)
        turn.focus(loaded.run.id)
    except Refused as refusal:
        if refusal.code == "reason_needed":
            _ask_reason(turn, loaded, intent)
        elif refusal.code == "item_needed":
            checklist.which(turn, loaded, intent)
        elif refusal.code == "proof_needed":
            proof.ask(turn, loaded, intent, refusal.details["proof"])
        else:
            explain(turn, loaded, refusal, intent.path, intent.stage)


def _event(turn: Turn, intent: Decide, facts: Facts) -> Event:
    """A decision; or what becomes of a handover. A mail is no place to undo within seconds: it counts at once."""
    about: Any = {"at": turn.now, "actor": turn.contact_id, "path": intent.path, "attempt": intent.attempt}
    if intent.choice == CLAIM.key:
        return Claim(**about, facts=facts)
    if intent.choice in (TAKE.key, DECLINE.key):
        return Take(**about, facts=facts, accept=intent.choice == TAKE.key, reason=intent.reason)
    if turn.inbound.channel == "email":
        facts = replace(facts, grace=0)
    return DecideEvent(
        **about, facts=facts, choice=intent.choice, reason=intent.reason, stage=intent.stage, proof=intent.shown
    )  # fmt: skip


def _ask_reason(turn: Turn, loaded: Loaded, intent: Decide) -> None:
    waiting = {
        "run_id": intent.run_id, "path": intent.path, "attempt": intent.attempt, "choice": intent.choice, "stage": intent.stage,
    }  # fmt: skip
    turn.unit.conversations.expect(turn.sender.address.id, json.dumps(waiting), turn.now + REASON_TIME)
    back = Tap(turn.t("Go back"), "back", run_id=intent.run_id, path=intent.path, attempt=intent.attempt)
    words = turn.t("{reference}: please write the reason in your next message. Nothing is decided until then.")
    if turn.inbound.channel == "email":
        words = turn.t("{reference}: please write the reason in a reply to this mail. Nothing is decided until then.")
    turn.reply(words.format(reference=loaded.run.reference), [back], loaded.run, intent.path, intent.attempt)


def prove(turn: Turn, intent: Prove) -> None:
    """A PIN or code: with the right one the decision that waited for it is made."""
    proven = proof.check(turn, intent)
    if proven is not None:
        decide(turn, proven)


def ask_again(turn: Turn, question: Question, lead: str) -> None:
    """Put the open question again, with fresh buttons."""
    loaded = turn.unit.runs.load(question.run_id)
    if loaded is None:
        return
    flow = turn.flow_of(loaded)
    scene = Scene(
        flow, loaded.run, turn.language, turn.zone, turn.now, turn.names(), turn.transitions.business.zone,
        turn.contact_id, turn.sender.contact.roles,
    )  # fmt: skip
    for effect in say_again(flow, loaded.run, question.path, turn.contact_id):
        draft = replace(say(effect, scene), klass="reply")
        if lead:
            draft = replace(draft, text=f"{lead}\n\n{draft.text}", attach=())
        turn.answer(draft)
        lead = ""


def picks(turn: Turn, questions: Sequence[Question]) -> list[Tap]:
    """A button for each question: its reference, or its step's title where several wait in the same run."""
    count = Counter(question.run_id for question in questions)
    taps = []
    for question in questions:
        label = question.reference
        if count[question.run_id] > 1 and (loaded := turn.unit.runs.load(question.run_id)) is not None:
            label = turn.flow_of(loaded).step(question.path).title.text(turn.language)[:LABEL]
        taps.append(Tap(label, "pick", run_id=question.run_id, path=question.path, attempt=question.attempt))
    return taps
