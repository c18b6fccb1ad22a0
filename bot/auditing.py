"""`baton audit`: verify every hash chain, write and compare checkpoints."""

from __future__ import annotations

from pathlib import Path

import orjson

from bot.bootstrap import open_database
from bot.clock import SystemClock
from bot.config import Settings
from storage import Checkpoint
from storage.audit import exported, imported


def audit(settings: Settings, write_to: Path | None, against: Path | None) -> tuple[list[str], list[str]]:
    """(problems, lines to print). A checkpoint covers what happened before it; later changes of the past are found against it."""
    database = open_database(settings, beside=True)
    try:
        with database.read() as unit:
            problems = list(unit.audit.verify())
            if against is not None:
                problems += unit.audit.verify_against(_read(against))
        lines = [f"tampered: {problem}" for problem in problems]
        if write_to is not None:
            made = database.write("audit.checkpoint", lambda unit: unit.audit.checkpoint(SystemClock().now())).result()
            write_to.write_bytes(orjson.dumps(exported(made)))
            lines.append(f"checkpoint over {made.runs} runs written to {write_to}")
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines.append(count if problems else "every chain is whole")
        return problems, lines
    finally:
        database.close()


def _read(path: Path) -> Checkpoint:
    try:
        return imported(orjson.loads(path.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is not a checkpoint file that “baton audit --checkpoint” wrote") from error
