"""Times and spans in people's words: in the reader's zone and language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.words.catalogue import ENGLISH, plural, spoken, translator
from flows.parse.days import MONTHS

_zone = lru_cache(ZoneInfo)
WEEKDAYS = dict(enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")))
SHORT_MONTHS = dict(enumerate(MONTHS, start=1))


def clock_time(at: datetime, zone: str) -> str:
    """`14:02` in `zone`."""
    return at.astimezone(_zone(zone)).strftime("%H:%M")


def moment(at: datetime, now: datetime, zone: str, language: str) -> str:
    """`today 14:02`, `tomorrow 09:30`, `Mon 14:02` within six days, else `15 Aug 14:02` (with the year when it differs)."""
    there, here = at.astimezone(_zone(zone)), now.astimezone(_zone(zone))
    days = (there.date() - here.date()).days
    time, t = there.strftime("%H:%M"), translator(language)
    if days == 0:
        return t("today {time}").format(time=time)
    if days == 1:
        return t("tomorrow {time}").format(time=time)
    if days == -1:
        return t("yesterday {time}").format(time=time)
    weekdays, months = _names(language)
    if abs(days) <= 6:
        return f"{weekdays[there.weekday()]} {time}"
    year = "" if there.year == here.year else f" {there.year}"
    return f"{there.day} {months[there.month]}{year} {time}"


def span(length: timedelta, language: str) -> str:
    """`3 days`, `5 hours`, `12 minutes`: the largest whole unit, at least one minute."""
    minutes = max(1, int(length.total_seconds() // 60))
    if minutes >= 1440:
        return plural(language, "{count} day", "{count} days", minutes // 1440)
    if minutes >= 60:
        return plural(language, "{count} hour", "{count} hours", minutes // 60)
    return plural(language, "{count} minute", "{count} minutes", minutes)


@lru_cache(maxsize=64)
def _names(language: str) -> tuple[Mapping[int, str], Mapping[int, str]]:
    """Weekdays (0 is Monday) and months (from 1): short in English, whole in other languages, whose short forms few people use."""
    if (code := spoken(language)) == ENGLISH:
        return WEEKDAYS, SHORT_MONTHS
    from babel import Locale

    locale = Locale.parse(code)
    return locale.days["format"]["wide"], locale.months["format"]["wide"]


def amount(length: timedelta, language: str) -> str:
    """`1d 2h`, `3h`, `40min`: the two largest units, the second one left out where it is nothing."""
    t = translator(language)
    minutes = int(length.total_seconds() // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        words = t("{days}d {hours}h") if hours else t("{days}d")
    elif hours:
        words = t("{hours}h {minutes}min") if rest else t("{hours}h")
    else:
        words = t("{minutes}min")
    return words.format(days=days, hours=hours, minutes=rest)
