"""The flows in force: published versions loaded once, found by version, id or start phrase."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from bot.config import Settings
from bot.flowfiles import FlowFile, Read, children_first, started
from bot.library import flow_files
from bot.owning import NO_WORDS, Words, words
from flows import Flow
from flows.loader import load
from flows.model import Approve, Generate
from storage import Database, Unit

Rehearse = Callable[[Path, Flow], tuple[str, ...]]
"""Plays the transcripts of a flow file, read as that flow: what failed, in lines; () where nothing did."""


Found = Callable[[Read], Mapping[str, FlowFile]]
"""The flow files that are to be in force, by flow, read in the way given."""


@dataclass(frozen=True, slots=True)
class Published:
    """One published version of a flow: `id` is its row. `children`: the version of each flow that it starts."""

    id: int
    flow: Flow
    roles: tuple[str, ...]
    series: tuple[str, ...]
    children: Mapping[str, int] = field(default_factory=dict)
    words: Words = NO_WORDS


@dataclass(frozen=True, slots=True)
class Refusal:
    """A flow file that was not published, and why, in lines."""

    flow: str
    file: Path
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What publishing came to: what is in force now, by flow, and what was refused."""

    in_force: Mapping[str, Published]
    refused: tuple[Refusal, ...]


class FlowBook:
    """Published flow versions. Loaded versions never change, so they are kept for the life of the process. `read` loads a flow;
    `rehearse` is asked before a new version is published, and by default never objects."""

    def __init__(self, read: Read | None = None, rehearse: Rehearse | None = None) -> None:
        self._read = read or load
        self._rehearse = rehearse or (lambda path, flow: ())
        self._versions: dict[int, Published] = {}
        self._phrases: dict[str, Published] = {}
        self._lock = threading.Lock()

    def publish(self, database: Database, found: Found, now: datetime) -> Outcome:
        """Publish the flow files that are to be in force (see `bot.library.flow_files`): a new version where the file changed, or a
        flow that it starts. They are what people can start; runs in flight stay on their version. A file whose rehearsal fails is
        refused, and what was in force before stays so. Raises flows.FlowFileErrors."""
        return self.put(database, found(self._read), now)

    def put(self, database: Database, files: Mapping[str, FlowFile], now: datetime) -> Outcome:
        """The same for flow files in hand, by their flows' ids; children before those who start them."""
        refused: dict[str, Refusal] = {}
        in_force: dict[str, Published] = {}
        for file in children_first(files):
            flow = file.flow
            children = {child: in_force[child].id for child in started(flow) if child in in_force}
            version = _known(database, file, children)
            if version is None and (problems := self._objections(file, refused)):
                refused[flow.id] = Refusal(flow.id, file.path, problems)
                version = _newest(database, flow.id)
                if version is None:
                    continue
            elif version is None:
                version = database.write("flow.publish", _publication(file, children, now)).result()
            with database.read() as unit:
                in_force[flow.id] = self._kept(unit, version, None if flow.id in refused else flow)
        for current in in_force.values():
            self._phrases |= {phrase.casefold(): current for phrase in current.flow.start.phrases}
        return Outcome(in_force, tuple(refused.values()))

    def _objections(self, file: FlowFile, refused: Mapping[str, Refusal]) -> tuple[str, ...]:
        """Why this may not be published."""
        lacking = [child for child in started(file.flow) if child in refused]
        return tuple(f"It starts the flow {child}, which was refused." for child in lacking) or self._rehearse(
            file.path, file.flow
        )

    def version(self, unit: Unit, version_id: int) -> Published:
        """The published version behind a run's row. Raises KeyError where there is none."""
        return self._versions.get(version_id) or self._kept(unit, version_id, None)

    def _kept(self, unit: Unit, version_id: int, flow: Flow | None) -> Published:
        """The version, kept from now on; `flow` is what stands in it, where that is read already."""
        with self._lock:
            if version_id not in self._versions:
                flow_id, number, source = unit.flows.source(version_id)
                read = flow or self._read(source, f"{flow_id} version {number}", version=number)
                self._versions[version_id] = _published(unit, version_id, replace(read, version=number))
            return self._versions[version_id]

    def child(self, unit: Unit, of: Published, flow_id: str) -> Published:
        """The version of the flow `flow_id` that `of` was published with. Raises KeyError where it starts no such flow."""
        return self.version(unit, of.children[flow_id])

    def started_by(self, phrase: str) -> Published | None:
        """The flow whose start phrase is exactly `phrase` (any letter case)."""
        return self._phrases.get(phrase.casefold())

    def startable(self) -> tuple[Published, ...]:
        """The flows that people can start, by title."""
        return tuple(sorted({p.id: p for p in self._phrases.values()}.values(), key=lambda p: p.flow.title.text()))


def _published(unit: Unit, version_id: int, flow: Flow) -> Published:
    series = tuple(dict.fromkeys(s.series for s in flow.walk() if isinstance(s, Generate) and s.series))
    roles = tuple(dict.fromkeys((*flow.roles, "manager")))
    return Published(version_id, flow, roles, series, unit.flows.children(version_id), words(flow))


def _known(database: Database, file: FlowFile, children: Mapping[str, int]) -> int | None:
    with database.read() as unit:
        return unit.flows.known(file.flow.id, file.source, children)


def _newest(database: Database, flow_id: str) -> int | None:
    with database.read() as unit:
        return next((version for version, flow, _ in unit.flows.latest() if flow == flow_id), None)


def _publication(file: FlowFile, children: Mapping[str, int], now: datetime) -> Callable[[Unit], int]:
    def work(unit: Unit) -> int:
        newest = max((number for _, flow, number in unit.flows.latest() if flow == file.flow.id), default=0)
        return unit.flows.publish(file.flow.id, newest + 1, file.source, now, children)

    return work


def approving_roles(settings: Settings) -> frozenset[str]:
    """The roles that decide approvals in the flows in force."""
    found = [file.flow for file in flow_files(settings, load).values()]
    return frozenset(role for flow in found for step in flow.walk() if isinstance(step, Approve) for role in step.approvers)
