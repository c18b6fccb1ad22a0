"""Where a run stands now, in words: each open step by who has it or what it waits for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.words import Scene, progress
from flows import Run, StepState
from flows.run import StepStatus
from tests.conftest import FixedClock
from tests.flows import build

START = FixedClock().now()


def scene(language: str = "en", name: str = "Sam Store") -> Scene:
    state = StepState("work", 1, StepStatus.OPEN, ("sam",), START, due_at=START)
    run = Run("r", "PA-1001", "test", 1, "asha", START, steps={"work": state})
    return Scene(build.flow(build.do(id="work")), run, language, "UTC", START, lambda who: name)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Thank you. PA-1001 goes on.\nNext: work, with Sam Store, by today 04:30."),
        ("hi", "धन्यवाद। PA-1001 आगे बढ़ रहा है।\nआगे: work, Sam Store के पास, आज 04:30 तक।"),
    ],
)
def test_who_has_it_and_by_when(language: str, said: str) -> None:
    assert progress(scene(language), acted=True).text == said


def test_without_a_due_time() -> None:
    told = scene()
    steps = {path: replace(state, due_at=None) for path, state in told.run.steps.items()}
    assert progress(replace(told, run=replace(told.run, steps=steps)), acted=False).text == (
        "Good news: PA-1001 was approved.\nNext: work, with Sam Store."
    )


def test_a_name_with_braces_is_a_name() -> None:
    assert "with {reference} {0}," in progress(scene(name="{reference} {0}"), acted=True).text
