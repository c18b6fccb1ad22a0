"""Working time changes in the settings: what is open is timed again at the next start, once, whatever crashes in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot import replanning
from flows.engine import commands
from tests.conftest import FixedClock
from tests.conversations.purchase import Purchase
from tests.conversations.world import World, monday

Start = Callable[..., World]
TUESDAY_OFF = {"baton_days_off": "2026-03-03"}


@pytest.fixture
def start(home: Path, migrated_file: Path, clock: FixedClock) -> Iterator[Start]:
    """Starts the product on one and the same database, stopping it first where it runs."""
    (home / "baton.db").write_bytes(migrated_file.read_bytes())
    running: list[World] = []
    ids = count(1_000, 100_000)

    def again(*, staff: bool = False, **settings: Any) -> World:
        for world in running:
            world.close()
        running[:] = [World(home, "", clock, staff=staff, **settings)]
        running[0].numbers = count(next(ids))  # providers' ids go on
        return running[0]

    yield again
    running[0].close()


def late_in_the_day(world: World, clock: FixedClock) -> Purchase:
    """A head's approval of four working hours, asked for on Monday at 17:00."""
    clock.at = monday(17)
    return Purchase(world).up_to("head_approval")


def timed(world: World, reference: str = "PA-1001") -> dict[str, str]:
    """The rungs of the head's approval still to come, in Kolkata."""
    timers = [timer for timer in world.timers(reference) if timer.path == "head_approval"]
    return {timer.rung: f"{timer.due + timedelta(hours=5, minutes=30):%a %H:%M}" for timer in timers}


def follows(world: World, clock: FixedClock) -> None:
    """The run's due time and its timers are on Thursday, after two days off; nobody hears anything before."""
    world.settle()
    assert timed(world) == {"remind50": "Thu 10:00", "remind90": "Thu 11:36", "due": "Thu 12:00", "late125": "Thu 13:00",
                            "late200": "Thu 16:00"}  # fmt: skip
    due = world.run().steps["head_approval"].due_at
    assert due == monday(12) + timedelta(days=3)
    world.whole()


def test_a_holiday_added_moves_what_is_open(start: Start, clock: FixedClock) -> None:
    world = start(staff=True)
    late_in_the_day(world, clock)
    assert timed(world)["due"] == "Tue 12:00"
    world = start(**TUESDAY_OFF)
    follows(world, clock)
    assert [event.kind for event in world.events()].count("replan") == 1
    mia = world.staff("Mia").says("status PA-1001")[-1]
    assert "due Thu 12:00" in mia


def test_planted_a_change_that_is_forgotten_is_found(start: Start, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    late_in_the_day(start(staff=True), clock)
    monkeypatch.setattr(commands, "replan", lambda t, event: None)
    world = start(**TUESDAY_OFF)
    with pytest.raises(AssertionError):
        follows(world, clock)


def test_what_was_said_is_not_said_again(start: Start, clock: FixedClock) -> None:
    """The reminder at half went out on Tuesday morning; then Tuesday is made a holiday after all."""
    world = start(staff=True)
    late_in_the_day(world, clock)
    world.later(hours=17)  # Tuesday 10:00
    assert "remind50" not in timed(world)
    world = start(**TUESDAY_OFF)
    world.settle()
    assert timed(world) == {"remind90": "Thu 11:36", "due": "Thu 12:00", "late125": "Thu 13:00", "late200": "Thu 16:00"}


def test_an_ordinary_start_times_nothing_again(start: Start, clock: FixedClock) -> None:
    late_in_the_day(start(staff=True), clock)
    world = start()
    world.settle()
    assert "replan" not in [event.kind for event in world.events()]
    assert world.product.runtime.replanning.done


def test_a_crash_in_between_goes_on_where_it_was(start: Start, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replanning, "BATCH", 1)
    world = start(staff=True)
    clock.at = monday(17)
    references = ["PA-1001", "PA-1002", "PA-1003"]
    for reference in references:
        Purchase(world, reference=reference).up_to("head_approval")
    world = start(**TUESDAY_OFF)
    assert world.product.runtime.replanning.some()
    assert sorted(timed(world, reference)["due"] for reference in references) == ["Thu 12:00", "Tue 12:00", "Tue 12:00"]
    world = start(**TUESDAY_OFF)
    world.settle()
    for reference in references:
        assert timed(world, reference)["due"] == "Thu 12:00"
        assert [event.kind for event in world.events(reference)].count("replan") == 1


def test_a_run_that_fails_holds_up_no_other(start: Start, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    world = start(staff=True)
    clock.at = monday(17)
    Purchase(world, reference="PA-1001").up_to("head_approval")
    Purchase(world, reference="PA-1002").up_to("head_approval")
    broken, right = world.run("PA-1001").id, commands.replan

    def failing(t: Any, event: Any) -> None:
        if t.run.id == broken:
            raise RuntimeError("planted")
        right(t, event)

    monkeypatch.setattr(commands, "replan", failing)
    world = start(**TUESDAY_OFF)
    world.settle()
    assert (timed(world, "PA-1001")["due"], timed(world, "PA-1002")["due"]) == ("Tue 12:00", "Thu 12:00")


def test_a_reply_defers_one_reminder(start: Start, clock: FixedClock) -> None:
    """The head says something at 11:30 on the first of four hours: the reminder at noon is left out, the next one comes."""
    world = start(staff=True)
    purchase = Purchase(world).up_to("head_approval")
    world.later(hours=1)
    assert "remind50" in timed(world)
    purchase.hana.says("comment PA-1001 I am reading the quotes")
    assert "remind50" not in timed(world)
    assert {"remind90", "due", "late125", "late200"} <= timed(world).keys()
    purchase.hana.new()
    world.later(hours=1, minutes=30)
    assert purchase.hana.new() == []
    world.later(hours=1, minutes=6)
    assert [text.split(":")[0] for text in purchase.hana.new()] == ["Reminder"]
    assert world.product.runtime.replanning.done
