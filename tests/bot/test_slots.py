"""The words of slots fit a button in every language; words name one slot or none; the calendar file is RFC 5545."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from bot.conversation.slots import meant
from bot.invites import LINE, calendar_file
from bot.words import Scene
from bot.words.catalogue import languages
from bot.words.moments import amount
from bot.words.slots import slot_label
from flows import Run
from flows.model import Clock, Duration, Schedule, Wording
from tests.flows import build as b

ZONE, NOW = "Asia/Kolkata", datetime(2026, 3, 2, 4, 30, tzinfo=UTC)
DAY = timedelta(days=1)
SLOTS = [datetime(2026, 3, day, hour, tzinfo=UTC) - timedelta(hours=5, minutes=30) for day in (3, 5, 9, 10) for hour in (10, 15)]


def test_every_day_of_a_year_fits_a_button_in_every_language() -> None:
    labels = {(language, slot_label(NOW + n * DAY, ZONE, language)) for language in languages() for n in range(366)}
    assert len(labels) == 366 * len(languages())
    assert max(len(label) for _, label in labels) <= 20
    assert all(label.endswith(" 10:00") for _, label in labels)


@pytest.mark.parametrize(
    ("said", "index"),
    [
        ("thu 10", 2), ("thursday 3 pm", 3), ("5 mar 10:00", 2), ("10 march 15:00", 7), ("tomorrow 10", 0), ("on mon at 15.00", 5),
        ("3 10:00", 0), ("the 9th 10 am", 4),
    ],
)  # fmt: skip
def test_words_that_name_one_slot(said: str, index: int) -> None:
    assert meant(said, SLOTS, ZONE, NOW) == SLOTS[index]


@pytest.mark.parametrize(
    "said", ["", "10", "thursday", "sunday 10", "thu 11", "25:00", "thu 99", "maybe thu 10", "today 10", "99 99"]
)
def test_words_that_name_none_or_several(said: str) -> None:
    assert meant(said, SLOTS, ZONE, NOW) is None


def test_the_only_slot_of_a_day_or_a_time_needs_no_more() -> None:
    assert meant("thursday", SLOTS[:3], ZONE, NOW) == SLOTS[2]
    assert meant("15:00", SLOTS[:3], ZONE, NOW) == SLOTS[1]


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0min"), (59, "59min"), (60, "1h"), (95, "1h 35min"), (1440, "1d"), (1500, "1d 1h"), (3000, "2d 2h")],
)
def test_amounts_of_time(minutes: int, words: str) -> None:
    assert amount(timedelta(minutes=minutes), "en") == words


def file(place: str, attempt: int = 1) -> bytes:
    length = Duration(Clock.WORKING_DAYS, Decimal(1))
    step = Schedule(
        id="visit", title=b.words("Tour; with, signs"), with_role="store", date_field="d", time_field="t", at=(time(10),),
        after=length, within=length, minutes=45, place=Wording({"en": place}),
    )  # fmt: skip
    run = Run("r1", "SV-1", "test", 1, "rita", NOW)
    return calendar_file(step, Scene(b.flow(step), run, "en", ZONE, NOW, str), SLOTS[0], attempt)


def unfolded(content: bytes) -> dict[str, str]:
    lines = content.decode().replace("\r\n ", "").split("\r\n")
    return dict(line.split(":", 1) for line in lines if line)


def test_a_calendar_file_says_when_and_where() -> None:
    told = unfolded(file("School office"))
    assert (told["DTSTART"], told["DTEND"], told["DTSTAMP"]) == ("20260303T043000Z", "20260303T051500Z", "20260302T043000Z")
    assert (told["SUMMARY"], told["LOCATION"]) == (r"Tour\; with\, signs (SV-1)", "School office")
    assert (told["UID"], told["SEQUENCE"]) == ("r1-visit@baton", "0")
    assert unfolded(file("x", attempt=3))["SEQUENCE"] == "2"


@pytest.mark.parametrize(
    "place", ["a" * 300, "स्कूल कार्यालय, " * 20, "line\nfeed: BEGIN:VALARM\r\nX:1"], ids=["long", "hindi", "injected"]
)
def test_lines_are_folded_and_nothing_breaks_out(place: str) -> None:
    content = file(place)
    assert max(len(line) for line in content.split(b"\r\n")) <= LINE
    escaped = place.replace("\r", "").replace(",", "\\,").replace("\n", "\\n")
    assert unfolded(content)["LOCATION"] == escaped
    assert content.count(b"\r\n") == content.count(b"\n")


def test_without_a_place_there_is_no_location() -> None:
    length = Duration(Clock.WORKING_DAYS, Decimal(1))
    step = Schedule(
        id="v", title=b.words("V"), with_role="store", date_field="d", time_field="t", at=(time(10),), after=length, within=length
    )
    scene = Scene(b.flow(step), Run("r", "SV-1", "test", 1, "rita", NOW), "en", ZONE, NOW, str)
    assert "LOCATION" not in unfolded(calendar_file(replace(step, place=None), scene, SLOTS[0], 1))
