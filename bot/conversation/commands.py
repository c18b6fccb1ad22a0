"""Commands by chat: help, menu, mine, status, why, cancel (comment and delegate: see `involving`). Everybody sees only what is
theirs; managers see all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from bot.conversation import checklist
from bot.conversation.decisions import ask_again, picks
from bot.conversation.drop import drop
from bot.conversation.involving import comment, delegate
from bot.conversation.language import language
from bot.conversation.leave import leave
from bot.conversation.refusals import explain
from bot.conversation.sight import may_see, not_found, visible
from bot.conversation.simulating import simulate
from bot.conversation.situation import questions
from bot.conversation.status import history, line, reasons, trouble, where
from bot.conversation.turn import Turn
from bot.conversation.undo import undo, withdraw
from bot.words.draft import Tap
from bot.words.scene import opening
from flows import Event, Facts, Refused
from flows.events import Cancel, Resume
from prompts import Command
from storage import Loaded, RunRow

PAGE = 10
TROUBLE_SHOWN = timedelta(days=7)


def command(turn: Turn, intent: Command) -> None:
    """Answer one command; it never changes which question is open."""
    if intent.name in _WITH_TEXT:
        _WITH_TEXT[intent.name](turn, intent.argument, intent.text)
    else:
        _COMMANDS[intent.name](turn, intent.argument)


def help_(turn: Turn, argument: str = "") -> None:
    t = turn.t
    lines = [
        t("Write one of these at any time:"),
        t("menu: start a new request"),
        t("mine: what waits for you, and your requests"),
        t("status: where things stand (or “status PA-1042”)"),
        t("why PA-1042: why it is where it is"),
        t("comment PA-1042 and your words: say something about it"),
        t("delegate PA-1042 to NAME: let somebody else do it"),
        t("undo: take back what you have just decided"),
        t("withdraw PA-1042: take back your request, or your decision while others still decide"),
        t("cancel PA-1042: cancel your request"),
        *([t("leave till Friday, NAME covers: while you are away")] if turn.sender.contact.roles else []),
        *([t("drop PA-1042 STEP because ...: take one step out")] if turn.is_manager else []),
        *([t("simulate NAME amount=75000: the way that a request would take")] if turn.sender.contact.roles else []),
        t("language: choose the language that I write in"),
        t("stop: no more messages from us"),
    ]
    turn.reply("\n".join(lines), [Tap(t("Menu"), "menu"), Tap(t("Mine"), "mine"), Tap(t("Status"), "status")])


def menu(turn: Turn, argument: str = "") -> None:
    roles = set(turn.sender.contact.roles)
    open_to = [p for p in turn.book.startable() if "anyone" in p.flow.start.by or roles & set(p.flow.start.by)]
    taps = [
        Tap(p.flow.title.text(turn.language), "start", p.flow.start.phrases[0])
        for p in open_to[:8]
    ]  # fmt: skip
    taps += [Tap(turn.t("Mine"), "mine"), Tap(turn.t("Status"), "status")]
    phrases = [f"· {p.flow.title.text(turn.language)}: “{opening(p.flow, turn.language)}”" for p in open_to]
    text = turn.t("What would you like to do? Tap, or write the word.")
    turn.reply("\n".join([text, *phrases]), taps)


def mine(turn: Turn, argument: str = "") -> None:
    """What waits for this person, each asked again by a tap, then their own open requests."""
    t = turn.t
    waiting = list(questions(turn.unit, turn.book, turn.contact_id))
    asked = [row for row in turn.unit.runs.of_contact(turn.contact_id) if row.requester == turn.contact_id]
    names = turn.names()
    parts: list[str] = []
    taps: list[Tap] = []
    if waiting:
        parts.append(t("Waiting for you:"))
        for question in waiting[:PAGE]:
            loaded = turn.unit.runs.load(question.run_id)
            if loaded is not None:
                title = turn.flow_of(loaded).step(question.path).title.text(turn.language)
                parts.append(f"· {question.reference} · {title}{checklist.beside(turn, loaded, question.path)}")
        taps = picks(turn, waiting[:PAGE])
        parts.append(t("Tap one, or write its reference, and I ask you again."))
    if asked:
        parts.append(t("Your requests:"))
        parts += [f"· {line(turn, row, names)}" for row in asked[:PAGE]]
    if not parts:
        parts.append(t("Nothing waits for you. Write “menu” to start something."))
    turn.reply("\n".join(parts), taps[:PAGE])


def status(turn: Turn, argument: str = "") -> None:
    """Without words: what is open (managers: everything, others: theirs). With a reference: that run. With a person or role: theirs."""
    if not argument:
        _overview(turn)
        return
    loaded = visible(turn, argument)
    if loaded is not None:
        turn.focus(loaded.run.id)
        turn.reply(where(turn, loaded), _status_taps(turn, loaded), loaded.run)
        return
    if turn.is_manager:
        people = turn.unit.people.find(argument)
        if people:
            names = turn.names()
            for person in people[:3]:
                rows = turn.unit.runs.of_contact(person.id)
                listed = [f"· {line(turn, row, names)}" for row in rows[:PAGE]] or [turn.t("Nothing open.")]
                turn.reply("\n".join([f"{person.name}:", *listed]))
            return
    not_found(turn, argument)


def _status_taps(turn: Turn, loaded: Loaded) -> list[Tap]:
    taps = [Tap(turn.t("Why?"), "why", run_id=loaded.run.id)]
    if loaded.run.ended_at is None and _may_cancel(turn, loaded):
        taps.append(Tap(turn.t("Cancel it"), "cancel_ask", run_id=loaded.run.id))
    return taps


def _overview(turn: Turn) -> None:
    t, names = turn.t, turn.names()
    rows: tuple[RunRow, ...] | list[RunRow]
    if turn.is_manager:
        counts = turn.unit.runs.counts(turn.now)
        rows = turn.unit.runs.open_rows(limit=PAGE, offset=0)
        lines = [
            t("{open} open, {late} late, {blocked} stopped").format(open=counts.open, late=counts.late, blocked=counts.blocked)
        ]
        undelivered = [m for m in turn.unit.outbox.undelivered(newest=5) if turn.now - m.created_at < TROUBLE_SHOWN]
        if undelivered:
            lines.append(t("Not delivered lately:"))
            lines += [f"· {names(m.contact_id)}: {trouble(turn, m)}" for m in undelivered]
        more = counts.open - len(rows)
    else:
        rows = turn.unit.runs.of_contact(turn.contact_id)
        lines, more = [t("{open} open").format(open=len(rows))] if rows else [], len(rows) - PAGE
    lines += [f"· {line(turn, row, names)}" for row in rows[:PAGE]]
    if more > 0:
        lines.append(t("… and {count} more. Write “status” and a reference or a person.").format(count=more))
    if not rows:
        lines = [*lines, t("Nothing is open. Write “menu” to start something.")]
    turn.reply("\n".join(lines))


def why(turn: Turn, argument: str = "") -> None:
    loaded = visible(turn, argument) if argument else _focused(turn)
    if loaded is None and argument:
        not_found(turn, argument)
        return
    if loaded is None:
        rows = turn.unit.runs.of_contact(turn.contact_id)[:PAGE]
        which = turn.t("Which request do you mean? Tap it, or write “why” and its reference.")
        nothing = turn.t("Nothing is open. Write “menu” to start something.")
        turn.reply(which if rows else nothing, [Tap(row.reference, "why", run_id=row.id) for row in rows])
        return
    turn.reply("\n".join([*reasons(turn, loaded), *history(turn, loaded)]), run=loaded.run)


def cancel(turn: Turn, argument: str = "") -> None:
    loaded = visible(turn, argument) if argument else None
    if loaded is not None:
        cancel_run(turn, loaded)
        return
    if argument:
        not_found(turn, argument)
        return
    own = [row for row in turn.unit.runs.of_contact(turn.contact_id) if row.requester == turn.contact_id]
    if not own:
        turn.reply(turn.t("You have no open request to cancel. Write “mine” to see what waits for you."))
        return
    taps = [Tap(row.reference, "cancel", run_id=row.id) for row in own[:PAGE]]
    turn.reply(turn.t("Which request shall I cancel? Tap it, or write “cancel” and its reference."), taps)


def cancel_run(turn: Turn, loaded: Loaded) -> None:
    """Cancel for its requester or a manager; never by mail, whose sender is not proven."""
    if turn.inbound.channel == "email":
        turn.reply(turn.t("A mail cannot cancel {reference}. Please use the chat.").format(reference=loaded.run.reference))
        return

    def make(facts: Facts) -> Event:
        return Cancel(at=turn.now, actor=turn.contact_id, facts=facts)

    try:
        turn.transitions.apply(turn.unit, loaded, make, turn.now)
    except Refused as refusal:
        explain(turn, loaded, refusal)


def retry(turn: Turn, loaded: Loaded, path: str, attempt: int) -> None:
    """A manager lets a stopped step try again."""

    def make(facts: Facts) -> Event:
        return Resume(at=turn.now, actor=turn.contact_id, facts=facts, path=path, attempt=attempt)

    try:
        turn.transitions.apply(turn.unit, loaded, make, turn.now)
    except Refused as refusal:
        explain(turn, loaded, refusal)
    else:
        turn.reply(turn.t("{reference}: trying again.").format(reference=loaded.run.reference), run=loaded.run)


def back(turn: Turn, argument: str = "") -> None:
    """Forget a half-said decision and put the oldest open question again."""
    turn.unit.conversations.expect(turn.sender.address.id, "", None)
    waiting = list(questions(turn.unit, turn.book, turn.contact_id))
    if len(waiting) == 1:
        ask_again(turn, waiting[0], "")
    else:
        mine(turn)


def _may_cancel(turn: Turn, loaded: Loaded) -> bool:
    return turn.is_manager or loaded.run.requester == turn.contact_id


def _focused(turn: Turn) -> Loaded | None:
    address = turn.sender.address
    fresh = address.focus_until is not None and address.focus_until > turn.now
    loaded = turn.unit.runs.load(address.focus_run) if address.focus_run and fresh else None
    return loaded if loaded is not None and may_see(turn, loaded) else None


_COMMANDS: Mapping[str, Callable[[Turn, str], None]] = {
    "help": help_,
    "menu": menu,
    "mine": mine,
    "status": status,
    "why": why,
    "cancel": cancel,
    "back": back,
    "language": language,
    "undo": undo,
}
_WITH_TEXT: Mapping[str, Callable[[Turn, str, str], None]] = {
    "simulate": simulate,
    "comment": comment,
    "delegate": delegate,
    "leave": leave,
    "withdraw": withdraw,
    "drop": drop,
    "accept": checklist.accept,
    "reject": checklist.reject,
    "waive": checklist.waive,
}
