"""The checker can fail: each planted bug is caught by a kill that does the product no harm."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.crash.bugs import BUGS
from tests.crash.matrix import Cell, Theatre
from tests.crash.story import STORY


@pytest.mark.parametrize("cast", ["telegram"])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_every_planted_bug_is_caught(cast: str, kind: str, theatre: Theatre, say: Callable[[str], None]):
    scenes = {STORY[scene.number].name: scene for scene in theatre.scenes}
    caught, harmed = {}, {}
    for name, bug in BUGS.items():
        cell = Cell(scenes[bug.step], bug.point, 1)
        caught[name], harmed[name] = theatre.run(cell, name), [] if theatre.on_postgresql else theatre.run(cell)
    count = sum(map(bool, caught.values()))
    say(
        f"{count} of {len(BUGS)} planted bugs caught on {kind}:\n"
        + "\n".join(f"  {name}: {'; '.join(why)[:150]}" for name, why in caught.items())
    )
    assert [name for name, why in caught.items() if not why] == []
    assert [why for why in caught.values() if any("ended with" in each for each in why)] == []  # by its harm, not by falling over
    assert [name for name, why in harmed.items() if why] == []
