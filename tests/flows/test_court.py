"""In whose court the ball was: the parts sum to the whole, minute by minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import Run, StepState, StepStatus
from flows import court as counting
from flows.calendar import Calendar
from flows.court import Courts, courts
from flows.run import Court
from tests.flows import play as w

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
START = w.MONDAY  # 10:00 on a Monday; work is from 9 to 18, Wednesday is a holiday


def hour(hours: float) -> datetime:
    """So many hours after the run's start, to the minute."""
    return START + round(hours * 60) * MINUTE


def step(path: str, court: Court, opened: float, closed: float | None, status: StepStatus = StepStatus.DONE) -> StepState:
    """A step attempt open from `opened` to `closed` hours after the run's start."""
    until = None if closed is None else hour(closed)
    return StepState(path, 1, StepStatus.OPEN if closed is None else status, (), hour(opened), court=court, closed_at=until)


def run(*states: StepState, ended: float | None = None) -> Run:
    made = Run("r", "PA-1", "test", 1, "rita", START, steps={state.path: state for state in states})
    return made if ended is None else replace(made, ended_at=hour(ended))


def after(hours: float, made: Run) -> Courts:
    return courts(made, w.CALENDAR, hour(hours))


def test_each_has_its_share_and_the_night_is_closed() -> None:
    made = run(step("ask", Court.THEM, 0, 2), step("approve", Court.US, 2, 5), step("send", Court.THEM, 5, None))
    assert after(24, made) == Courts(us=3 * HOUR, them=6 * HOUR, closed=15 * HOUR)


def test_while_one_of_several_waits_for_us_it_is_ours() -> None:
    made = run(step("theirs", Court.THEM, 0, 4), step("ours", Court.US, 1, 3))
    assert after(4, made) == Courts(us=2 * HOUR, them=2 * HOUR)


def test_a_stopped_step_and_no_step_at_all_are_ours() -> None:
    stopped = replace(step("ask", Court.THEM, 0, None), status=StepStatus.BLOCKED)
    assert after(2, run(stopped)) == Courts(us=2 * HOUR)
    assert after(2, run()) == Courts(us=2 * HOUR)


def test_earlier_attempts_count_too() -> None:
    made = replace(run(step("ask", Court.US, 2, None)), history=(step("ask", Court.THEM, 0, 2, StepStatus.RETURNED),))
    assert after(3, made) == Courts(us=HOUR, them=2 * HOUR)


def test_a_run_that_is_over_stands_still() -> None:
    made = run(step("ask", Court.THEM, 0, 2), ended=2)
    assert after(2, made) == after(500, made) == Courts(them=2 * HOUR)


moments = st.integers(0, 4 * 24 * 60)
attempts = st.tuples(moments, st.none() | moments, st.sampled_from(Court), st.booleans())


@st.composite
def runs(draw: st.DrawFn) -> tuple[Run, datetime]:
    states = []
    for number, (opened, lasted, court, stopped) in enumerate(draw(st.lists(attempts, max_size=5))):
        closed = None if lasted is None else (opened + lasted) / 60
        made = step(str(number), court, opened / 60, closed)
        states.append(replace(made, status=StepStatus.BLOCKED) if stopped and closed is None else made)
    ended = draw(st.none() | moments)
    return run(*states, ended=None if ended is None else ended / 60), START + draw(moments) * MINUTE


def by_the_minute(made: Run, calendar: Calendar, now: datetime) -> Courts:
    """The same, asked of every single minute."""
    us = them = closed = timedelta()
    at = START
    while at < (made.ended_at or now):
        if not calendar.work_between(at, at + MINUTE):
            closed += MINUTE
        else:
            waiting = [s for s in made.steps.values() if s.opened_at <= at and (s.closed_at is None or s.closed_at > at)]
            ours = [s for s in waiting if s.court is Court.US or s.status is StepStatus.BLOCKED]
            us, them = (us + MINUTE, them) if ours or not waiting else (us, them + MINUTE)
        at += MINUTE
    return Courts(us, them, closed)


def holds(made: Run, now: datetime) -> None:
    found = counting.courts(made, w.CALENDAR, now)
    assert found.us + found.them + found.closed == max((made.ended_at or now) - START, timedelta())
    assert min(found.us, found.them, found.closed) >= timedelta()


@settings(max_examples=60, deadline=None)
@given(runs())
def test_the_parts_sum_to_the_whole(drawn: tuple[Run, datetime]) -> None:
    holds(*drawn)


@settings(max_examples=12, deadline=None)
@given(runs())
def test_it_is_what_every_minute_says(drawn: tuple[Run, datetime]) -> None:
    assert courts(drawn[0], w.CALENDAR, drawn[1]) == by_the_minute(drawn[0], w.CALENDAR, drawn[1])


def by_step(made: Run, calendar: Calendar, now: datetime) -> Courts:
    """The planted bug: every step's time is counted, so that of two open at once counts twice."""
    end = made.ended_at or now
    worked = {Court.US: timedelta(), Court.THEM: timedelta()}
    for state in made.steps.values():
        worked[state.court] += calendar.work_between(state.opened_at, state.closed_at or end)
    whole = calendar.work_between(made.started_at, end)
    return Courts(worked[Court.US], worked[Court.THEM], end - made.started_at - whole)


def test_planted_two_steps_at_once_counted_twice_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    made, now = run(step("a", Court.THEM, 0, None), step("b", Court.US, 1, None)), START + 4 * HOUR
    holds(made, now)
    monkeypatch.setattr(counting, "courts", by_step)
    with pytest.raises(AssertionError):
        holds(made, now)
