"""`simulate purchase-approval amount=75000` by chat: the way that such a request would take. Nothing is created and nobody is told."""

from __future__ import annotations

import re

from bot.conversation.turn import Turn
from bot.forecast import Forecast, Stop, forecast, who_acts
from bot.words.catalogue import retold
from bot.words.moments import moment
from bot.words.outcomes import outcome
from flows import FlowError

_VALUE = re.compile(r"(\w+)\s*=\s*(.*?)(?=\s+\w+\s*=|$)", re.DOTALL)


def simulate(turn: Turn, name: str, text: str) -> None:
    """`name` is a flow's; `text` its values, each as `field=value`. For everybody who works here: it tells no values of any run."""
    t = turn.t
    published = next((p for p in turn.book.startable() if p.flow.id == name.casefold()), None)
    if not turn.sender.contact.roles or published is None:
        known = [p.flow.id for p in turn.book.startable()] if turn.sender.contact.roles else []
        turn.reply(
            "\n".join([t("I know no such flow. Write it like “simulate NAME amount=75000”."), *(f"· {id}" for id in known)])
        )
        return
    values = [f"{field}={value.strip()}" for field, value in _VALUE.findall(text)]
    try:
        found = forecast(published.flow, values, turn.now, turn.transitions.business)
    except FlowError as error:
        turn.reply(f"{published.flow.title.text(turn.language)}\n{retold(error.args[0], turn.language)}")
        return
    turn.reply("\n".join(_lines(turn, found)))


def _lines(turn: Turn, found: Forecast) -> list[str]:
    """The way, one line a station; a phone has little room, so that reminders are counted only."""
    t, flow = turn.t, found.flow
    stations = (_station(turn, stop, found) for stop in found.stops)
    told = [f"{number}. {line}" for number, line in enumerate((line for line in stations if line), 1)]
    last = t("It stops there, until a manager mends the cause.")
    if found.outcome:
        over = moment(found.over, turn.now, turn.zone, turn.language)
        last = t("It ends as “{outcome}”, {when} at the latest.").format(outcome=outcome(found.outcome, turn.language), when=over)
    heading = t("{title}: the way it would take. Nothing is started.").format(title=flow.title.text(turn.language))
    return [heading, *told, last]


def _station(turn: Turn, stop: Stop, found: Forecast) -> str:
    t, step = turn.t, found.flow.step(stop.path)
    if stop.case:
        return f"↳ {stop.case.replace('_', ' ')}: {retold(stop.because, turn.language)}"
    title, who = step.title.text(turn.language), retold(who_acts(found.flow, step), turn.language)
    line = f"{title}: {who}" if who else title
    if stop.due:
        line = t("{step}, by {when}").format(step=line, when=moment(stop.due, turn.now, turn.zone, turn.language))
    if stop.reminders:
        line = t("{step} ({count} reminders)").format(step=line, count=len(stop.reminders))
    return f"{line}\n   {retold(stop.blocked, turn.language)}" if stop.blocked else line
