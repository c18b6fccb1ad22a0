"""Taking decisions back over the wire: within their grace, and what is left afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import build
from tests.conversations.conftest import MakeWorld
from tests.conversations.lift import lift, up_to
from tests.conversations.world import World


@pytest.fixture
def lifted(new_world: MakeWorld, tmp_path: Path) -> World:
    return lift(new_world, tmp_path / "flows", baton_undo_seconds=10)


def test_approved_it_goes_out_after_ten_seconds_and_nobody_hears_of_it_before(lifted: World) -> None:
    hana, asha, fay = lifted.staff("Hana"), lifted.whatsapp(), lifted.staff("Fay")
    for phone in (asha, fay):
        phone.new()
    assert hana.taps("Approve", "LR-1001") == ["LR-1001: you approved it. It goes out in 10 seconds."]
    assert list(hana.last.buttons) == ["Undo"]
    lifted.later(seconds=9)
    assert (lifted.open("LR-1001"), asha.new(), fay.new(), hana.new()) == (["head"], [], [], [])
    lifted.later(seconds=1)
    assert lifted.open("LR-1001") == ["board"]
    assert asha.new()[0].startswith("Good news: LR-1001 was approved.")
    assert "your approval is needed" in fay.new()[0]
    lifted.events("LR-1001")
    lifted.whole()


@pytest.mark.parametrize("how", ["button", "word"])
def test_undo_asks_again_and_leaves_no_trace_with_others(lifted: World, how: str) -> None:
    hana, asha = lifted.staff("Hana"), lifted.whatsapp()
    asha.new()
    hana.taps("Approve", "LR-1001")
    answers = hana.taps("Undo") if how == "button" else hana.says("undo")
    assert answers[0].startswith(
        "LR-1001: taken back, nothing went out. Please decide again.\n\nLR-1001 · your approval is needed"
    )
    lifted.later(minutes=1)
    assert (lifted.open("LR-1001"), asha.new()) == (["head"], [])
    hana.taps("Reject", "LR-1001")
    assert hana.says("Too dear") == ["LR-1001: you rejected it. It goes out in 10 seconds."]
    lifted.later(seconds=10)
    assert lifted.run("LR-1001").outcome == "rejected"
    lifted.whole()


def test_another_decision_takes_its_place(lifted: World) -> None:
    hana = lifted.staff("Hana")
    hana.taps("Approve", "LR-1001")
    hana.taps("Send back", "LR-1001")
    hana.says("Which lift of the two?")
    lifted.later(seconds=10)
    assert lifted.open("LR-1001") == ["request"]
    assert "Which lift of the two?" in lifted.whatsapp().last.text


def test_too_late_it_says_what_can_be_done_now(lifted: World) -> None:
    hana, fay = lifted.staff("Hana"), lifted.staff("Fay")
    hana.taps("Approve", "LR-1001")
    lifted.later(seconds=10)
    hana.new()
    assert hana.taps("Undo") == [
        "LR-1001: too late to undo, your decision has taken effect.\n"
        "Write “comment LR-1001” and your words to those who go on with it, or ask a manager to cancel it."
    ]
    fay.taps("Approve", "LR-1001")
    lifted.later(seconds=10)
    assert "write “withdraw LR-1001” to take your decision back" in fay.says("undo")[0]
    assert fay.says("withdraw LR-1001")[0].startswith("LR-1001: your decision is taken back. Please decide again.")
    assert lifted.run("LR-1001").steps["board"].votes == ()
    assert lifted.staff("Dora").says("undo") == ["There is nothing to undo. Write “mine” to see what waits for you."]
    lifted.whole()


def test_a_request_that_is_cancelled_meanwhile_tells_who_had_decided(lifted: World) -> None:
    hana, asha = lifted.staff("Hana"), lifted.whatsapp()
    hana.taps("Approve", "LR-1001")
    asha.says("cancel LR-1001")
    assert "LR-1001: your “Approve” did not count" in hana.last.text
    lifted.later(minutes=1)
    assert lifted.run("LR-1001").outcome == "cancelled"
    lifted.whole()


def test_a_mail_counts_at_once_and_undoes_nothing(lifted: World) -> None:
    lifted.add("Sam Store", ("email", "sam@example.com"), roles=("store", "department_head"))
    sam, hana = lifted.staff("Sam"), lifted.staff("Hana")
    hana.taps("Approve", "LR-1001")
    assert sam.says("undo") == ["A mail does not prove who wrote it. Please write this in the chat."]
    lifted.later(seconds=10)
    assert lifted.open("LR-1001") == ["board"]


# --- withdrawing ------------------------------------------------------------------------------------------------------


def test_the_requester_withdraws_corrects_and_asks_again(new_world: MakeWorld, tmp_path: Path) -> None:
    world = lift(new_world, tmp_path / "flows")
    asha, hana = world.whatsapp(), world.staff("Hana")
    hana.new()
    assert asha.says("withdraw LR-1001")[0].startswith("LR-1001: you took it back.\nSend the corrections one a line")
    assert hana.new() == ["LR-1001: Asha Asker has withdrawn the request to change it. Nothing more to do."]
    assert "already withdrawn by Asha Asker" in hana.taps("Approve", "LR-1001")[0]
    asha.says("Place: Block C")
    asha.taps("Submit")
    assert "Block C" in hana.last.text
    assert world.open("LR-1001") == ["head"]
    up_to(world, "board")
    assert asha.says("withdraw LR-1001") == [
        "LR-1001: there is nothing that can be withdrawn now. Write “cancel LR-1001” to call it off."
    ]
    assert world.mails("sam@example.com", "Sam Store").says("withdraw LR-1001") == [
        "A mail does not prove who wrote it. Please write this in the chat."
    ]
    world.whole()


# --- nothing held is lost ---------------------------------------------------------------------------------------------


def counts_after_a_restart(world: World) -> bool:
    """Hana decides, the product stops at once and starts anew, and the grace passes: her decision counts, once."""
    world.staff("Hana").taps("Approve", "LR-1001")
    world.product.close()
    world.product = build(world.settings, clock=world.clock)
    world.later(seconds=10)
    return world.open("LR-1001") == ["board"] and len(world.run("LR-1001").steps["head"].votes) == 1


def test_a_held_decision_survives_a_restart(lifted: World) -> None:
    assert counts_after_a_restart(lifted)
    lifted.events("LR-1001")
    lifted.whole()


def _timer_dropped(patch: Callable[..., None]) -> None:
    from storage.timers import Timers

    kept = Timers.plan_all

    def plan_all(self: Timers, run_id: str, timers: Any, now: Any) -> None:
        kept(self, run_id, [timer for timer in timers if not timer[2].startswith("grace:")], now)

    patch(Timers, "plan_all", plan_all)


def _held_in_memory_only(patch: Callable[..., None]) -> None:
    from storage import runs

    kept = runs.Runs.save

    def save(self: Any, run: Any, *arguments: Any, **more: Any) -> Any:
        from dataclasses import replace

        forgotten = {path: replace(state, held=()) for path, state in run.steps.items()}
        return kept(self, replace(run, steps=forgotten), *arguments, **more)

    patch(runs.Runs, "save", save)


@pytest.mark.parametrize("bug", [_timer_dropped, _held_in_memory_only])
def test_a_held_decision_that_is_lost_is_caught(lifted: World, monkeypatch: pytest.MonkeyPatch, bug: Callable[..., None]) -> None:
    bug(monkeypatch.setattr)
    assert not counts_after_a_restart(lifted)
