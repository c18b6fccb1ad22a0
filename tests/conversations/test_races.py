"""Doubled, reordered, stale, forwarded and simultaneous messages."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import bindparam, update

from flows.decided import Voted
from storage import runs as stored_runs
from tests.conversations.phones import Phone
from tests.conversations.purchase import Purchase
from tests.conversations.world import World

ROUNDS = 5


def test_the_same_bytes_thrice_start_one_request(either_world: World) -> None:
    world = either_world
    asker = world.whatsapp()
    webhook = asker.speaks("purchase")
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: world.post(*webhook).status_code, range(3)))
    assert answers == [200, 200, 200]
    world.settle()
    assert len(asker.texts) == 1
    assert world.open() == ["request"]
    assert world.post(*webhook).status_code == 200
    world.settle()
    assert len(asker.texts) == 1
    world.whole()


@pytest.mark.parametrize("name", ["Hana", "Dora"])
def test_the_same_tap_thrice_is_one_vote(either_world: World, name: str) -> None:
    world = either_world
    head = world.staff(name)
    world.add("Hana Head", ("whatsapp", "+919800000010"), roles=())
    world.add(head.name, (head.channel, head.address), roles=("department_head",))
    Purchase(world).up_to("head_approval")
    bubble, token = head.button("Approve")
    webhook = head.presses(bubble, "Approve", token)
    before = len(head.texts)
    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(lambda _: world.post(*webhook).status_code, range(3))) == {200}
    world.settle()
    assert len(head.texts) == before + 1
    assert votes(world) == [world.contact(head)]


def test_a_tap_that_overtakes_our_record_of_the_message_counts(world: World) -> None:
    """The provider showed the message, and its reader was quicker than our own note that it was sent."""
    purchase = Purchase(world).asked().skipped().quoted()
    record, held = world.product.database.write, []

    def late(name: str, work: Any, **more: Any) -> Any:
        if name == "outbox.record":
            held.append((name, work))
            return record("nothing", lambda unit: None)
        return record(name, work, **more)

    world.product.database.write = late  # type: ignore[method-assign]
    purchase.fay.taps("Within budget")
    purchase.hana.taps("Approve")
    world.product.database.write = record  # type: ignore[method-assign]
    assert world.open() == ["po_prepare"]
    for name, work in held:
        record(name, work).result()
    world.settle()
    assert {row.state for row in world.outbox()} == {"sent"}


def test_delivery_reports_in_any_order_end_at_the_strongest(world: World) -> None:
    asker = world.whatsapp()
    sid = f"SM{len(world.twilio.taken) + 1:032x}"
    world.post(*asker.status(sid, "delivered"))
    world.settle()
    asker.says("purchase")
    assert asker.last.id == sid
    assert world.outbox()[0].status != "delivered"
    world.later(seconds=6)
    assert world.outbox()[0].status == "delivered"
    for word, left in (("sent", "delivered"), ("read", "read"), ("delivered", "read")):
        world.post(*asker.status(sid, word))
        world.settle()
        assert world.outbox()[0].status == left
    world.whole()


def test_a_report_on_a_message_of_nobody_is_left_alone(world: World) -> None:
    world.post(*world.whatsapp().status("SM" + "9" * 32, "failed", "30008"))
    for _ in range(6):
        world.later(seconds=20)
    world.whole()


def test_a_second_tap_and_a_late_one_say_who_decided(world: World) -> None:
    purchase = Purchase(world).up_to("po_prepare")
    before = world.run()
    assert purchase.hana.taps("Approve") == ["PA-1001: already approved by you, today 10:00. Nothing changed."]
    assert purchase.hana.taps("Reject") == ["PA-1001: already approved by you, today 10:00. Nothing changed."]
    assert purchase.fay.taps("No budget") == ["PA-1001: already answered by you, today 10:00. Nothing changed."]
    assert world.run() == before


def test_a_forwarded_button_decides_nothing(world: World) -> None:
    purchase = Purchase(world).up_to("head_approval")
    before = world.run()
    bubble, token = purchase.hana.button("Approve")
    stale = "This button no longer works for you. Nothing changed. Write “mine” to see what waits for you."
    mine = purchase.hana.speaks("Approve", quote=bubble, ButtonText="Approve", ButtonPayload=token, Forwarded="true")
    world.post(*mine)
    purchase.dora.says("hello")
    for thief in (purchase.dora, purchase.fay, purchase.asker, world.whatsapp("+919800000099", "Thea Thief")):
        world.post(*thief.presses(thief.last if thief.bubbles() else bubble, "Approve", token))
        world.settle()
        assert thief.last.text == stale
    assert purchase.hana.last.text == stale
    assert world.run() == before
    assert purchase.hana.taps("Approve") == ["Thank you. PA-1001: you approved it."]


@pytest.mark.parametrize("payload", ["", "nonsense", "A" * 22, "approve", "../../etc", "х" * 200])
def test_an_unknown_button_is_answered(world: World, payload: str) -> None:
    purchase = Purchase(world).up_to("head_approval")
    before, hana = world.run(), purchase.hana
    world.post(*hana.presses(hana.last, "Approve", payload))
    world.settle()
    assert "no longer works" in hana.last.text
    assert world.run() == before


def test_a_message_older_than_the_question_is_no_answer(world: World) -> None:
    """Written before the question came, delivered after it: the provider's time tells."""
    head = world.staff("Dora")
    world.add("Hana Head", ("whatsapp", "+919800000010"), roles=())
    world.add(head.name, (head.channel, head.address), roles=("department_head",))
    early = head.speaks("Approve")
    world.clock.advance(timedelta(minutes=1))
    Purchase(world).up_to("head_approval")
    before = world.run()
    world.post(*early)
    world.settle()
    assert head.last.text.startswith("Your message was sent before I asked this, so I did not use it.")
    assert world.run() == before
    head.taps("Approve")
    assert world.open() == ["po_prepare"]


# --- two at once --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pumps", ["running", "started after"])
def test_of_two_approvers_at_once_one_decides_and_the_other_hears_who(either_world: World, pumps: str) -> None:
    heads = two_heads(either_world)
    references = ready(either_world)
    at_once(either_world, heads, references, running=pumps == "running")
    for reference in references:
        one_decided(either_world, heads, reference)
    either_world.whole()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_check_finds_a_lost_version_check(either_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: a run is saved whatever version it has by now."""
    run = stored_runs.RUN
    careless = update(run).where(run.c.id == bindparam("run_id"), bindparam("found") > 0)
    monkeypatch.setattr(stored_runs, "SAVE", careless)
    heads = two_heads(either_world)
    references = ready(either_world)
    load = stored_runs.Runs.load

    def slowly(self: Any, run_id: str) -> Any:
        loaded = load(self, run_id)
        time.sleep(0.05)
        return loaded

    monkeypatch.setattr(stored_runs.Runs, "load", slowly)
    at_once(either_world, heads, references, running=False)
    wrong = 0
    for reference in references:
        try:
            one_decided(either_world, heads, reference)
        except AssertionError:
            wrong += 1
    assert wrong, "two decisions were stored and nothing was seen"


def two_heads(world: World) -> tuple[Phone, Phone]:
    hugo = world.telegrams("5000000020", "Hugo Head")
    world.add(hugo.name, ("telegram", hugo.address), roles=("department_head",))
    return world.staff("Hana"), hugo


def ready(world: World) -> list[str]:
    references = [f"PA-{1001 + n}" for n in range(ROUNDS)]
    for reference in references:
        Purchase(world, reference=reference).up_to("head_approval")
    return references


def at_once(world: World, heads: Sequence[Phone], references: Sequence[str], *, running: bool) -> None:
    """Both tap Approve at the same moment, round by round, while the pumps run, or before: then each round is handled at once."""
    barrier = threading.Barrier(2)

    def tap(head: Phone, webhooks: list[Any]) -> None:
        for webhook in webhooks:
            barrier.wait(timeout=20)
            assert world.post(*webhook).status_code == 200

    taps = []
    for head in heads:
        found = [(*head.button("Approve", reference),) for reference in references]
        taps.append([head.presses(bubble, "Approve", token) for bubble, token in found])
    if running:
        world.product.runtime.start()
    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(tap, heads, taps))
        if not running:
            world.product.runtime.start()
        until(lambda: drained(world))
    finally:
        world.product.runtime.stop()


def drained(world: World) -> bool:
    now = world.clock.now()
    with world.product.database.read() as unit:
        return not unit.inbox.pending(now).pending and not unit.outbox.pending(now).pending


def until(done: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not come to rest"
        time.sleep(0.02)


def votes(world: World, reference: str = "PA-1001") -> list[str]:
    """Who voted on the head's approval, by the recorded events."""
    facts = (fact for event in world.events(reference) for fact in event.decided)
    return [fact.by for fact in facts if isinstance(fact, Voted) and fact.path == "head_approval"]


def one_decided(world: World, heads: Sequence[Phone], reference: str) -> None:
    """Exactly one vote, one open step after it, one told so, and the other told who."""
    voted = votes(world, reference)
    assert len(voted) == 1
    assert world.open(reference) == ["po_prepare"]
    winner, loser = sorted(heads, key=lambda head: world.contact(head) != voted[0])
    assert winner.texts.count(f"Thank you. {reference}: you approved it.") == 1
    assert f"{reference}: already approved by {winner.name}, today 10:00. Nothing changed." in loser.texts
    assert not [text for text in loser.texts if text == f"Thank you. {reference}: you approved it."]
