"""Processes started for the benchmark, and what a process tree costs (Linux: read from /proc)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.config import Settings

ROOT = Path(__file__).resolve().parents[2]
STOP_WITHIN = 15.0
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and its descendants hold and have used: resident memory in MB (shared pages count once for each process),
    processor time in seconds since the start."""

    memory_mb: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Child:
    """A running process, with the file that its output goes to."""

    process: subprocess.Popen[bytes]
    log: Path

    def usage(self) -> Usage:
        return usage(self.process.pid)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def last_words(self, lines: int = 15) -> str:
        """The end of its output."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self) -> int:
        """Ask it to stop (SIGTERM) and wait; kill it when it does not. Returns its exit code. Safe twice."""
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


@contextmanager
def started(module: str, *arguments: str, settings: Mapping[str, str], folder: Path) -> Iterator[Child]:
    """Run `python -m module` with our settings and no other setting of the product, in `folder`: no `.env` is found there.
    It is stopped at the end."""
    ours = {name.upper() for name in Settings.model_fields}
    inherited = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = inherited | {"NO_PROXY": "127.0.0.1", "PYTHONPATH": path} | dict(settings)
    log = folder / f"{module}.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", module, *arguments]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)  # noqa: S603
    child = Child(process, log)
    try:
        yield child
    finally:
        child.stop()


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def usage(root: int) -> Usage:
    """The usage of process `root` and its living descendants; what ended children used is counted with their parent."""
    stats = {pid: fields for pid in _pids() if (fields := _stat(pid)) is not None}
    tree = newest = {root}
    while newest:
        newest = {pid for pid, fields in stats.items() if int(fields[1]) in newest} - tree
        tree = tree | newest
    mine = [stats[pid] for pid in tree if pid in stats]
    return Usage(
        memory_mb=sum(int(fields[21]) for fields in mine) * _PAGE / 2**20,
        cpu_s=sum(int(ticks) for fields in mine for ticks in fields[11:15]) / _TICK,
    )


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the command's name (field 3 on; proc(5)), None when the process has gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
