"""A child is killed at every named point, for every channel, on both databases; what is left must recover by itself.

`BATON_CRASH_ALL=1` kills at every occurrence of every point, and a second time during each recovery; else at the first and the
last occurrence of each over the whole conversation.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.crash.matrix import Theatre

EVERY = bool(os.environ.get("BATON_CRASH_ALL"))
RECOVERY = 40
"""Points that a recovery passes, about: where the second kill falls goes round through them."""


@pytest.mark.timeout(3600 if EVERY else 300)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("cast", ["whatsapp", "telegram", "email"])
def test_nothing_is_lost_or_done_twice_wherever_it_is_killed(cast: str, kind: str, theatre: Theatre, say: Callable[[str], None]):
    began, cells = time.monotonic(), theatre.cells(every=EVERY)
    if EVERY:
        cells += [replace(cell, second=1 + (7 * number) % RECOVERY) for number, cell in enumerate(cells)]
    found = {str(cell): problems for cell in cells if (problems := theatre.run(cell))}
    points = {cell.point for cell in cells}
    say(
        f"{cast} on {kind}: {len(cells)} kills at {len(points)} points in {time.monotonic() - began:.0f} s; "
        f"{theatre.unknown} sends ended as unknown; {len(found)} kills did harm"
    )
    assert found == {}
    assert {f"after:{point.removeprefix('before:')}" for point in points if point.startswith("before:")} <= points
