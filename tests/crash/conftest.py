from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest

from tests.crash.matrix import Nursery, Theatre, on_postgresql, on_sqlite
from tests.crash.world import World


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


@pytest.fixture(scope="session")
def nursery(world: World) -> Iterator[Nursery]:
    nursery = Nursery(world.settings())
    yield nursery
    nursery.close()


@pytest.fixture
def kind() -> str:
    """The kind of database, where the test does not say otherwise."""
    return "sqlite"


@pytest.fixture
def theatre(
    cast: str, kind: str, world: World, nursery: Nursery, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Theatre]:
    """A theatre for the test's `cast` and `kind`, the story already rehearsed."""
    folder = tmp_path_factory.mktemp(f"{cast}-{kind}")
    copy = on_sqlite(folder) if kind == "sqlite" else on_postgresql(folder, request.getfixturevalue("postgresql").database)
    theatre = Theatre(cast, world, nursery, copy, folder)
    try:
        theatre.rehearse()
        yield theatre
    finally:
        theatre.close()


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints a line that is seen although the test passes, and runs in a worker of pytest-xdist (whose stdout nobody sees)."""

    def say(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}", file=sys.__stderr__, flush=True)

    return say
