"""Whole families, whatever happens to them in whatever order: no child is lost, none is left running."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import Effect
from flows.effects import CancelChild, Spawn
from flows.engine import transition
from flows.engine.orphans import orphans
from flows.events import SYSTEM, EndChild
from flows.run import Status, StepStatus
from tests.flows.build import approve, do, parallel
from tests.flows.test_engine_children import LINES, Family, each, parent, subflow

BOTH = parent(
    parallel(
        (each(needed=2), approve("head", id="first", send_back_to="request")),
        (
            subflow(wait=False),
            replace(subflow(send_back_to={"changed": "request"}, ends={"rejected": "failed"}), id="other"),
        ),
    ),
    do("ok", "lost", id="work", ends={"lost": "failed"}),
)


class Household:
    """A parent and its children, as whoever carries out the effects sees them."""

    def __init__(self) -> None:
        self.play = Family(BOTH)
        self.alive: dict[str, tuple[str, int]] = {}
        self.play.begin(vendor="Acme", items=LINES)
        self.carry_out(self.play.effects)

    def carry_out(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, Spawn):
                assert effect.run not in self.alive
                self.alive[effect.run] = (effect.path, effect.attempt)
            elif isinstance(effect, CancelChild):
                del self.alive[effect.run]

    def act(self, what: str, number: int) -> None:
        """Something that can happen now; nothing where it cannot."""
        play = self.play
        if play.now.status is not Status.OPEN:
            return
        if what in ("done", "changed", "rejected", "cancelled") and self.alive:
            run = sorted(self.alive)[number % len(self.alive)]
            path, attempt = self.alive.pop(run)
            play.event(EndChild(**play.about(SYSTEM), path=path, attempt=attempt, run=run, outcome=what))
        elif what in ("approve", "send_back") and "first" in play.waits:
            play.decide("hana", what, path="first", reason="because")
        elif what in ("submit",) and "request" in play.waits:
            play.decide("rita", what, path="request")
        elif what == "retry" and (stopped := [s for s in play.now.open_steps() if s.status is StepStatus.BLOCKED]):
            play.resume(path=stopped[0].path)
        elif what == "cancel":
            play.cancel()
        else:
            return
        self.carry_out(play.effects)

    def check(self) -> None:
        """The living children are exactly those that the parent knows to be open; a cancelled parent has none; an open step that
        waits for children has one; a run that is over waits for none."""
        now = self.play.now
        known = {child.run for children in now.children.values() for child in children if not child.outcome}
        assert set(self.alive) == known
        if now.status is Status.CANCELLED:
            assert not self.alive
        for state in now.open_steps():
            if state.path in ("lines", "other") and state.status is StepStatus.OPEN:
                assert any(path == state.path for path, _ in self.alive.values())
        if now.status is Status.ENDED:
            assert {path for path, _ in self.alive.values()} <= {"sub"}


WHATS = ("done", "changed", "rejected", "cancelled", "approve", "send_back", "submit", "retry", "cancel")


@given(st.lists(st.tuples(st.sampled_from(WHATS), st.integers(0, 9)), max_size=12))
def test_no_child_is_ever_lost_or_left_running(story: list[tuple[str, int]]) -> None:
    household = Household()
    household.check()
    for what, number in story:
        household.act(what, number)
        household.check()


@pytest.mark.parametrize("lost", ["StepCleared", "RunEnded"])
def test_the_property_finds_a_child_that_is_left_running(lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: one way of ending is not looked at."""
    monkeypatch.setattr(transition, "orphans", lambda run, fact: () if type(fact).__name__ == lost else orphans(run, fact))
    wrong = 0
    for seed in range(40):
        chance, household = Random(seed), Household()
        try:
            for _ in range(12):
                household.act(chance.choice(WHATS), chance.randrange(9))
                household.check()
        except AssertionError:
            wrong += 1
    assert wrong, "a child was left running and nothing was seen"
