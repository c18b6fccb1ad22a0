"""Proving oneself beside a tap: a PIN that only this person knows, or a code sent to another address of theirs."""

from __future__ import annotations

import json
from datetime import timedelta

from bot.conversation.intents import Decide, Prove
from bot.conversation.known import Expecting
from bot.conversation.turn import Turn
from bot.words import Draft, moment
from bot.words.draft import Tap
from flows.kinds import Proof
from storage import Address, Loaded
from storage.proofs import CODE_LIFE, Shown

OPEN_WINDOW = timedelta(hours=23)
"""Whoever wrote on WhatsApp within it gets a message there at once, with an hour to spare."""
CHANNELS = {"whatsapp": "WhatsApp", "telegram": "Telegram", "email": "e-mail"}


def ask(turn: Turn, loaded: Loaded, intent: Decide, proof: str) -> None:
    """Nothing is decided yet: ask for the PIN, or send a code and ask for that. Never by mail, which proves nobody."""
    t, reference = turn.t, loaded.run.reference
    if turn.inbound.channel == "email":
        turn.reply(t("A mail cannot decide this. Please write “mine” to us in the chat and tap the button there."))
        return
    if (until := turn.unit.proofs.locked(turn.contact_id, turn.now)) is not None:
        when = moment(until, turn.now, turn.zone, turn.language)
        turn.reply(
            t("Too many wrong tries. Please tap again after {when}. Nothing is decided.").format(when=when), run=loaded.run
        )
        return
    if proof == Proof.PIN and not turn.unit.proofs.has_pin(turn.contact_id):
        words = t(
            "{reference} needs your PIN, and you have none yet. Please ask whoever looks after Baton here to set it with you."
        )
        turn.reply(words.format(reference=reference), run=loaded.run)
        return
    wait = Expecting(intent.run_id, intent.path, intent.attempt, intent.choice, intent.stage, proof)
    words = t("{reference}: please write your PIN. Nothing is decided until then.")
    if proof == Proof.CODE:
        words = _send_code(turn, loaded, wait)
    _expect(turn, wait)
    back = Tap(t("Go back"), "back", run_id=intent.run_id, path=intent.path, attempt=intent.attempt)
    turn.reply(words.format(reference=reference), [back], loaded.run, intent.path, intent.attempt)


def check(turn: Turn, intent: Prove) -> Decide | None:
    """The decision that waited for this PIN or code, if it is right; else its sender is told what to do."""
    wait, proofs, t = intent.wait, turn.unit.proofs, turn.t
    if wait.proof == Proof.PIN:
        shown = proofs.check_pin(turn.contact_id, intent.digits, turn.now)
    else:
        shown = proofs.check_code(turn.contact_id, _about(wait), intent.digits, turn.now)
    if shown is Shown.RIGHT:
        return Decide(wait.run_id, wait.path, wait.attempt, wait.choice, "token", stage=wait.stage, shown=wait.proof)
    if shown is Shown.WRONG:
        _expect(turn, wait)
        turn.reply(t("That is not right. Please write it again. Nothing is decided until then."))
        return None
    turn.unit.conversations.expect(turn.sender.address.id, "", None)
    if shown is Shown.LOCKED_NOW:
        _tell_managers(turn, wait)
    words = {
        Shown.GONE: t("That code is good no longer. Please tap the button again for a new one. Nothing is decided."),
    }.get(shown, t("Too many wrong tries. Nothing is decided, and I have told a manager. Please tap again in 15 minutes."))
    turn.reply(words)
    return None


def _send_code(turn: Turn, loaded: Loaded, wait: Expecting) -> str:
    """Send six digits to another address of this person's (here where there is none); the words that ask for them."""
    t = turn.t
    code = turn.unit.proofs.new_code(turn.contact_id, _about(wait), turn.now)
    address = _other(turn)
    text = t(
        "{reference}: your code is {code}. It is good once, for 10 minutes. Give it to nobody; write it in the chat where you tapped."
    )
    draft = Draft(text.format(reference=loaded.run.reference, code=code), topic="code", klass="code")
    turn.transitions.tell(turn.unit, turn.contact_id, draft, turn.now, via=address or turn.sender.address)
    if address is None:
        return t("{reference}: please write the six digits of the code that I send you here. Nothing is decided until then.")
    words = t(
        "{reference}: please write the six digits of the code that I have sent you by {channel}. Nothing is decided until then."
    )
    return words.replace("{channel}", CHANNELS.get(address.channel, address.channel))


def _other(turn: Turn) -> Address | None:
    """Another address of this person's where a message arrives at once."""
    for address in turn.unit.people.addresses(turn.contact_id):
        heard = address.last_inbound_at
        shut = address.channel == "whatsapp" and (heard is None or turn.now - heard > OPEN_WINDOW)
        if address.id != turn.sender.address.id and not address.opted_out and not shut:
            return address
    return None


def _expect(turn: Turn, wait: Expecting) -> None:
    waiting = {
        "run_id": wait.run_id, "path": wait.path, "attempt": wait.attempt, "choice": wait.choice, "stage": wait.stage,
        "proof": wait.proof,
    }  # fmt: skip
    turn.unit.conversations.expect(turn.sender.address.id, json.dumps(waiting), turn.now + CODE_LIFE)


def _about(wait: Expecting) -> str:
    """A code is good for one choice of one step attempt only."""
    return f"{wait.run_id}|{wait.path}|{wait.attempt}|{wait.stage}|{wait.choice}|"


def _tell_managers(turn: Turn, wait: Expecting) -> None:
    loaded = turn.unit.runs.load(wait.run_id)
    reference = loaded.run.reference if loaded is not None else ""
    words = turn.t("{name} could not prove who they are for {reference} (three wrong tries). It is locked for 15 minutes.")
    text = words.format(name=turn.names()(turn.contact_id), reference=reference)
    turn.tell_managers(text)
