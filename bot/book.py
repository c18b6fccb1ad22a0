"""The flows in force: published versions loaded once, found by version, id or start phrase."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.config import Settings
from flows import Flow
from flows.loader import TEMPLATES, load
from flows.model import Approve, Generate
from storage import Database, Unit


@dataclass(frozen=True, slots=True)
class Published:
    """One published version of a flow: `id` is its row."""

    id: int
    flow: Flow
    roles: tuple[str, ...]
    series: tuple[str, ...]


class FlowBook:
    """Published flow versions. Loaded versions never change, so they are kept for the life of the process. `read` loads a flow."""

    def __init__(self, read: Callable[..., Flow] | None = None) -> None:
        self._read = read or load
        self._versions: dict[int, Published] = {}
        self._phrases: dict[str, Published] = {}
        self._lock = threading.Lock()

    def publish(self, database: Database, folders: Iterable[Path], now: datetime) -> None:
        """Publish every flow file of `folders`: a new version where the file changed. What is in the folders is what people can
        start; runs in flight stay on their version. Raises flows.FlowFileErrors."""
        for folder in folders:
            for path in sorted(folder.glob("*.yaml")):
                source = path.read_text(encoding="utf-8")
                flow = self._read(source, str(path))
                version = database.write("flow.publish", _publication(flow.id, source, now)).result()
                with database.read() as unit:
                    current = self.version(unit, version)
                for phrase in current.flow.start.phrases:
                    self._phrases[phrase.casefold()] = current

    def version(self, unit: Unit, version_id: int) -> Published:
        """The published version behind a run's row. Raises KeyError where there is none."""
        found = self._versions.get(version_id)
        if found is None:
            with self._lock:
                flow_id, number, source = unit.flows.source(version_id)
                flow = self._read(source, f"{flow_id} version {number}", version=number)
                found = self._versions[version_id] = _published(version_id, flow)
        return found

    def started_by(self, phrase: str) -> Published | None:
        """The flow whose start phrase is exactly `phrase` (any letter case)."""
        return self._phrases.get(phrase.casefold())

    def startable(self) -> tuple[Published, ...]:
        """The flows that people can start, by title."""
        return tuple(sorted({p.id: p for p in self._phrases.values()}.values(), key=lambda p: p.flow.title.text()))


def _published(version_id: int, flow: Flow) -> Published:
    series = tuple(dict.fromkeys(s.series for s in flow.walk() if isinstance(s, Generate) and s.series))
    return Published(version_id, flow, tuple(dict.fromkeys((*flow.roles, "manager"))), series)


def _publication(flow_id: str, source: str, now: datetime) -> Callable[[Unit], int]:
    def work(unit: Unit) -> int:
        newest = max((number for _, flow, number in unit.flows.latest() if flow == flow_id), default=0)
        return unit.flows.publish(flow_id, newest + 1, source, now)

    return work


def folders(settings: Settings) -> list[Path]:
    """Where flow files are: the templates that ship, and the business's own."""
    return [TEMPLATES, *([settings.baton_flows] if settings.baton_flows else [])]


def approving_roles(settings: Settings) -> frozenset[str]:
    """The roles that decide approvals in the flows in force."""
    flows = [load(path) for folder in folders(settings) for path in sorted(folder.glob("*.yaml"))]
    return frozenset(role for flow in flows for step in flow.walk() if isinstance(step, Approve) for role in step.approvers)
