"""The worker step: suggestions count once a person has confirmed them, and not before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from flows import Flow, StepStatus, Topic, Work
from flows.decided import Suggested, ValueSet, Voted
from flows.engine import worker
from flows.events import Finish
from flows.model import Case, Choice, Job, Worker
from flows.values import Value
from tests.flows import build as b
from tests.flows import play as w

CONFIRM = Choice("confirmed", b.words("Confirm"))
AGAIN = Choice("unreadable", b.words("Cannot be read"))


def reading(*fields: str, **more: Any) -> Worker:
    given: dict[str, Any] = {"job": Job.EXTRACT, "items": ("quotes",), "outcomes": (CONFIRM,), "owner": "finance"}
    return Worker(id="read", title=b.words("Read"), fields=fields or ("vendor", "received"), **(given | more))


def small() -> Case:
    return b.case("here", b.rule("vendor == 'Acme'", lambda n: n["vendor"] == "Acme"), b.do(id="check"))


def flow(step: Worker | None = None) -> Flow:
    other = b.case("other", None, b.do(id="elsewhere"))
    return b.flow(b.ask("count"), step or reading(), b.branch(small(), other), b.end())


def begun(step: Worker | None = None, **values: Any) -> w.Play:
    return w.Play(flow(step)).begin(**values).give(count=3)


def found(play: w.Play, failed: tuple[str, ...] = (), error: str = "", remark: str = "", **values: Value) -> w.Play:
    return play.event(Finish(**play.here("system", "read"), values=values, failed=failed, error=error, remark=remark))


def read(**values: Value) -> w.Play:
    return found(begun(), **({"vendor": "Acme", "received": date(2026, 3, 1)} | values))


def test_the_work_is_asked_for_and_nobody_is_asked_yet() -> None:
    play = begun()
    assert Work("read", 1, "worker", {"job": "extract"}) in play.effects
    assert [say.to for say in play.says] == []
    w.refused("unknown_choice", lambda: play.decide("fay", "confirmed", "read"))


def nothing_counts_yet(play: w.Play) -> None:
    """The run has no value of the suggestion, and waits at the worker."""
    assert not {"vendor", "received"} & play.now.values.keys()
    assert not any(isinstance(fact, ValueSet) for fact in play.decided)
    assert [state.path for state in play.now.open_steps()] == ["read"]
    assert play.now.taken == {}


def test_what_is_found_is_shown_and_counts_for_nothing() -> None:
    play = read()
    nothing_counts_yet(play)
    say = play.told("fay")
    assert (say.topic, w.keys(say)) == (Topic.SUGGESTED, ["confirmed"])
    assert play.now.steps["read"].suggested == {"vendor": "Acme", "received": date(2026, 3, 1)}


def test_planted_a_suggestion_that_counts_before_it_is_confirmed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = worker.finish

    def at_once(t: Any, step: Worker, event: Finish) -> None:
        right(t, step, event)
        worker.store(t, event.values, step.fields)

    monkeypatch.setattr(worker, "finish", at_once)
    with pytest.raises(AssertionError):
        nothing_counts_yet(read())


def test_confirmed_the_values_are_those_of_who_confirmed() -> None:
    play = read().decide("fay", "confirmed", "read")
    sets = [fact for fact in play.decided if isinstance(fact, ValueSet)]
    assert [(fact.name, fact.by) for fact in sets] == [("vendor", "fay"), ("received", "fay")]
    state = play.now.steps["read"]
    assert (state.status, state.outcome, state.closed_by) == (StepStatus.DONE, "confirmed", "fay")
    assert play.now.taken == {"size": "here"}


def test_a_correction_takes_the_place_of_the_suggestion() -> None:
    play = read().give("fay", "read", vendor="Other")
    assert play.now.steps["read"].suggested == {"received": date(2026, 3, 1)}
    assert w.keys(play.told("fay")) == ["confirmed"]
    play.decide("fay", "confirmed", "read")
    assert (play.now.values["vendor"], play.now.taken) == ("Other", {"size": "other"})


def test_what_was_not_found_is_asked_by_hand_and_then_all_is_confirmed() -> None:
    play = found(begun(), vendor="Acme")
    assert [(say.topic, w.keys(say), say.asks) for say in play.says] == [
        (Topic.SUGGESTED, [], ""), (Topic.QUESTION, [], "received"),
    ]  # fmt: skip
    w.refused("invalid", lambda: play.decide("fay", "confirmed", "read"), field="received")
    play.give("fay", "read", received=date(2026, 3, 1))
    assert w.keys(play.told("fay")) == ["confirmed"]
    assert play.decide("fay", "confirmed", "read").now.values["vendor"] == "Acme"


def test_an_optional_one_can_be_skipped() -> None:
    play = found(begun(reading("vendor", "note")), vendor="Acme")
    play.skip("note", "fay", "read")
    assert w.keys(play.told("fay")) == ["confirmed"]
    assert "note" not in play.decide("fay", "confirmed", "read").now.values


def test_what_does_not_fit_its_field_and_what_was_not_asked_is_left_out() -> None:
    play = found(begun(), vendor="Acme", received="soon", count=9)
    assert play.now.steps["read"].suggested == {"vendor": "Acme"}


def test_failed_work_is_asked_by_hand() -> None:
    play = found(begun(), error="It could not be read.")
    assert play.now.steps["read"].remark == "It could not be read."
    assert [say.asks for say in play.says] == ["", "vendor"]
    play.give("fay", "read", vendor="Acme", received=date(2026, 3, 1)).decide("fay", "confirmed", "read")
    assert play.now.taken == {"size": "here"}


def test_a_second_result_changes_nothing() -> None:
    play = read()
    w.refused("not_waiting", lambda: found(play, vendor="Other"))
    play.decide("fay", "confirmed", "read")
    w.refused("closed", lambda: found(play, vendor="Other"))


def test_only_its_owner_confirms() -> None:
    play = read()
    w.refused("not_yours", lambda: play.decide("rita", "confirmed", "read"))
    w.refused("unknown_choice", lambda: play.decide("fay", "approve", "read"))


def test_sent_back_nothing_of_it_is_taken_over() -> None:
    step = reading(outcomes=(CONFIRM, AGAIN), send_back_to={"unreadable": "request"})
    play = found(begun(step), vendor="Acme", received=date(2026, 3, 1))
    w.refused("reason_needed", lambda: play.decide("fay", "unreadable", "read"))
    play.decide("fay", "unreadable", "read", "A blurred photo")
    assert "vendor" not in play.now.values
    assert [state.path for state in play.now.open_steps()] == ["request"]
    assert any(isinstance(fact, Voted) and fact.reason == "A blurred photo" for fact in play.decided)
    play.decide("rita", "submit", "request")
    assert (play.now.steps["read"].attempt, play.now.steps["read"].suggested) == (2, {})


def test_checks_that_failed_are_shown_and_those_that_hold_too() -> None:
    step = reading(job=Job.CHECK, items=(), checks=(b.check("three", b.rule("count >= 3", lambda n: n["count"] >= 3)),))
    step = replace(step, fields=())
    warned = found(begun(step), failed=("three",))
    assert (warned.now.steps["read"].failed, w.keys(warned.told("fay"))) == (("three",), ["confirmed"])
    clear = found(begun(step))
    assert Suggested("read", 1, {}, (), "All checks hold.") in clear.decided
    assert clear.decide("fay", "confirmed", "read").now.steps["read"].outcome == "confirmed"


def test_a_reminder_shows_it_again() -> None:
    play = found(begun(reading(due=b.bh("8"), ladder=b.LADDER)), vendor="Acme", received=date(2026, 3, 1)).fire("half", "read")
    assert (play.told("fay").topic, w.keys(play.told("fay"))) == (Topic.REMINDER, ["confirmed"])
