"""Taking a slot: by its button, or in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.conversation.known import Tapped
from bot.conversation.refusals import explain
from bot.conversation.turn import Turn
from bot.words.slots import slot_label
from flows import Event, Facts, Refused, StepState
from flows.engine.schedule import slots
from flows.engine.words import MORE_TIMES, SLOT
from flows.events import Book, Decide
from flows.model import Schedule
from prompts.words import normal
from storage import Loaded

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = re.compile(r"\b(\d{1,2})(?:[:.](\d\d))?\s*(am|pm)?$")


def tapped(turn: Turn, loaded: Loaded, tap: Tapped) -> None:
    """A slot's button, or the one for more times."""
    _take(turn, loaded, tap.path, tap.attempt, tap.choice)


def typed(turn: Turn, loaded: Loaded, state: StepState, step: Schedule, text: str) -> None:
    """A slot in words: its number or label in the list, or a day and a time such as “Monday 10” or “8 Dec 10:30”."""
    business = turn.transitions.business
    offered = [slot_label(slot, business.zone, turn.language) for slot in state.slots]
    said = normal(text)
    if said in {normal(label) for label in MORE_TIMES.label.by_language.values()} or said == str(len(offered) + 1):
        _take(turn, loaded, state.path, state.attempt, MORE_TIMES.key)
        return
    possible = list(slots(business.calendar, step, state.opened_at, turn.now))
    slot = _listed(said, offered, state.slots) or meant(said, state.slots, business.zone, turn.now)
    slot = slot or meant(said, possible, business.zone, turn.now)
    if slot is None:
        turn.missed()
        turn.reply(
            turn.t("{reference}: please tap a time, or write its number, or a day and a time such as “Monday 10:00”.").format(
                reference=loaded.run.reference
            ),
            run=loaded.run, path=state.path, attempt=state.attempt,
        )  # fmt: skip
        return
    _take(turn, loaded, state.path, state.attempt, SLOT + slot.isoformat())


def _listed(said: str, labels: Sequence[str], offered: Sequence[datetime]) -> datetime | None:
    for number, (label, slot) in enumerate(zip(labels, offered, strict=True), 1):
        if said in (str(number), normal(label)):
            return slot
    return None


def meant(said: str, possible: Sequence[datetime], zone: str, now: datetime) -> datetime | None:
    """The one slot of `possible` that words name by day and time, or by the one of them where that is enough; else None."""
    words = said.replace(",", " ")
    clock = _CLOCK.search(words)
    at = _time(clock) if clock else None
    days = words[: clock.start()].split() if clock and at else words.split()
    day = _day(days, now.astimezone(ZoneInfo(zone)).date())
    if day is None and (days or at is None):
        return None
    local = [(slot, slot.astimezone(ZoneInfo(zone))) for slot in possible]
    found = [slot for slot, there in local if (day is None or day(there.date())) and at in (None, there.time())]
    return found[0] if len(found) == 1 else None


def _time(found: re.Match[str]) -> time | None:
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _day(words: Sequence[str], today: date) -> Callable[[date], bool] | None:
    """What words say of a day: its name, its number with or without the month, today or tomorrow. None where they say nothing."""
    wanted = [_test(word, today) for word in words if word not in ("on", "at", "the")]
    tests = [test for test in wanted if test is not None]
    if not tests or len(tests) < len(wanted):
        return None
    return lambda day: all(test(day) for test in tests)


def _test(word: str, today: date) -> Callable[[date], bool] | None:
    """What one word says of a day."""
    if word in ("today", "tomorrow"):
        return (today + timedelta(days=word == "tomorrow")).__eq__
    if word.isalpha() and word[:3] in DAYS:
        return lambda day: DAYS[day.weekday()] == word[:3]
    if word.isalpha() and word[:3] in MONTHS:
        return lambda day: MONTHS[day.month - 1] == word[:3]
    number = re.fullmatch(r"(\d{1,2})(st|nd|rd|th)?", word)
    return (lambda day: day.day == int(number[1])) if number else None


def _take(turn: Turn, loaded: Loaded, path: str, attempt: int, choice: str) -> None:
    about = {"at": turn.now, "actor": turn.contact_id, "path": path, "attempt": attempt}

    def make(facts: Facts) -> Event:
        if choice == MORE_TIMES.key:
            return Decide(**about, facts=facts, choice=choice)  # type: ignore[arg-type]
        return Book(**about, facts=facts, slot=datetime.fromisoformat(choice.removeprefix(SLOT)))  # type: ignore[arg-type]

    turn.focus(loaded.run.id)
    try:
        turn.transitions.apply(turn.unit, loaded, make, turn.now)
    except Refused as refusal:
        explain(turn, loaded, refusal, path)
