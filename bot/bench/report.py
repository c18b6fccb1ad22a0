"""What the benchmark found: figures, and everything needed to judge how they were got."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

LIBRARIES = ("flask", "waitress", "sqlalchemy", "twilio", "psycopg")


class BenchFailed(Exception):
    """Something was lost, doubled or not as agreed: there is no figure. `problems` says what, a line each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure. `seconds` is the length of each of the two measured phases; `rate` the messages a second of the second;
    `contacts` are requesters, approvers come on top; `in_flight` runs are open at a time at saturation. `database_url` is a
    PostgreSQL server where databases may be created, "" for SQLite; `folder` is where files go meanwhile (it should be on the
    disk that the product would use)."""

    seconds: float = 8.0
    database_url: str = ""
    contacts: int = 1000
    older_runs: int = 100_000
    rate: float = 20.0
    in_flight: int = 64
    folder: Path = Path("var")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One measurement. Times end in their unit: `_ms`, `_s`; memory is resident, of the server's process tree."""

    runs_per_s: float
    floor_runs_per_s: float
    ratio: float
    messages_per_s: float
    ack_p50_ms: float
    ack_p99_ms: float
    reply_p50_ms: float
    reply_p95_ms: float
    reply_p99_ms: float
    saturated_ack_p99_ms: float
    saturated_run_p50_ms: float
    sends_per_run: float
    undo_delay_s: float
    memory_mb: float
    idle_memory_mb: float
    cpu_ms_per_run: float
    generator_cpu_ms_per_run: float
    provider_cpu_ms_per_run: float
    database: str
    synchronous: str
    contacts: int
    older_runs: int
    runs: int
    rate: float
    in_flight: int
    seconds: float
    prepare_s: float
    total_s: float
    started: str
    cpus: int
    python: str
    versions: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """The figures by name, ready for `json.dumps`."""
        return asdict(self)

    def as_text(self) -> str:
        """A short table to read."""
        rows = [
            ("approval runs at saturation", f"{self.runs_per_s:.1f} /s", f"{self.in_flight} in flight for {self.seconds:g} s"),
            ("the floor (two bare commits a run)", f"{self.floor_runs_per_s:.1f} /s", f"ratio {self.ratio:.2f}"),
            ("messages at saturation", f"{self.messages_per_s:.0f} /s", f"{self.sends_per_run:.2f} sends a run"),
            (f"acknowledgement at {self.rate:g}/s", f"{self.ack_p50_ms:.1f} ms", f"p99 {self.ack_p99_ms:.1f} ms"),
            (
                f"reply at {self.rate:g}/s",
                f"{self.reply_p50_ms:.1f} ms",
                f"p95 {self.reply_p95_ms:.1f} ms, p99 {self.reply_p99_ms:.1f} ms, undo delay {self.undo_delay_s:g} s",
            ),
            (
                "at saturation",
                f"{self.saturated_run_p50_ms:.0f} ms",
                f"a run; acknowledgement p99 {self.saturated_ack_p99_ms:.0f} ms",
            ),
            ("processor of the server", f"{self.cpu_ms_per_run:.2f} ms", f"a run, on {self.cpus} processors"),
            (
                "processor of the load and the provider",
                f"{self.generator_cpu_ms_per_run + self.provider_cpu_ms_per_run:.2f} ms",
                "a run",
            ),
            ("memory", f"{self.memory_mb:.0f} MB", f"{self.idle_memory_mb:.0f} MB before the load"),
            ("database", self.database, f"synchronous {self.synchronous}"),
            ("filled with", f"{self.older_runs}", f"older runs, {self.contacts} contacts, in {self.prepare_s:.1f} s"),
            ("checked", f"{self.runs}", "runs, each approved and with exactly its messages"),
        ]
        return "\n".join(f"{name:<40}{value:>14}   {more}" for name, value, more in rows)


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: the smallest value that at least `share` (0 to 1) of all do not exceed. NaN where none is."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def versions() -> dict[str, str]:
    """The libraries that do the work."""
    return {name: version(name) for name in LIBRARIES}
