"""Handles one inbox row inside one unit of work: who is it, what do they mean, what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.conversation import answers, commands, decisions, handover, slots, undo
from bot.conversation.envelope import unpack
from bot.conversation.intents import (
    Answer,
    Decide,
    Document,
    Intent,
    OptIn,
    OptOut,
    Prove,
    Start,
    Tap,
    Unknown,
    understand,
)
from bot.conversation.known import Question, Tapped
from bot.conversation.language import chosen
from bot.conversation.sight import may_see
from bot.conversation.situation import Sender, questions, situation
from bot.conversation.turn import Turn
from bot.transition import Transitions
from bot.words import Draft
from bot.words.draft import Tap as Button
from channels.base import Channel, EventKind, Inbound
from prompts import Command
from storage import InboxRow, Unit

RECENT = timedelta(hours=1)
"""Whoever wrote within it has an open window and so nothing held."""
EARLY_ATTEMPTS = 3
"""How often a delivery report for a message we do not know is tried again (2, 4, 8 seconds) before it is let go."""
HAND_OVER = 3
"""Messages in a row that we could not use before a person is told."""


@dataclass(slots=True)
class Conversation:
    """The way in. `channels` tells what a tap proves on each channel."""

    transitions: Transitions
    channels: Mapping[str, Channel]

    def handle(self, unit: Unit, row: InboxRow, now: datetime) -> None:
        """Do what one inbound event asks for and mark its row done, in the same commit. Raises storage.LostClaim when another
        worker has the row by now."""
        inbound = unpack(row.inbound)
        note = ""
        if inbound.kind is EventKind.STATUS:
            if not self._delivered(unit, inbound, now) and row.attempts <= EARLY_ATTEMPTS:
                unit.inbox.fail(
                    row, "not recorded as sent yet", now, timedelta(seconds=2**row.attempts), park_after=EARLY_ATTEMPTS + 1
                )
                return
            note = "status"
        elif inbound.kind in (EventKind.MESSAGE, EventKind.TAP):
            note = self._spoken(unit, row, inbound, now)
        else:
            note = inbound.kind.value
        unit.inbox.finish(row, note)

    def _delivered(self, unit: Unit, inbound: Inbound, now: datetime) -> bool:
        """Take over a delivery report; False where no message of ours is known by its id (yet): reports overtake our own record."""
        status = inbound.status
        if status is None:
            return True
        known = unit.outbox.status(inbound.channel, inbound.message_id, status.value, status.rank, inbound.error, now)
        if inbound.opted_out:
            address = unit.people.by_address(inbound.channel, inbound.sender)
            if address is not None and not address.opted_out:
                unit.people.opt_out(address.id, now, "provider")
        return known

    def _spoken(self, unit: Unit, row: InboxRow, inbound: Inbound, now: datetime) -> str:
        address = unit.people.meet(inbound.channel, inbound.sender, inbound.account, inbound.sender_name, now)
        contact = unit.people.contact(address.contact_id)
        if contact is None or contact.suspended:
            return "suspended"
        if address.last_inbound_at is None or now - address.last_inbound_at > RECENT:
            unit.outbox.release(address.id, now)
        unit.conversations.heard(address.id, now)
        channel = self.channels.get(inbound.channel)
        sender = Sender(contact, address)
        known = situation(
            unit, self.transitions.book, inbound, sender, now, taps_decide=channel is None or channel.limits.buttons_decide
        )
        intent = understand(inbound, known)
        turn = Turn(unit, self.transitions, inbound, row.id, sender, now)
        if address.expecting and not isinstance(intent, Decide | Prove | Command):
            unit.conversations.expect(address.id, "", None)
        if known.expecting is not None and known.expecting.proof and inbound.kind is EventKind.MESSAGE:
            unit.inbox.hide(row)
        _act(turn, intent)
        if turn.understood and address.misses:
            unit.conversations.misses(address.id, 0)
        return type(intent).__name__.lower()


def _act(turn: Turn, intent: Intent) -> None:
    match intent:
        case Start():
            answers.start(turn, intent)
        case Answer():
            answers.answer(turn, intent)
        case Document():
            answers.document(turn, intent)
        case Decide():
            decisions.decide(turn, intent)
        case Prove():
            decisions.prove(turn, intent)
        case Command():
            commands.command(turn, intent)
        case Tap():
            _tap(turn, intent.tapped)
        case OptOut():
            _opt_out(turn)
        case OptIn():
            _opt_in(turn)
        case Unknown():
            _unknown(turn, intent)


def _opt_out(turn: Turn) -> None:
    address = turn.sender.address
    if not address.opted_out:
        text = turn.t("You will get no more messages here. Write “start” if you change your mind.")
        turn.transitions.tell(
            turn.unit, turn.contact_id, Draft(text, topic="consent", klass="consent"), turn.now, via=address
        )  # the one confirmation
    turn.unit.people.opt_out(address.id, turn.now, "chat")
    waiting = list(questions(turn.unit, turn.book, turn.contact_id))
    if waiting:
        turn.tell_managers(
            turn.t("{name} has opted out of messages on {channel}. Open steps that wait for them: {count}.").format(
                name=turn.sender.contact.name, channel=turn.inbound.channel, count=len(waiting)
            ),
        )


def _opt_in(turn: Turn) -> None:
    if turn.sender.address.opted_out:
        turn.unit.people.opt_in(turn.sender.address.id, turn.now, "chat")
        turn.reply(turn.t("Welcome back: you will get messages here again. Write “mine” to see what waits for you."))
    else:
        commands.menu(turn)


def _unknown(turn: Turn, intent: Unknown) -> None:
    t = turn.t
    missed = turn.missed()
    if intent.why == "which":
        _which(turn, intent.about)
    elif intent.why == "empty" and len(intent.about) == 1:
        decisions.ask_again(turn, intent.about[0], t("There was nothing in your message that I can read."))
    elif intent.why == "stale_tap":
        _stale(turn)
    elif intent.why == "not_by_mail" and not intent.about[0].approval and intent.about[0].by_mail:
        decisions.ask_again(turn, intent.about[0], t("To be sure that it is you, please answer by a reply to this mail."))
    elif intent.why == "not_by_mail":
        turn.reply(t("A mail cannot decide this. Please write “mine” to us in the chat and tap the button there."))
    elif intent.why == "before" and intent.about:
        decisions.ask_again(turn, intent.about[0], t("Your message was sent before I asked this, so I did not use it."))
    elif intent.why == "ask_again" and intent.about:
        by_mail = turn.inbound.channel == "email"
        lead = t("I could not use your mail.") if by_mail else t("To be sure, please tap one of the buttons below.")
        decisions.ask_again(turn, intent.about[0], lead)
    elif intent.why == "closed":
        turn.reply(t("That question is closed. Nothing changed. Write “mine” to see what waits for you."))
    elif missed >= HAND_OVER:
        if turn.inbound.channel == "email":
            if missed > HAND_OVER:
                return  # told already; silent until a mail makes sense
        else:
            turn.unit.conversations.misses(turn.sender.address.id, 0)
        told = turn.tell_managers(
            t("{name} ({channel}) needs help: I could not use their last messages.").format(
                name=turn.sender.contact.name or turn.inbound.sender, channel=turn.inbound.channel
            )
        )  # fmt: skip
        turn.reply(t("I have told a person, who will get in touch.") if told else t("Please call the office for help."))
    elif missed == 2:
        commands.menu(turn)
    else:
        turn.reply(t("Sorry, I did not understand. Write “menu” to start something, or “mine” to see what waits for you."))


def _which(turn: Turn, about: tuple[Question, ...]) -> None:
    taps = decisions.picks(turn, about[:10])
    titles = []
    for question in about[:10]:
        loaded = turn.unit.runs.load(question.run_id)
        if loaded is not None:
            titles.append(f"· {question.reference} · {turn.flow_of(loaded).step(question.path).title.text(turn.language)}")
    turn.reply(
        "\n".join([turn.t("Several things wait for you. Which one do you mean? Tap it, or write its reference."), *titles]), taps
    )


def _stale(turn: Turn) -> None:
    """A tap whose token is not this person's, has run out, or is none of ours: nothing changes."""
    turn.reply(turn.t("This button no longer works for you. Nothing changed. Write “mine” to see what waits for you."))


def _tap(turn: Turn, tapped: Tapped) -> None:
    simple: dict[str, Callable[[Turn, str], None]] = {
        "menu": commands.menu, "mine": commands.mine, "status": commands.status, "back": commands.back,
    }  # fmt: skip
    if tapped.purpose in simple:
        simple[tapped.purpose](turn, "")
    elif tapped.purpose == "language":
        chosen(turn, tapped.choice)
    elif tapped.purpose == "answer":
        answers.choose(turn, tapped)
    elif tapped.purpose == "start":
        answers.start(turn, Start(tapped.choice))
    else:
        _tap_on_run(turn, tapped)


def _tap_on_run(turn: Turn, tapped: Tapped) -> None:
    loaded = turn.unit.runs.load(tapped.run_id)
    if loaded is None or not may_see(turn, loaded):
        _stale(turn)
        return
    match tapped.purpose:
        case "pick":
            question = next(
                (
                    q
                    for q in questions(turn.unit, turn.book, turn.contact_id)
                    if q.run_id == tapped.run_id and q.path == tapped.path
                ),
                None,
            )
            if question is None:
                commands.status(turn, loaded.run.reference)
            else:
                turn.focus(tapped.run_id)
                decisions.ask_again(turn, question, "")
        case "book":
            slots.tapped(turn, loaded, tapped)
        case "why":
            commands.why(turn, loaded.run.reference)
        case "cancel_ask":
            button = Button(turn.t("Yes, cancel it"), "cancel", run_id=tapped.run_id)
            turn.reply(
                turn.t("Cancel {reference}? This cannot be undone.").format(reference=loaded.run.reference), [button], loaded.run
            )
        case "cancel":
            commands.cancel_run(turn, loaded)
        case "retry":
            commands.retry(turn, loaded, tapped.path, tapped.attempt)
        case "undo":
            undo.tapped(turn, loaded, tapped)
        case "re-assign":
            handover.choose(turn, loaded, tapped)
        case "reassign_to":
            handover.reassign(turn, loaded, tapped)
        case _:
            _stale(turn)
