"""Requests that start others: a parent and its children in chats, in one commit, whatever ends first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.run import Parent, Status, StepStatus
from tests.conversations.families import REQUEST, written
from tests.conversations.world import World

MakeWorld = Callable[..., World]


@pytest.fixture
def site(new_world: MakeWorld, tmp_path: Path) -> World:
    """A business with flows of its own, where somebody has just asked for two parts."""
    world = new_world(baton_flows=written(tmp_path / "flows"))
    world.whatsapp().says(REQUEST)
    return world


def offered(world: World, *references: str, label: str = "Offer received") -> None:
    for reference in references:
        world.staff("Pia").taps(label, reference)


def test_each_line_is_a_request_of_its_own_and_the_parent_waits_for_all(site: World) -> None:
    parent = site.run("SO-1001")
    first, second = site.run("VO-1001"), site.run("VO-1002")
    assert [child.run for child in parent.children["offers"]] == [first.id, second.id]
    assert first.parent == Parent(parent.id, "offers", 1, 0)
    assert first.requester == second.requester == parent.requester
    assert {name: str(value) for name, value in second.values.items()} == {"item": "pipe", "quantity": "3", "rate": "40.00"}
    offered(site, "VO-1002")
    assert site.open("SO-1001") == ["offers"]
    offered(site, "VO-1001", label="No offer")
    assert [child.outcome for child in site.run("SO-1001").children["offers"]] == ["no_offer", "got"]
    assert site.open("SO-1001") == ["extra"]
    site.whole()


def test_a_subflow_gives_takes_and_lets_the_parent_go_on_to_its_end(site: World) -> None:
    offered(site, "VO-1001", "VO-1002")
    assert str(site.run("XC-1001").values["what"]) == "Pune"
    site.staff("Hana").taps("Approve", "XC-1001")
    site.staff("Fay").says("5000")
    assert site.run("SO-1001").values["granted"] == site.run("XC-1001").values["granted"]
    assert site.open("SO-1001") == ["deliver"]
    sam = site.staff("Sam")
    sam.replies(sam.asked("Delivered"), "Delivered")
    assert site.run("SO-1001").outcome == "completed"
    for reference in ("SO-1001", "VO-1001", "VO-1002", "XC-1001"):
        assert site.events(reference)
        assert site.timers(reference) == []
    site.whole()


def test_a_rejected_child_ends_its_parent_as_the_flow_says(site: World) -> None:
    offered(site, "VO-1001", "VO-1002")
    hana = site.staff("Hana")
    hana.taps("Reject", "XC-1001")
    hana.says("Too dear")
    assert (site.run("XC-1001").outcome, site.run("SO-1001").outcome) == ("rejected", "refused")
    site.whole()


def test_cancelling_the_parent_calls_off_its_children_and_tells_who_worked_on_them(site: World) -> None:
    offered(site, "VO-1001")
    pia = site.staff("Pia")
    pia.new()
    asker = site.whatsapp()
    asker.says("cancel SO-1001")
    assert site.run("SO-1001").status is Status.CANCELLED
    assert site.run("VO-1001").status is Status.ENDED
    assert site.run("VO-1002").status is Status.CANCELLED
    assert ["VO-1002" in text and "SO-1001" in text for text in pia.new()] == [True]
    assert not [text for text in asker.texts if "VO-1002" in text and "cancel" in text.casefold()]
    site.whole()


def test_a_child_cancelled_by_hand_stops_its_parent_at_a_manager_who_has_it_started_again(site: World) -> None:
    offered(site, "VO-1001", "VO-1002")
    mia = site.staff("Mia")
    mia.says("cancel XC-1001")
    assert site.run("XC-1001").status is Status.CANCELLED
    state = site.run("SO-1001").steps["extra"]
    assert state.status is StepStatus.BLOCKED
    mia.taps("Try again", "SO-1001")
    assert site.open("SO-1001") == ["extra"]
    assert site.run("XC-1002").parent == Parent(site.run("SO-1001").id, "extra", 2, 0)
    site.whole()


def test_the_first_offer_is_enough_where_the_flow_says_so(new_world: MakeWorld, tmp_path: Path) -> None:
    world = new_world(baton_flows=written(tmp_path / "flows", join="any"))
    world.whatsapp().says(REQUEST)
    offered(world, "VO-1002")
    assert world.run("VO-1001").status is Status.CANCELLED
    assert world.open("SO-1001") == ["extra"]
    world.whole()


def test_children_that_end_at_once_are_reported_in_the_same_commit(new_world: MakeWorld, tmp_path: Path) -> None:
    """With `any`, the first child's end calls off one that is begun, not one that is yet to begin."""
    at_once = written(tmp_path / "flows", join="any") / "vendor-offer.yaml"
    text = at_once.read_text()
    begin, last = text.index("  - do: offer"), text.index("  - end: done")
    at_once.write_text(text[:begin] + text[last:])
    world = new_world(baton_flows=tmp_path / "flows")
    world.whatsapp().says(REQUEST)
    assert world.open("SO-1001") == ["extra"]
    assert {world.run(reference).status for reference in ("VO-1001", "VO-1002")} == {Status.ENDED}
    assert [child.outcome for child in world.run("SO-1001").children["offers"]] == ["got", "not-needed"]
    world.whole()


def test_status_shows_children_under_their_parent_and_the_parent_on_a_child(site: World) -> None:
    offered(site, "VO-1001")
    asker = site.whatsapp()
    (parent,) = asker.says("status SO-1001")
    shown = [line for line in parent.splitlines() if "VO-" in line]
    assert len(shown) == 2
    assert "VO-1001 · pump" in shown[0]
    assert "got" in shown[0]
    assert "VO-1002 · pipe" in shown[1]
    assert "Pia Purchase" in shown[1]
    (child,) = asker.says("status VO-1002")
    assert "SO-1001" in child
    (pia,) = site.staff("Pia").says("status VO-1002")
    assert "SO-1001" in pia


def test_a_manager_hears_that_children_take_long_and_is_not_asked_to_act(site: World) -> None:
    mia = site.staff("Mia")
    site.later(hours=20)
    mia.says("hello")
    mia.new()
    site.later(hours=20)
    told = [text for text in mia.new() if "SO-1001" in text]
    assert told
    assert all("0 of 2 requests are done" in text and "waits for you" not in text for text in told)
    (line,) = [line for line in site.whatsapp().says("mine")[-1].splitlines() if "SO-1001" in line]
    assert "under way since" in line
    assert "Mia" not in line


def test_flows_without_phrases_cannot_be_started_by_chat(site: World) -> None:
    book = site.product.transitions.book
    titles = {published.flow.id for published in book.startable()}
    assert "site-order" in titles
    assert not titles & {"vendor-offer", "extra-cost"}
    asker = site.whatsapp("+919800000077", "Nina New")
    assert not [text for text in [*asker.says("vendor-offer"), *asker.says("help")] if "Extra cost" in text or "VO-" in text]
