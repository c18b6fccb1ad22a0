from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from bot import book
from tests.conftest import FixedClock
from tests.conversations.world import World

MakeWorld = Callable[..., World]


@pytest.fixture(scope="session", autouse=True)
def flows_read_once() -> Iterator[None]:
    """Reading the flow file is most of building a product; what is read never changes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(book, "load", lru_cache(book.load))
        yield


@pytest.fixture
def new_world(home: Path, migrated_file: Path, clock: FixedClock) -> Iterator[MakeWorld]:
    """Makes a world on SQLite, with further settings; closed at the end."""
    made: list[World] = []

    def make(**settings: Any) -> World:
        shutil.copy(migrated_file, home / "baton.db")
        made.append(World(home, "", clock, **settings))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(new_world: MakeWorld) -> World:
    """A world on SQLite."""
    return new_world()


@pytest.fixture
def either_world(home: Path, database_url: str, clock: FixedClock) -> Iterator[World]:
    """A world on each kind of database."""
    made = World(home, database_url, clock)
    yield made
    made.close()
