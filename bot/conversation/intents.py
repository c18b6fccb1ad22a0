"""What a message means: one of start, answer, decide, document, command, opt-out, opt-in, or unknown. In one place, and pure.

The order is the safety rule. First whole-message opt-out words and commands. Then, never by guessing: the button's token; the
message it replies to; a reference in the text; the one open question of that conversation; for answers and documents, never
decisions, the focus; otherwise a list to pick from. A message sent before the question was asked never answers it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from bot.conversation.known import Expecting, Question, Situation, Tapped, Wants
from channels.base import EventKind, Inbound
from prompts import Command, is_opt_in, is_opt_out, read_command
from prompts.words import normal

# --- intents -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Start:
    """Open the flow whose phrase is `phrase`; `rest` is what else the message said."""

    phrase: str
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    question: Question
    text: str


@dataclass(frozen=True, slots=True)
class Decide:
    """`proof` says why we know which question it is: token, quote, only (the one open question) or reason. `stage` is the stage
    of a sequence that it is about. `shown`: what the person has proven themselves by beside that, pin or code."""

    run_id: str
    path: str
    attempt: int
    choice: str
    proof: str
    reason: str = ""
    stage: int = 0
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Prove:
    """The PIN or code that was asked for after a tap."""

    wait: Expecting
    digits: str


@dataclass(frozen=True, slots=True)
class Document:
    question: Question | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Tap:
    """A button of ours that is neither a decision nor an answer: a menu entry, a pick from a list, try again."""

    tapped: Tapped


@dataclass(frozen=True, slots=True)
class OptOut:
    pass


@dataclass(frozen=True, slots=True)
class OptIn:
    pass


@dataclass(frozen=True, slots=True)
class Unknown:
    """`why`: nothing (no question open), which (several could be meant), stale_tap, not_by_mail, before, ask_again (a decision in
    words we cannot be sure of), empty. `about` are the questions concerned."""

    why: str
    about: tuple[Question, ...] = ()


Intent = Start | Answer | Decide | Prove | Document | Tap | Command | OptOut | OptIn | Unknown

_REFERENCE = re.compile(r"\b([A-Za-z]{1,6}-\d{1,9})\b")
_DIGITS = re.compile(r"\d{4,8}", re.ASCII)
TEXT_LIMIT = 4000
CLOCK_SKEW = timedelta(seconds=2)
"""How far a provider's clock may run behind ours before a message counts as older than the question."""


def understand(inbound: Inbound, now: Situation) -> Intent:
    """The one intent of an inbound message."""
    text = inbound.text.strip()
    if inbound.kind is EventKind.TAP or inbound.payload:
        return _tap(inbound, now)
    if not inbound.media:
        if is_opt_out(text):
            return OptOut()
        if is_opt_in(text):
            return OptIn()
        if (command := read_command(text)) is not None and not _answers(text, now) and not _gives_way(command, text, now):
            return command
    if inbound.media:
        return _document(inbound, now, text)
    if not text:
        return Unknown("empty", now.questions)
    first, _, rest = text.partition("\n")
    if now.starts(normal(first)):
        return Start(normal(first), rest.strip())
    return _words(inbound, now, text)


def _answers(text: str, now: Situation) -> bool:
    """A choice of the quoted question may be worded like a command ("Cancel"): then the quote wins."""
    question = _quoted_question(now)
    return question is not None and _choice(question, text) is not None


def _gives_way(command: Command, text: str, now: Situation) -> bool:
    """A business may well have a flow that “leave” starts: then the bare word is for that."""
    return command.name == "leave" and now.starts(normal(text))


def _tap(inbound: Inbound, now: Situation) -> Intent:
    tapped = now.tapped
    if tapped is None or not now.taps_decide or inbound.forwarded:
        return Unknown("stale_tap")
    if tapped.purpose == "decide":
        return Decide(tapped.run_id, tapped.path, tapped.attempt, tapped.choice, "token", stage=tapped.stage)
    return Tap(tapped)


def _quoted_question(now: Situation) -> Question | None:
    if now.quoted is None:
        return None
    wanted = (now.quoted.run_id, now.quoted.path, now.quoted.attempt)
    return next((q for q in now.questions if q.key == wanted), None)


def _words(inbound: Inbound, now: Situation, text: str) -> Intent:
    wait = now.expecting
    digits = text.replace(" ", "")
    if wait is not None and wait.proof:
        if _DIGITS.fullmatch(digits) and not inbound.forwarded and not now.by_mail:
            return Prove(wait, digits)
    elif wait is not None and _gives_reason(inbound, now, wait, text):
        return Decide(wait.run_id, wait.path, wait.attempt, wait.choice, "reason", text[:TEXT_LIMIT], wait.stage)
    if now.quoted is not None:
        question = _quoted_question(now)
        if question is not None:
            return _reply(inbound, now, question, text, "quote")
        same_run = tuple(q for q in now.questions if q.run_id == now.quoted.run_id)
        if len(same_run) == 1:
            return _reply(inbound, now, same_run[0], text, "")
        return Unknown("which" if same_run else "closed", same_run)
    named = {run for ref in _REFERENCE.findall(text) if (run := now.references(ref.upper())) is not None}
    if named:
        about = tuple(q for q in now.questions if q.run_id in named)
        if _REFERENCE.fullmatch(text):
            return _picked(about, text)
        if len(about) == 1:
            return _reply(inbound, now, about[0], text, "only" if len(now.questions) == 1 else "")
        return Unknown("which", about) if about else Unknown("nothing")
    if len(now.questions) == 1:
        return _reply(inbound, now, now.questions[0], text, "only")
    focused = tuple(q for q in now.questions if q.run_id == now.focus)
    if len(focused) == 1 and focused[0].wants is not Wants.DECISION:
        return _reply(inbound, now, focused[0], text, "")
    return Unknown("which", now.questions) if now.questions else Unknown("nothing")


def _gives_reason(inbound: Inbound, now: Situation, wait: Expecting, text: str) -> bool:
    """Whether this message is the reason that was asked for: not where it is one of the choices itself ("Approve" after a tap on
    Reject is a change of mind), and by mail only as a reply, since a mail alone proves nothing."""
    about = next((q for q in now.questions if q.key == (wait.run_id, wait.path, wait.attempt)), None)
    quoted = now.quoted is not None and (now.quoted.run_id, now.quoted.path, now.quoted.attempt) == about.key if about else False
    if inbound.forwarded or (about is not None and _choice(about, text) is not None):
        return False
    return quoted if now.by_mail or now.quoted is not None else True


def _picked(about: tuple[Question, ...], reference: str) -> Intent:
    """A reference and nothing else: they want to see it, and it is no answer."""
    if len(about) == 1:
        question = about[0]
        return Tap(Tapped("pick", question.run_id, question.path, question.attempt, "", {}))
    return Unknown("which", about) if about else Command("status", reference.upper())


def _reply(inbound: Inbound, now: Situation, question: Question, text: str, proof: str) -> Intent:
    """A message known to be about `question`. A decision needs `proof` and an exact choice; anything less is asked again."""
    if proof != "quote" and inbound.sent_at is not None and inbound.sent_at < question.asked_at - CLOCK_SKEW:
        return Unknown("before", (question,))
    choice = _choice(question, text)
    if question.wants is not Wants.DECISION and choice is None:
        return Answer(question, text)
    if choice is None and question.corrects and ":" in text and not inbound.forwarded:
        return Answer(question, text)
    if choice is None or not proof or inbound.forwarded:
        return Unknown("ask_again", (question,))
    if now.by_mail and (question.approval or not question.by_mail or proof != "quote"):
        return Unknown("not_by_mail", (question,))
    stage = now.quoted.stage if proof == "quote" and now.quoted is not None else question.stage
    return Decide(question.run_id, question.path, question.attempt, choice, proof, stage=stage)


def _choice(question: Question, text: str) -> str | None:
    """The choice that the whole message is: its label in any language, its key, or its number in the list."""
    said = normal(text)
    for number, (key, labels) in enumerate(question.labels, start=1):
        if (question.numbered and said == str(number)) or said == normal(key) or said in {normal(label) for label in labels}:
            return key
    return None


def _document(inbound: Inbound, now: Situation, text: str) -> Intent:
    collecting = tuple(q for q in now.questions if q.wants is Wants.DOCUMENT)
    question = _quoted_question(now)
    if question is not None and question.wants is Wants.DOCUMENT:
        return Document(question, text)
    named = {run for ref in _REFERENCE.findall(text) if (run := now.references(ref.upper())) is not None}
    about = tuple(q for q in collecting if q.run_id in named) or collecting
    if len(about) == 1:
        return Document(about[0], text)
    focused = tuple(q for q in about if q.run_id == now.focus)
    if len(focused) == 1:
        return Document(focused[0], text)
    return Unknown("which", about) if about else Document(None, text)
