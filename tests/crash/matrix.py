"""Runs the story once to find every point, then kills a child at each of them, lets another recover, and asks the checker."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.crash import checker
from tests.crash.story import START, STORY, Phones, people, whose
from tests.crash.world import Call, Receipt, World

ROOT = Path(__file__).resolve().parents[2]
PAST_LEASES_S = 360
KILLED = -9


class Nursery:
    """A process with everything imported, from which children are forked."""

    def __init__(self, settings: dict[str, Any]) -> None:
        command = [sys.executable, "-m", "tests.crash.child"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._write(settings)

    def bear(self, job: dict[str, Any]) -> int:
        """Do `job` in a child; its exit status (negative: the signal that ended it)."""
        self._write(job)
        assert self._process.stdout is not None
        status = self._process.stdout.readline()
        assert status, "the nursery died: see what it wrote to stderr"
        return int(status)

    def close(self) -> None:
        self._process.communicate(timeout=10)

    def _write(self, what: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()


@dataclass(frozen=True)
class Place:
    """One installation: a home folder, and a PostgreSQL database where it is not on SQLite."""

    home: Path
    url: str = ""

    @property
    def database(self) -> str:
        """For the checker."""
        return self.url or str(self.home / "baton.db")


Copy = Callable[[Place | None], AbstractContextManager[Place]]
"""Makes a copy of a place that nobody uses (None: a new, empty one), for as long as the context lasts."""


@dataclass(frozen=True)
class Scene:
    """A step of the story as it was recorded, ready to be played again from `before`."""

    number: int
    at: datetime
    before: Place | None
    receipts: tuple[Receipt, ...]
    calls: tuple[Call, ...]
    trace: tuple[str, ...]

    @property
    def script(self) -> list[dict[str, Any]]:
        return [call.told() for call in self.calls]


@dataclass(frozen=True)
class Cell:
    """Kill at the `nth` time that `point` is reached in `scene`; and again at the `second` point of the recovery, if not 0."""

    scene: Scene
    point: str
    nth: int
    second: int = 0

    def __str__(self) -> str:
        again = f", then at point {self.second} of the recovery" if self.second else ""
        return f"{STORY[self.scene.number].name}: killed at {self.point} ({self.nth}){again}"


@dataclass
class Theatre:
    """Plays the story for one cast on one kind of database. `unknown` counts the messages that ended so."""

    cast: str
    world: World
    nursery: Nursery
    copy: Copy
    folder: Path
    unknown: int = 0
    scenes: list[Scene] = field(default_factory=list)
    _jobs: int = 0
    _places: ExitStack = field(default_factory=ExitStack)

    def rehearse(self) -> None:
        """Play the story undisturbed, keeping where each step ended; the scenes then know every point passed."""
        at, before, receipts = START, None, list[Receipt]()
        for number, step in enumerate(STORY):
            at += step.wait
            scene = Scene(number, at, before, tuple(receipts), step.says(Phones(self.cast, self.world, receipts, at)), ())
            mark, place = len(self.world.receipts), self._places.enter_context(self.copy(before))
            status, history = self._play(place, scene, scene.script)
            assert status == 0, f"{step.name} ended with {status}: {history}"
            receipts += self.world.receipts[mark:]
            found = self._problems(place, scene, [call.id for call in scene.calls], receipts, doubtful=False)
            assert found == [], f"{step.name}, undisturbed: {found}"
            trace = next(line["trace"] for line in history if "trace" in line)
            self.scenes.append(replace(scene, trace=tuple(trace)))
            before = place

    @property
    def on_postgresql(self) -> bool:
        return any(scene.before is not None and scene.before.url for scene in self.scenes)

    def close(self) -> None:
        self._places.close()

    def run(self, cell: Cell, bug: str = "") -> list[str]:
        """Kill, redeliver, recover, check: what the checker found wrong."""
        scene = cell.scene
        mark = len(self.world.receipts)
        with self.copy(scene.before) as place:
            status, history = self._play(place, scene, scene.script, (cell.point, cell.nth), bug)
            if status != KILLED or cell.point not in {line.get("killed") for line in history}:
                return [f"the child was not killed there: it ended with {status}, {history}"]
            if cell.second:
                _, more = self._play(place, scene, self._rest(scene, history), ("*", cell.second), bug, later=1)
                history += more
            status, more = self._play(place, scene, self._rest(scene, history), bug=bug, later=2)
            history += more
            acked = [line["acked"] for line in history if "acked" in line]
            found = [f"the recovery ended with {status}: {more}"] if status else []
            found += [f"{call.id} was never acknowledged" for call in scene.calls if call.id not in acked]
            receipts = [*scene.receipts, *self.world.receipts[mark:]]
            # Only of a message that was claimed for sending before a kill may it be unknown whether it went out.
            doubtful = any(line.get("sending") for line in history)
            return found + self._problems(place, scene, acked, receipts, doubtful)

    def _rest(self, scene: Scene, history: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What the providers send again: all that was not acknowledged."""
        acked = {line.get("acked") for line in history}
        return [call.told() for call in scene.calls if call.id not in acked]

    def _play(
        self,
        place: Place,
        scene: Scene,
        script: list[dict[str, Any]],
        kill: tuple[str, int] = ("", 0),
        bug: str = "",
        later: int = 0,
    ) -> tuple[int, list[dict[str, Any]]]:
        """What becomes of a child and what it recorded. Each life ends past all leases, and the next begins no earlier."""
        self._jobs += 1
        history = self.folder / f"{self._jobs}.history"
        known = [{"do": "people", "people": people(self.cast)}] if scene.number == 0 else []
        settled = [*known, *script, {"do": "settle"}, {"do": "later", "seconds": PAST_LEASES_S}, {"do": "settle"}]
        job = {
            "history": str(history),
            "kill": kill,
            "at": (scene.at + timedelta(seconds=later * PAST_LEASES_S)).isoformat(),
            "bug": bug,
            "settings": {**self.world.settings(), "baton_home": str(place.home), "database_url": place.url},
            "script": settled,
        }
        status = self.nursery.bear(job)
        lines = history.read_text().splitlines() if history.exists() else []
        return status, [json.loads(line) for line in lines]

    def _problems(self, place: Place, scene: Scene, acked: list[str], receipts: list[Receipt], doubtful: bool) -> list[str]:
        played = STORY[: scene.number + 1]
        expected = checker.Expected(
            events=tuple(event for step in played for event in step.events),
            sends=tuple(send for step in played for send in step.sends),
            outcome=played[-1].outcome,
            doubtful=doubtful,
            addresses=whose(self.cast),
        )
        seen = tuple(checker.Seen(r.id, r.to, r.copy_of, part=not r.text) for r in receipts)
        books = checker.read(place.database)
        self.unknown += books.unknown
        return checker.problems(books, acked, seen, expected)

    def cells(self, *, every: bool) -> list[Cell]:
        """Every occurrence of every point over the whole story; or the first and the last of each, claims that found nothing
        apart. On PostgreSQL, where a child takes three times as long, it is the first of one point and the last of the next."""
        found: dict[str, list[Cell]] = {}
        for scene in self.scenes:
            count: Counter[str] = Counter()
            for place, point in enumerate(scene.trace):
                count[point] += 1
                if every or not idle(scene.trace, place):
                    found.setdefault(point, []).append(Cell(scene, point, count[point]))
        if every:
            return [cell for cells in found.values() for cell in cells]
        ends = [cells[:1] + cells[1:][-1:] for cells in found.values()]
        if not self.on_postgresql:
            return [cell for pair in ends for cell in pair]
        # Before and after follow each other in the trace, so both of a pair are at the same end.
        return [pair[-(number // 2 % 2)] for number, pair in enumerate(ends)]


def idle(trace: tuple[str, ...], place: int) -> bool:
    """Whether the point belongs to a claim after which nothing was done: the next point is another claim's, or the sweep's."""
    if not trace[place].endswith(".claim"):
        return False
    following = trace[place + (2 if trace[place].startswith("before:") else 1) :]
    return not following or following[0].endswith((".claim", "outbox.sweep", "timer.fire"))


# --- places ------------------------------------------------------------------------------------------------------------------


def on_sqlite(folder: Path) -> Copy:
    numbers = iter(range(1_000_000))

    @contextmanager
    def copy(place: Place | None) -> Iterator[Place]:
        home = folder / f"home-{next(numbers)}"
        if place is None:
            home.mkdir()
        else:
            shutil.copytree(place.home, home)
        yield Place(home)
        shutil.rmtree(home)

    return copy


def on_postgresql(folder: Path, create: Callable[[str], AbstractContextManager[str]]) -> Copy:
    """`create` makes a database from a template and gives its URL while it lasts."""
    homes = on_sqlite(folder)

    @contextmanager
    def copy(place: Place | None) -> Iterator[Place]:
        template = place.url.rpartition("/")[2] if place else "template0"
        with homes(place) as files, create(template) as url:
            yield Place(files.home, url)

    return copy
