"""One run for each line; and that whatever ends with a step or a run calls off the runs that it started."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from flows.effects import CancelChild
from flows.engine import transition
from flows.engine.children import child_id
from flows.model import Field
from flows.run import Status, StepStatus
from flows.values import Erased
from tests.flows.build import approve, do, flow, parallel, rupees
from tests.flows.play import refused
from tests.flows.test_engine_children import LINES, Family, each, parent, started, subflow


def test_each_starts_a_child_for_every_line_with_its_parts() -> None:
    give = {
        "what": "line.item",
        "many": "line.quantity",
        "in": "line.unit",
        "price": "line.rate",
        "tax": "line.tax",
        "who": "vendor",
    }
    play = started(parent(each(give=give), fields=fields_with("items", currency="INR")), items=LINES)
    first, second, _ = (spawn.values for spawn in play.spawned)
    assert first == {
        "what": "Paper",
        "many": Decimal(10),
        "in": "box",
        "price": rupees("400"),
        "tax": Decimal(18),
        "who": "Acme",
    }
    assert second["many"] == Decimal("2.5")
    assert [child.index for child in play.now.children["lines"]] == [0, 1, 2]
    assert len({spawn.run for spawn in play.spawned}) == 3


def fields_with(name: str, **changes: Any) -> dict[str, Field]:
    fields = dict(flow().fields)
    return fields | {name: replace(fields[name], **changes)}


@pytest.mark.parametrize(("needed", "until"), [(0, 3), (1, 1), (2, 2), (9, 3)])
def test_each_goes_on_when_enough_have_ended_and_calls_off_the_rest(needed: int, until: int) -> None:
    play = started(parent(each(needed=needed), do(id="work")), items=LINES)
    everybody = [spawn.run for spawn in play.spawned]
    for number, index in enumerate((2, 0, 1)[:until], 1):
        assert play.waits == ["lines"]
        play.ends(index, outcome="cancelled" if index == 0 else "done", path="lines")
        assert (play.waits == ["work"]) is (number == until)
    ended = {everybody[index] for index in (2, 0, 1)[:until]}
    assert set(play.called_off) == set(everybody) - ended
    assert play.now.steps["lines"].outcome == "done"
    assert {child.outcome for child in play.now.children["lines"] if child.run not in ended} <= {"not-needed"}


@pytest.mark.parametrize("values", [{}, {"items": Erased()}], ids=["missing", "erased"])
def test_each_over_no_lines_stops_at_managers(values: dict[str, Any]) -> None:
    play = Family(parent(each(), do(id="work")))
    play.begin()
    play.run = replace(play.now, values=values)
    play.give(vendor="Acme")
    state = play.now.steps["lines"]
    assert (state.status, state.owners, play.spawned) == (StepStatus.BLOCKED, ("mia",), [])
    assert "Items" in state.reason


# --- nobody is forgotten ------------------------------------------------------------------------------------------------


def test_cancelling_calls_off_every_open_child() -> None:
    play = started(parent(parallel((subflow(),), (each(),))), items=LINES)
    play.ends(1, path="lines")
    play.cancel()
    assert len(play.called_off) == 3
    assert play.now.status is Status.CANCELLED
    assert all(child.outcome for children in play.now.children.values() for child in children)


def test_a_run_that_ends_calls_off_what_it_waits_for() -> None:
    both = parallel((subflow(),), (do("ok", "lost", id="work", ends={"lost": "failed"}),))
    play = started(parent(both))
    play.decide("sam", "lost", path="work")
    assert (play.now.outcome, len(play.called_off)) == ("failed", 1)


def test_a_block_that_is_not_needed_any_more_calls_off_its_children() -> None:
    play = started(parent(parallel((subflow(),), (do(id="work"),), needed=1), do(id="after")))
    play.decide("sam", "ok", path="work")
    assert play.called_off == [child_id("r1", "sub", 1, 0)]
    refused("not_waiting", play.ends)


def test_sending_back_over_it_calls_off_its_children() -> None:
    both = parallel((subflow(),), (approve("head", send_back_to="request"),))
    play = started(parent(both))
    play.decide("hana", "send_back", reason="wrong vendor")
    assert play.called_off == [child_id("r1", "sub", 1, 0)]
    assert play.now.children == {}
    assert "PA-1" in next(effect.reason for effect in play.effects if isinstance(effect, CancelChild))


def test_the_check_finds_children_that_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: nobody looks for orphans."""
    monkeypatch.setattr(transition, "orphans", lambda run, fact: ())
    with pytest.raises(AssertionError):
        test_sending_back_over_it_calls_off_its_children()
    with pytest.raises(AssertionError):
        test_cancelling_calls_off_every_open_child()
