"""`simulate` by chat: the way of a request that nobody starts."""

from __future__ import annotations

from tests.conversations.world import World


def said(world: World, who: str, text: str) -> str:
    phone = world.staff(who) if who != "Guest" else world.whatsapp()
    return "\n".join(phone.says(text))


def test_a_manager_sees_the_way_that_an_amount_would_take(world: World) -> None:
    small = said(world, "Mia", "simulate purchase-approval amount=9000")
    assert "Purchase approval: the way it would take. Nothing is started." in small
    assert "Approval by department head: Department head, by " in small
    assert "↳ up to 10 thousand: amount <= 10000 (amount = 9000" in small
    assert "It ends as “completed”" in small
    large = said(world, "Mia", "Simulate purchase-approval amount=750000 urgency = urgent")
    assert "Approval by the committee: 2 of Purchase committee" in large
    assert "Approval by department head" not in large


def test_nothing_is_started_and_nobody_is_told(world: World) -> None:
    others = [world.staff(name) for name in ("Hana", "Fay", "Pia")]
    before = [len(phone.bubbles()) for phone in others]
    said(world, "Mia", "simulate purchase-approval amount=9000")
    assert said(world, "Mia", "status").startswith("0 open")
    assert [len(phone.bubbles()) for phone in others] == before


def test_what_cannot_be_simulated_is_answered(world: World) -> None:
    assert "I know no such flow" in said(world, "Mia", "simulate purchase")
    assert "· purchase-approval" in said(world, "Mia", "simulate purchase")
    assert "amout" in said(world, "Mia", "simulate purchase-approval amout=5")
    assert "purchase-approval" not in said(world, "Guest", "simulate purchase-approval amount=5"), "not for people outside"


def test_words_that_begin_like_it_are_no_command(world: World) -> None:
    assert "the way it would take" not in said(world, "Mia", "simulate the effect on purchase-approval")
