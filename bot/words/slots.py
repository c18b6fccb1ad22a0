"""The words for slots: what can be booked, and what was. They are times of the business, told in its own zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.words.catalogue import ENGLISH, spoken
from bot.words.moments import SHORT_MONTHS, WEEKDAYS, amount
from bot.words.scene import Scene, came_back
from flows import Say
from flows.engine.words import MORE_TIMES, SLOT
from flows.model import Choice, Schedule, Step

BUTTON = 20
"""Characters of a button on every channel."""


def slot_label(slot: datetime, zone: str, language: str = "en") -> str:
    """`Mon 8 Dec 10:00`; where the names of a language are too long for a button, `Mon 8/12 10:00`."""
    there, (weekdays, months) = slot.astimezone(ZoneInfo(zone)), _short(language)
    weekday = weekdays[there.weekday()]
    text = f"{weekday} {there.day} {months[there.month]} {there:%H:%M}"
    return text if len(text) <= BUTTON else f"{weekday} {there.day}/{there.month} {there:%H:%M}"


@lru_cache(maxsize=64)
def _short(language: str) -> tuple[Mapping[int, str], Mapping[int, str]]:
    """Weekdays (0 is Monday) and months (from 1), as short as people write them: a whole name would not fit a button."""
    if (code := spoken(language)) == ENGLISH:
        return WEEKDAYS, SHORT_MONTHS
    from babel import Locale

    locale = Locale.parse(code)
    return locale.days["format"]["abbreviated"], locale.months["format"]["abbreviated"]


def takes(choice: Choice) -> bool:
    """Whether a choice takes a slot, or asks for others."""
    return choice.key.startswith(SLOT) or choice.key == MORE_TIMES.key


def label(choice: Choice, scene: Scene) -> str:
    """What a choice says: its slot, or its own words."""
    if not choice.key.startswith(SLOT):
        return choice.label.text(scene.language)
    return slot_label(datetime.fromisoformat(choice.key.removeprefix(SLOT)), scene.home or scene.zone, scene.language)


def slots(effect: Say, step: Step | None, scene: Scene) -> str:
    """The times to choose from, after the news that one has gone meanwhile."""
    t, taken = scene.t, effect.details.get("taken")
    lines = [f"{scene.run.reference} · {step.title.text(scene.language) if step else ''}"]
    lines += came_back(effect.path, scene)
    if taken:
        gone = slot_label(datetime.fromisoformat(taken), scene.home or scene.zone, scene.language)
        lines.append(t("Sorry, {when} is not free any more. Please choose another time.").format(when=gone))
    lines += _about(step, scene)
    lines.append(t("Tap a time, or write it, such as “Monday 10:00”."))
    return "\n".join(lines)


def booked(effect: Say, step: Step | None, scene: Scene) -> str:
    """When and where, and with whom: the other side's name for both."""
    t = scene.t
    when = slot_label(datetime.fromisoformat(effect.details["slot"]), scene.home or scene.zone, scene.language)
    title = step.title.text(scene.language) if step else ""
    lines = [t("{reference} · {title} is booked: {when}.").format(reference=scene.run.reference, title=title, when=when)]
    if effect.to != effect.details["by"]:
        lines.append(t("Booked by {name}.").format(name=scene.names(effect.details["by"])))
    return "\n".join([*lines, *_about(step, scene)])


def _about(step: Step | None, scene: Scene) -> list[str]:
    """With whom, how long, where."""
    if not isinstance(step, Schedule):
        return []
    role = scene.flow.roles.get(step.with_role)
    lines = [
        scene.t("With: {who}, {length}").format(
            who=role.text(scene.language) if role else step.with_role,
            length=amount(timedelta(minutes=step.minutes), scene.language),
        )
    ]
    if step.place is not None:
        lines.append(scene.t("Place: {place}").format(place=step.place.text(scene.language).format_map(scene.values)))
    return lines
