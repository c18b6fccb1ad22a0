"""Looks up, for one inbound message, what `understand` needs to know: token, quote, open questions, focus."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from bot.book import FlowBook
from bot.conversation.known import Expecting, Question, Quoted, Situation, Tapped, Wants
from channels.base import Inbound
from flows import Run, StepState, asking
from flows.engine.owners import unclaimed
from flows.engine.prompts import prompt
from flows.engine.words import CLAIM, CONFIRM, DECLINE, DIFFERS, TAKE
from flows.model import Approve, Ask, Collect, Do, Flow, Schedule, Wait, Wording, Worker
from flows.run import StepStatus
from storage import Address, Contact, Unit

MOST_OWNED = 1000
MOST_QUESTIONS = 20
"""More open questions than this are not listed; two already make a message ambiguous."""

APPROVE = Wording({"en": "Approve", "hi": "मंज़ूर"})
REJECT = Wording({"en": "Reject", "hi": "नामंज़ूर"})
SEND_BACK = Wording({"en": "Send back", "hi": "वापस भेजें"})
SUBMIT = Wording({"en": "Submit", "hi": "जमा करें"})
_APPROVAL_WORDS = {"approve": APPROVE, "reject": REJECT, "send_back": SEND_BACK}


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote, from where."""

    contact: Contact
    address: Address


def situation(unit: Unit, book: FlowBook, inbound: Inbound, sender: Sender, now: datetime, *, taps_decide: bool) -> Situation:
    """What is known when this message arrives. Look-ups of questions happen only if the message needs them."""
    address = sender.address
    focused = address.focus_run if address.focus_until is not None and address.focus_until > now else ""
    return Situation(
        ask=lambda: tuple(questions(unit, book, sender.contact.id)),
        tapped=_tapped(unit, inbound.payload, sender.contact.id, now) if inbound.payload else None,
        quoted=_quoted(unit, inbound, sender.contact.id, now),
        focus=focused,
        expecting=_expecting(address, now),
        starts=lambda words: book.started_by(words) is not None,
        references=unit.runs.by_reference,
        taps_decide=taps_decide,
        by_mail=inbound.channel == "email",
    )


def _tapped(unit: Unit, token: str, contact_id: str, now: datetime) -> Tapped | None:
    row = unit.tokens.find(token)
    if row is None or row.contact_id != contact_id or row.expires_at <= now:
        return None
    return Tapped(row.purpose, row.run_id, row.path, row.attempt, row.choice, row.data)


def _quoted(unit: Unit, inbound: Inbound, contact_id: str, now: datetime) -> Quoted | None:
    """Our message that this one answers, if it went to this person: by the mail's plus tag, else by the quoted ids."""
    if inbound.tag:
        row = unit.tokens.find(inbound.tag)
        if row is not None and row.contact_id == contact_id and row.expires_at > now:
            return Quoted(row.run_id, row.path, row.attempt, _stage(unit, row.outbound_id))
    for message_id in inbound.reply_to:
        sent = unit.outbox.by_message(inbound.channel, message_id)
        if sent is not None and sent.contact_id == contact_id and sent.run_id:
            return Quoted(sent.run_id, sent.path, sent.attempt, _stage(unit, sent.id))
    return None


def _stage(unit: Unit, outbound_id: int | None) -> int:
    """The stage of a sequence that a message of ours asked about."""
    offered = unit.tokens.by_outbound(outbound_id) if outbound_id is not None else ()
    return next((int(token.data["stage"]) for token in offered if "stage" in token.data), 0)


def _expecting(address: Address, now: datetime) -> Expecting | None:
    if not address.expecting or address.expecting_until is None or address.expecting_until <= now:
        return None
    wait = json.loads(address.expecting)
    return Expecting(
        wait["run_id"], wait["path"], int(wait["attempt"]), wait["choice"], int(wait.get("stage", 0)), wait.get("proof", "")
    )


def questions(unit: Unit, book: FlowBook, contact_id: str) -> Iterator[Question]:
    """The open step attempts that this contact owns, oldest first."""
    owned = unit.runs.open_rows(limit=MOST_OWNED, contact=contact_id)
    for row in sorted(owned, key=lambda row: (row.opened_at, len(row.reference), row.reference))[:MOST_QUESTIONS]:
        loaded = unit.runs.load(row.id)
        if loaded is None:
            continue
        flow = book.version(unit, loaded.flow_version_id).flow
        for state in loaded.run.open_steps():
            if contact_id in state.owners and state.status is StepStatus.OPEN:
                question = question_of(flow, loaded.run, state)
                if question is not None:
                    yield _offered(question) if contact_id in state.untaken else question


def _offered(question: Question) -> Question:
    """What was handed over may be taken or declined in words too; by their numbers only where a number is no answer."""
    offer = tuple((choice.key, _labels(choice.label)) for choice in (TAKE, DECLINE))
    numbered = question.numbered and question.wants is Wants.DECISION
    return replace(question, labels=(*offer, *question.labels), numbered=numbered)


def question_of(flow: Flow, run: Run, state: StepState) -> Question | None:
    """The question that an open step attempt puts to its owners."""
    step, asked = flow.step(state.path), asking(flow, run, state)
    question = partial(Question, run.id, run.reference, state.path, state.attempt, asked_at=state.opened_at)
    submit = (("submit", _labels(SUBMIT)),) if state.sent_back_by else ()
    if unclaimed(flow, state):
        taking = (CLAIM.key, _labels(CLAIM.label))
        return question(Wants.DECISION, labels=(taking,), by_mail=not isinstance(step, Do) or step.by_mail)
    match step:
        case Ask():
            return question(Wants.FIELD, labels=submit, numbered=asked is None)
        case Collect() if state.stage:
            asked_now = prompt(flow, run, None, state)
            choices = asked_now.choices if asked_now is not None else ()
            checks = tuple((choice.key, _labels(choice.label)) for choice in choices)
            return question(Wants.DECISION, labels=checks, by_mail=False, stage=state.stage)
        case Collect():
            return question(Wants.DOCUMENT, labels=submit)
        case Approve():
            keys = ("approve", "reject", "send_back") if step.send_back_to else ("approve", "reject")
            labels = tuple((key, _labels(_APPROVAL_WORDS[key])) for key in keys)
            return question(Wants.DECISION, labels=labels, approval=True, stage=state.stage)
        case Schedule():
            return question(Wants.FIELD) if state.slots else None
        case Worker() if asked is None and state.remark:
            labels = tuple((choice.key, _labels(choice.label)) for choice in step.outcomes)
            return question(Wants.DECISION, labels=labels, by_mail=False, corrects=bool(step.fields))
        case Do() | Wait() | Worker() if asked is not None:
            return question(Wants.FIELD)
        case Do() if state.stage:
            labels = tuple((choice.key, _labels(choice.label)) for choice in (CONFIRM, DIFFERS))
            return question(Wants.DECISION, labels=labels, approval=True, stage=state.stage)
        case Do():
            labels = tuple((choice.key, _labels(choice.label)) for choice in step.outcomes)
            return question(Wants.DECISION, labels=labels, by_mail=step.by_mail, corrects=bool(step.fields))
    return None


def _labels(words: Wording) -> tuple[str, ...]:
    return tuple(words.by_language.values())
