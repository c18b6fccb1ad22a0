"""A visit is booked: by a button, in words, by mail; two who want the same slot; what frees one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import FixedClock
from tests.conversations.phones import Phone
from tests.conversations.world import World, monday

FLOW = """
flow: school-visit
prefix: SV
title: {en: School visit, hi: स्कूल भ्रमण}
summary: {en: "Visit for {child}", hi: "{child} के लिए भ्रमण"}
start: {phrases: [visit]}
roles:
  store: {en: Coordinator, hi: समन्वयक}
  department_head: {en: Principal, hi: प्रधानाचार्य}
  manager: {en: Manager, hi: प्रबंधक}
fields:
  child: {type: text, title: {en: Child, hi: बच्चा}, ask: {en: "What is the child's name?", hi: बच्चे का नाम क्या है?}}
  visit_date: {type: date, title: {en: Date, hi: तारीख}, ask: {en: When?, hi: कब?}}
  visit_time: {type: text, title: {en: Time, hi: समय}, ask: {en: What time?, hi: किस समय?}}
steps:
  - ask: request
    title: {en: Child, hi: बच्चा}
    owner: requester
    fields: [child]
    due: 1bd
  - schedule: visit
    title: {en: School tour, hi: स्कूल भ्रमण}
    owner: requester
    with: store
    slots: ["10:00", "11:30", "15:00"]
    after: 1bd
    within: 5bd
    minutes: 45
    date: visit_date
    time: visit_time
    place: {en: School office, hi: स्कूल कार्यालय}
    due: 1bd
  - approve: agreed
    title: {en: Principal agrees, hi: प्रधानाचार्य सहमत}
    by: department_head
    send_back_to: visit
    due: 1bd
  - end: completed
    message: {en: "See you on {visit_date} at {visit_time}.", hi: "{visit_date} को {visit_time} बजे मिलते हैं।"}
"""


@pytest.fixture
def school(home: Path, migrated_file: Path, clock: FixedClock) -> Iterator[World]:
    """The product with a school's flow."""
    (home / "baton.db").write_bytes(migrated_file.read_bytes())
    (home / "flows").mkdir()
    (home / "flows" / "visit.yaml").write_text(FLOW, encoding="utf-8")
    world = World(home, "", clock, baton_flows=home / "flows")
    yield world
    world.close()


def parent(school: World, number: str = "+919800000001", name: str = "Asha Asker") -> Phone:
    phone = school.whatsapp(number, name)
    phone.says("visit")
    phone.says("Ravi")
    return phone


def day_of(school: World, reference: str = "SV-1001") -> tuple[str, str]:
    values = school.run(reference).values
    return str(values["visit_date"]), str(values["visit_time"])


def diary(school: World) -> list[str]:
    with school.product.database.read() as unit:
        return [
            f"{school.product.transitions.business.calendar.local(slot):%d %H:%M}"
            for slot in unit.bookings.taken("store", monday(0))
        ]


def test_a_slot_is_taken_by_its_button_and_both_sides_are_told(school: World) -> None:
    asha = parent(school)
    assert asha.last.text == (
        "SV-1001 · School tour\nWith: Coordinator, 45min\nPlace: School office\nTap a time, or write it, such as “Monday 10:00”."
    )
    labels = list(asha.last.buttons)
    assert (labels[:4], labels[-1], len(labels)) == (
        ["Tue 3 Mar 10:00", "Tue 3 Mar 11:30", "Tue 3 Mar 15:00", "Thu 5 Mar 10:00"], "More times", 10,
    )  # fmt: skip
    assert all(len(label) <= 20 for label in labels)
    answers = asha.taps("Thu 5 Mar 10:00")
    assert answers[0].startswith(
        "SV-1001 · School tour is booked: Thu 5 Mar 10:00.\nWith: Coordinator, 45min\nPlace: School office"
    )
    assert day_of(school) == ("2026-03-05", "10:00")
    assert diary(school) == ["05 10:00"]
    mail = school.staff("Sam").last
    assert mail.text.startswith("SV-1001 · School tour is booked: Thu 5 Mar 10:00.\nBooked by Asha Asker.")
    school.whole()


def test_the_calendar_file_goes_where_mail_carries_it(school: World) -> None:
    asha = parent(school)
    asha.taps("Thu 5 Mar 10:00")
    ((name, kind, content),) = school.staff("Sam").last.files
    assert (name, kind) == ("SV-1001.ics", "text/calendar")
    lines = content.replace("\r\n", "\n").splitlines()
    assert {"DTSTART:20260305T043000Z", "DTEND:20260305T051500Z", "LOCATION:School office", "SEQUENCE:0"} <= set(lines)
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    assert not any(bubble.files for bubble in asha.bubbles())


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("2", ("2026-03-03", "11:30")),
        ("Thursday 10", ("2026-03-05", "10:00")),
        ("thu 3pm", ("2026-03-05", "15:00")),
        ("5 March 11:30", ("2026-03-05", "11:30")),
        ("tomorrow at 15:00", ("2026-03-03", "15:00")),
        ("Thu 5 Mar 10:00", ("2026-03-05", "10:00")),
        ("Monday 10:00", ("2026-03-09", "10:00")),
    ],
)
def test_a_slot_is_taken_in_words(school: World, said: str, when: tuple[str, str]) -> None:
    parent(school).says(said)
    assert day_of(school) == when


def test_by_mail_a_number_takes_a_slot_and_its_owner_gets_the_file_too(school: World) -> None:
    asha = school.mails()
    asha.says("visit")
    asha.replies(asha.last, "Ravi")
    assert "\n1. Tue 3 Mar 10:00\n2. Tue 3 Mar 11:30\n" in asha.last.text
    assert "\n10. More times" in asha.last.text
    asha.replies(asha.last, "2")
    assert day_of(school) == ("2026-03-03", "11:30")
    assert [name for bubble in asha.bubbles() for name, _, _ in bubble.files] == ["SV-1001.ics"]


@pytest.mark.parametrize("said", ["Thursday", "some day next week", "Sunday 10:00", "10:00", "99"])
def test_words_that_name_no_one_slot_take_none(school: World, said: str) -> None:
    asha = parent(school)
    (answer,) = asha.says(said)
    assert answer.startswith("SV-1001: please tap a time, or write its number,")
    assert (school.open("SV-1001"), diary(school)) == (["visit"], [])


def test_more_times_shows_others(school: World) -> None:
    asha = parent(school)
    asha.taps("More times")
    assert next(iter(asha.last.buttons)) == "Sat 7 Mar 10:00"
    asha.taps("Mon 9 Mar 10:00")
    assert day_of(school) == ("2026-03-09", "10:00")


def second(school: World) -> Phone:
    """Two parents see the same slots; the first takes Tuesday at ten, then so does the second."""
    first, other = parent(school), parent(school, "+919800000002", "Bela Other")
    first.taps("Tue 3 Mar 10:00")
    other.taps("Tue 3 Mar 10:00")
    return other


def one_seat_each(school: World) -> None:
    assert len(diary(school)) == len(set(diary(school)))


def test_a_slot_taken_meanwhile_is_kindly_asked_again(school: World) -> None:
    other = second(school)
    one_seat_each(school)
    assert "Sorry, Tue 3 Mar 10:00 is not free any more. Please choose another time." in other.last.text
    assert next(iter(other.last.buttons)) == "Tue 3 Mar 11:30"
    other.taps("Tue 3 Mar 11:30")
    assert (diary(school), day_of(school, "SV-1002")) == (["03 10:00", "03 11:30"], ("2026-03-03", "11:30"))
    school.whole()


def test_sent_back_the_old_slot_is_free_for_others(school: World) -> None:
    asha = parent(school)
    asha.taps("Tue 3 Mar 10:00")
    hana = school.staff("Hana")
    hana.taps("Send back")
    hana.says("I am away that day")
    assert diary(school) == []
    assert "It came back from Hana Head: I am away that day\n" in asha.last.text
    asha.taps("Thu 5 Mar 10:00")
    assert diary(school) == ["05 10:00"]
    assert "SEQUENCE:1" in school.staff("Sam").last.files[0][2]


def test_a_cancelled_run_frees_its_slot(school: World) -> None:
    asha = parent(school)
    asha.taps("Tue 3 Mar 10:00")
    asha.says("cancel SV-1001")
    assert diary(school) == []


def test_a_reminder_can_be_tapped(school: World) -> None:
    asha = parent(school)
    asha.new()
    school.later(hours=5)
    reminder = asha.new()[0]
    assert reminder.startswith("Reminder: SV-1001 · School tour waits for you")
    asha.taps("Thu 5 Mar 10:00")
    assert day_of(school) == ("2026-03-05", "10:00")
