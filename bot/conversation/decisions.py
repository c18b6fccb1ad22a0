"""Decisions: taken only with proof of which question, by whom; a reason asked where one is needed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.conversation.intents import Decide
from bot.conversation.known import Question
from bot.conversation.refusals import explain
from bot.conversation.turn import Turn
from bot.words import Scene, say
from bot.words.draft import Tap
from flows import Event, Facts, Refused, say_again
from flows.events import Decide as DecideEvent

REASON_TIME = timedelta(minutes=30)
LABEL = 20
"""Characters of a button on every channel."""


def decide(turn: Turn, intent: Decide) -> None:
    """Put a decision to the engine. Without the reason that it needs, nothing is decided yet: we ask for it."""
    loaded = turn.unit.runs.load(intent.run_id)
    if loaded is None:
        return

    def make(facts: Facts) -> Event:
        return DecideEvent(
            at=turn.now, actor=turn.contact_id, facts=facts, path=intent.path, attempt=intent.attempt, choice=intent.choice,
            reason=intent.reason, stage=intent.stage,
        )  # fmt: skip

    address_id = turn.sender.address.id
    if turn.sender.address.expecting:
        turn.unit.conversations.expect(address_id, "", None)
    try:
        turn.transitions.apply(turn.unit, loaded, make, turn.now)
        turn.focus(loaded.run.id)
    except Refused as refusal:
        if refusal.code != "reason_needed":
            explain(turn, loaded, refusal, intent.path, intent.stage)
            return
        waiting = {
            "run_id": intent.run_id, "path": intent.path, "attempt": intent.attempt, "choice": intent.choice, "stage": intent.stage,
        }  # fmt: skip
        turn.unit.conversations.expect(address_id, json.dumps(waiting), turn.now + REASON_TIME)
        back = Tap(turn.t("Go back"), "back", run_id=intent.run_id, path=intent.path, attempt=intent.attempt)
        words = turn.t("{reference}: please write the reason in your next message. Nothing is decided until then.")
        if turn.inbound.channel == "email":
            words = turn.t("{reference}: please write the reason in a reply to this mail. Nothing is decided until then.")
        turn.reply(words.format(reference=loaded.run.reference), [back], loaded.run, intent.path, intent.attempt)


def ask_again(turn: Turn, question: Question, lead: str) -> None:
    """Put the open question again, with fresh buttons."""
    loaded = turn.unit.runs.load(question.run_id)
    if loaded is None:
        return
    flow = turn.flow_of(loaded)
    scene = Scene(flow, loaded.run, turn.language, turn.zone, turn.now, turn.names())
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
