"""Dates as people write them: ISO, day first, with month names, and words counted from today. Never month first by guess."""

from __future__ import annotations

import re
from datetime import date, timedelta

from flows.errors import InvalidValue
from flows.said import sentence

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS_HI = ("जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर")
_LONG = "january february march april may june july august september october november december".split()  # noqa: SIM905
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()  # noqa: SIM905
_DAYS_HI = ("सोमवार", "मंगलवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार", "रविवार")
_NEAR = {"today": 0, "tomorrow": 1, "tmrw": 1, "yesterday": -1, "day after tomorrow": 2, "आज": 0, "aaj": 0}
_UNSURE = ("कल", "kal", "परसों", "parso", "parson")

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})(?:\s*[-/.]\s*(\d{4}|\d{2}))?")
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s-]+(?:of\s+)?(\w[^\s\d,.-]*)\.?(?:[\s,-]+(\d{4}|\d{2}))?")
_MONTH_DAY = re.compile(r"([^\W\d_]+)\.?[\s-]+(\d{1,2})(?:st|nd|rd|th)?(?:[\s,]+(\d{4}))?")
_AHEAD = re.compile(r"(?:in|after)\s+(\d{1,3})\s+(day|week)s?")
_HINT = sentence("Write the day first, such as 15/8/2026 or 15 Aug 2026; or today, tomorrow, in 3 days, Friday.")


def parse_date(text: str, today: date) -> date:
    """The date that `text` means on `today`; a day without a year is the next such day, today included."""
    said = " ".join(text.casefold().split()).rstrip(".")
    try:
        found = _relative(said, today) or _numeric(said, today) or _named(said, today)
    except (ValueError, OverflowError):
        raise InvalidValue(sentence("There is no such date."), _HINT) from None
    if found is None or not 1900 <= found.year <= 2200:
        raise InvalidValue(sentence("I cannot read this as a date."), _HINT)
    return found


def _relative(said: str, today: date) -> date | None:
    if said in _UNSURE:
        raise InvalidValue(
            sentence("This word can mean a day before or after today."), sentence("Write the date, such as 15/8/2026.")
        )
    if said in _NEAR:
        return today + timedelta(days=_NEAR[said])
    if ahead := _AHEAD.fullmatch(said):
        return today + timedelta(days=int(ahead[1]) * (7 if ahead[2] == "week" else 1))
    return _weekday(said, today)


def _weekday(said: str, today: date) -> date | None:
    """The next such day after today. `next friday`, or today's own name, is not sure."""
    word = said.removeprefix("on ").removeprefix("this ").removeprefix("next ")
    days = [n for n, (day, hindi) in enumerate(zip(_DAYS, _DAYS_HI, strict=True)) if word in (day, day[:3], day[:4], hindi)]
    if not days:
        return None
    coming = today + timedelta(days=(days[0] - today.weekday()) % 7)
    if said.startswith("next ") or coming == today:
        later = coming + timedelta(days=7)
        first, second = (f"{day.day}/{day.month}/{day.year}" for day in (coming, later))
        raise InvalidValue(
            sentence("I am not sure which day this is."),
            sentence("Write the date: {first} or {second}.", first=first, second=second),
        )
    return coming


def _numeric(said: str, today: date) -> date | None:
    if iso := _ISO.fullmatch(said):
        return date(int(iso[1]), int(iso[2]), int(iso[3]))
    if found := _DAY_FIRST.fullmatch(said):
        if int(found[2]) > 12 >= int(found[1]):
            meant = sentence("Did you mean {day}/{month}?", day=found[2], month=found[1])
            raise InvalidValue(sentence("There is no such month: write the day first."), meant)
        return _day(int(found[1]), int(found[2]), found[3], today)
    return None


def _named(said: str, today: date) -> date | None:
    if found := _DAY_MONTH.fullmatch(said):
        day, month, year = found.groups()
    elif found := _MONTH_DAY.fullmatch(said):
        month, day, year = found.groups()
    else:
        return None
    number = _month(month)
    return _day(int(day), number, year, today) if number else None


def _month(word: str) -> int:
    """1 to 12, or 0 for a word that names no month."""
    for number, (long, hindi) in enumerate(zip(_LONG, MONTHS_HI, strict=True), 1):
        if word in (long, long[:3], hindi) or (number == 9 and word == "sept"):
            return number
    return 0


def _day(day: int, month: int, year: str | None, today: date) -> date:
    """Raises ValueError where there is no such day."""
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    if (month, day) == (2, 29):
        return next(date(y, 2, 29) for y in range(today.year, today.year + 9) if _leap(y) and date(y, 2, 29) >= today)
    this_year = date(today.year, month, day)
    return this_year if this_year >= today else date(today.year + 1, month, day)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
