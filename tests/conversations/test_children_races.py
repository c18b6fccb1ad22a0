"""Children that end at the same moment, and a parent cancelled while one ends: nothing is lost between them, on either database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, update

from bot import children, transition
from bot.children import Report, Stored
from flows import Refused
from flows.run import Status
from storage import Conflict
from storage import runs as stored_runs
from tests.conftest import FixedClock
from tests.conversations.families import REQUEST, written
from tests.conversations.phones import Phone
from tests.conversations.test_races import drained, until
from tests.conversations.world import World

ROUNDS = 3
Webhook = tuple[str, bytes, dict[str, str]]


@pytest.fixture
def site(home: Path, database_url: str, clock: FixedClock, tmp_path: Path) -> Iterator[World]:
    """Two people who get offers, and a few orders of two parts each."""
    world = World(home, database_url, clock, baton_flows=written(tmp_path / "flows"))
    world.add("Paul Purchase", ("telegram", "5000000030"), roles=("purchase",))
    for _ in range(ROUNDS):
        world.whatsapp().says(REQUEST)
    yield world
    world.close()


def orders() -> list[str]:
    return [f"SO-{1001 + n}" for n in range(ROUNDS)]


def at_once(world: World, *sides: Sequence[Webhook]) -> None:
    """What each side posts waits in the inbox; then all of it is handled by several threads."""
    for webhooks in zip(*sides, strict=True):
        for webhook in webhooks:
            assert world.post(*webhook).status_code == 200
    world.product.runtime.start()
    try:
        until(lambda: drained(world), seconds=40)
    finally:
        world.product.runtime.stop()


def offers(world: World, phone: Phone, first: int) -> list[Webhook]:
    """This person's tap on every second offer."""
    found = [phone.button("Offer received", f"VO-{1001 + 2 * n + first}") for n in range(ROUNDS)]
    return [phone.presses(bubble, "Offer received", token) for bubble, token in found]


def both_end(world: World) -> None:
    pia, paul = world.staff("Pia"), world.telegrams("5000000030", "Paul Purchase")
    at_once(world, offers(world, pia, 0), offers(world, paul, 1))


def all_went_on(world: World) -> None:
    """Every order knows both its offers, went on once, and asked for its extra cost once."""
    for number, reference in enumerate(orders()):
        run = world.run(reference)
        assert [child.outcome for child in run.children["offers"]] == ["got", "got"]
        assert world.open(reference) == ["extra"]
        assert run.steps["extra"].attempt == 1
        (extra,) = run.children["extra"]
        assert {world.run(f"XC-{1001 + n}").id for n in range(ROUNDS)} >= {extra.run}
        for offer in (f"VO-{1001 + 2 * number}", f"VO-{1002 + 2 * number}", reference):
            assert world.events(offer)
    world.whole()


def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between reading a run and writing it there is time for somebody else."""
    load = stored_runs.Runs.load

    def wait(self: Any, run_id: str) -> Any:
        loaded = load(self, run_id)
        time.sleep(0.04)
        return loaded

    monkeypatch.setattr(stored_runs.Runs, "load", wait)


def test_of_two_children_that_end_at_once_neither_is_lost(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    slowly(monkeypatch)
    both_end(site)
    all_went_on(site)


def found_wrong(check: Callable[[World], None], world: World) -> bool:
    try:
        check(world)
    except AssertionError:
        return True
    return False


def a_lost_race_is_taken_for_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    def put(executor: Any, unit: Any, loaded: Any, make: Any, now: Any) -> Any:
        try:
            return executor.move(unit, loaded, make, now).asked
        except (Refused, Conflict):
            return ()

    monkeypatch.setattr(children, "_put", put)


def a_parent_is_saved_whatever_version_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    run = stored_runs.RUN
    careless = update(run).where(run.c.id == bindparam("run_id"), bindparam("found") > 0)
    monkeypatch.setattr(stored_runs, "SAVE", careless)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("planted", [a_lost_race_is_taken_for_too_late, a_parent_is_saved_whatever_version_it_has])
def test_the_check_finds_a_lost_end(
    site: World, monkeypatch: pytest.MonkeyPatch, planted: Callable[[pytest.MonkeyPatch], None]
) -> None:
    slowly(monkeypatch)
    planted(monkeypatch)
    both_end(site)
    assert found_wrong(all_went_on, site), "a child's end was lost and nothing was seen"


def test_the_check_finds_a_report_outside_the_unit_of_work(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the parent hears of it after the commit; for one of them the process dies before."""
    real, dies = children.settle, iter([True])

    def outside(executor: Any, unit: Any, first: Stored, now: Any) -> Any:
        reports = tuple(asked for asked in first.asked if isinstance(asked, Report))
        others = tuple(asked for asked in first.asked if not isinstance(asked, Report))
        if reports and not next(dies, False):
            write = site.product.database.write
            unit.after_commit(lambda: write("late", lambda later: real(executor, later, Stored(first.run, reports), now)))
        return real(executor, unit, Stored(first.run, others), now)

    monkeypatch.setattr(transition, "settle", outside)
    both_end(site)
    assert found_wrong(all_went_on, site), "an end was lost in a crash and nothing was seen"


def test_a_parent_is_cancelled_while_a_child_ends(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each locks its own run first: on PostgreSQL they may meet in a deadlock, and the one that loses runs again."""
    slowly(monkeypatch)
    asker = site.whatsapp()
    at_once(site, [asker.speaks(f"cancel {reference}") for reference in orders()], offers(site, site.staff("Pia"), 0))
    for number, reference in enumerate(orders()):
        assert site.run(reference).status is Status.CANCELLED
        assert site.events(reference)
        for offer in (f"VO-{1001 + 2 * number}", f"VO-{1002 + 2 * number}"):
            assert site.run(offer).status is not Status.OPEN
            assert site.timers(offer) == []
    site.whole()
