"""Published versions with the versions of the flows that they start."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from storage import VersionTaken
from tests.conftest import Do

PARENT, CHILD = "flow: parent", "flow: child"


def test_the_same_text_with_another_child_is_another_version(do: Do[Any], now: datetime) -> None:
    old, new = do(lambda unit: [unit.flows.publish("child", n, f"{CHILD} {n}", now) for n in (1, 2)])
    first = do(lambda unit: unit.flows.publish("parent", 1, PARENT, now, {"child": old}))
    assert do(lambda unit: unit.flows.publish("parent", 1, PARENT, now, {"child": old})) == first
    with pytest.raises(VersionTaken):
        do(lambda unit: unit.flows.publish("parent", 1, PARENT, now, {"child": new}))
    second = do(lambda unit: unit.flows.publish("parent", 2, PARENT, now, {"child": new}))
    assert second != first
    assert do(lambda unit: [unit.flows.children(each) for each in (first, second, old)]) == [{"child": old}, {"child": new}, {}]
    assert do(lambda unit: unit.flows.source(second)) == ("parent", 2, PARENT)


def test_what_is_known_is_exactly_what_was_published(do: Do[Any], now: datetime) -> None:
    plain = do(lambda unit: unit.flows.publish("parent", 1, PARENT, now))
    assert do(lambda unit: unit.flows.known("parent", PARENT)) == plain
    assert do(lambda unit: unit.flows.known("parent", PARENT, {"child": 7})) is None
    assert do(lambda unit: unit.flows.known("parent", PARENT + " ")) is None
    with pytest.raises(KeyError):
        do(lambda unit: unit.flows.children(plain + 1))
