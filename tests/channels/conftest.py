from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from channels.base import Channel, Reach, nowhere
from tests.channels.cases import Case

Open = Callable[..., Channel]


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    case = request.param()
    yield case
    case.close()


@pytest.fixture
def open_channel(case: Case) -> Iterator[Open]:
    """Opens adapters on the case's provider and closes them after the test."""
    opened: list[Channel] = []

    def open_channel(reach: Reach = nowhere) -> Channel:
        opened.append(case.channel(reach))
        return opened[-1]

    yield open_channel
    for channel in opened:
        channel.close()


@pytest.fixture
def channel(open_channel: Open) -> Channel:
    return open_channel()
