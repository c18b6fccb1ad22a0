"""Who is shown what: values for some roles only, requests about the same thing, and personal data that is kept long enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.words import scene
from flows.model import Field
from tests.conversations.conftest import MakeWorld
from tests.conversations.world import World

FLOW = """\
flow: pay-rise
prefix: PR
title: Pay rise
summary: "Rise for {member}"
start: {phrases: [pay rise]}
alike: [member]
roles: {department_head: Head, finance: Finance, director: Director, manager: Manager}
fields:
  member: {type: text, title: Member, ask: For whom?}
  months: {type: number, title: Months, ask: For how many months?}
  rise: {type: money, currency: INR, title: Rise, ask: How much?, seen_by: [finance]}
steps:
  - ask: request
    title: Request
    owner: requester
    due: 1bd
    fields: [member, months, rise]
  - branch: again
    cases:
      - case: known
        when: alike_ever > 0
        steps:
          - do: look
            title: Asked before
            owner: finance
            due: 1bd
            instruction: This member was named before.
            outcomes: {fine: Fine}
      - otherwise: first
  - branch: size
    cases:
      - case: large
        when: rise > 1000
      - otherwise: small
  - approve: decision
    title: Decision
    by: [department_head, finance]
    policy: all
    due: 1bd
  - end: granted
    message: Granted.
    review_after: 180d
"""


@pytest.fixture
def pay(new_world: MakeWorld, tmp_path: Path) -> World:
    folder = tmp_path / "flows"
    folder.mkdir()
    (folder / "pay-rise.yaml").write_text(FLOW, encoding="utf-8")
    return new_world(baton_flows=folder)


def ask(world: World, member: str) -> None:
    world.whatsapp().says(f"pay rise\nMember: {member}\nMonths: 6\nRise: 5000")


def seen(world: World, who: str) -> str:
    return "\n".join(world.staff(who).texts)


def shown_to_the_head(world: World) -> bool:
    ask(world, "Ravi")
    hana = world.staff("Hana")
    hana.says("why PR-1001")
    assert "Months: 6" in seen(world, "Hana")
    return "5,000" in seen(world, "Hana") or "5000" in seen(world, "Hana")


def test_a_value_for_some_roles_is_shown_to_them_and_to_nobody_else(pay: World) -> None:
    assert not shown_to_the_head(pay)
    pay.staff("Fay").says("why PR-1001")
    assert "Rise: ₹5,000.00" in seen(pay, "Fay")
    assert "rise = 5000" in seen(pay, "Fay"), "with the rule that read it"
    assert "took “large” because rise > 1000" in seen(pay, "Hana")


def test_a_planted_bug_shows_it_to_all(pay: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def anybody(field: Field, *_: object) -> bool:
        return True

    monkeypatch.setattr(scene, "seen_by", anybody)
    assert shown_to_the_head(pay)


def test_a_second_request_about_the_same_is_looked_at_first(pay: World) -> None:
    ask(pay, "Ravi")
    ask(pay, "Meera")
    assert "This member was named before" not in seen(pay, "Fay")
    ask(pay, " RAVI ")
    assert "This member was named before" in seen(pay, "Fay")


def test_a_cancelled_one_does_not_count(pay: World) -> None:
    ask(pay, "Ravi")
    pay.whatsapp().says("cancel PR-1001")
    ask(pay, "Ravi")
    assert "This member was named before" not in seen(pay, "Fay")


def test_managers_hear_when_personal_data_has_been_kept_long_enough(pay: World) -> None:
    ask(pay, "Ravi")
    for name in ("Hana", "Fay"):
        pay.staff(name).taps("Approve")
    for days, times in ((179, 0), (3, 1), (30, 1)):
        pay.later(days=days)
        pay.staff("Mia").says("hi")  # opens her 24 hours: what waits for her comes
        assert seen(pay, "Mia").count("the time to keep its personal data is over") == times
