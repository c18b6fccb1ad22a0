"""A case with steps that leads back: first its steps, then the loop."""

from __future__ import annotations

from datetime import date

from flows.run import Status
from tests.flows import build as b
from tests.flows import play as w

SHORT = b.rule('outcomes.work == "short"', lambda n: n["outcomes"]["work"] == "short")
LATE = b.rule('outcomes.talk == "late"', lambda n: n["outcomes"]["talk"] == "late")


def open_now(play: w.Play) -> list[str]:
    return [state.path for state in play.now.open_steps()]


def begun(*inside: object) -> w.Play:
    """Details, work; where it is short `inside` is gone through, then all again."""
    flow = b.flow(
        b.ask("vendor", id="details"),
        b.do("ok", "short"),
        b.branch(b.case("again", SHORT, *inside, back_to="details"), b.case("on", None)),
        b.end(),
    )
    return w.Play(flow).begin().give(path="details", vendor="x").decide("sam", "short", "work")


def test_its_steps_come_before_the_next_round() -> None:
    play = begun(b.do(id="talk", owner="finance", fields=("received",)))
    assert open_now(play) == ["talk"]
    assert play.now.values == {"vendor": "x"}
    play.give("fay", "talk", received=date(2026, 3, 3)).decide("fay", "ok", "talk")
    assert open_now(play) == ["details"]
    assert not play.now.values, "what the case itself asked is asked anew too"
    play.give(path="details", vendor="y").decide("sam", "ok", "work")
    assert (play.now.status, play.now.values) == (Status.ENDED, {"vendor": "y"})


def test_the_last_of_its_steps_may_be_a_branch() -> None:
    """Each way out of that branch leads back, also the one without steps."""
    for outcome, expected in (("late", ["wait_for_it"]), ("ok", ["details"])):
        inner = b.branch(b.case("late", LATE, b.do(id="wait_for_it", owner="finance")), b.case("fine", None), id="inner")
        play = begun(b.do("ok", "late", id="talk", owner="finance"), inner).decide("fay", outcome, "talk")
        assert open_now(play) == expected
    assert play.now.steps["details"].attempt == 2
