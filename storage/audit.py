"""The audit trail: a hash chain per run, and checkpoints that bind all chains together.

A link is SHA-256 over the link before it and every column of its event, ciphertext included: it is checked without any key, and
still holds after an erasure. A chain alone does not show that its end was cut off, that it was made anew, or that a whole run is
gone; a checkpoint exported earlier does. What was written after the last checkpoint can be rewritten unseen by whoever may write
to the database: keep exported checkpoints where that person cannot write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import Row, func, insert, select, text

from flows.run import Run
from flows.values import Erased
from storage.chain import Merkle, link
from storage.codec import decode_run
from storage.errors import StorageError
from storage.privacy import ERASED
from storage.repository import Repository
from storage.rows import Checkpoint
from storage.runs import listed, refold
from storage.tables import runs as tables
from storage.tables.base import table

RUN, EVENT, CHECKPOINT = table(tables.Run), table(tables.Event), table(tables.Checkpoint)
LINKS = select(EVENT, RUN.c.reference).outerjoin(RUN, RUN.c.id == EVENT.c.run_id).order_by(EVENT.c.run_id, EVENT.c.number)
BATCH = 500

by_run = attrgetter("run_id")


def exported(checkpoint: Checkpoint) -> dict[str, Any]:
    """The checkpoint as a JSON object of a few short strings and numbers."""
    numbers = {name: getattr(checkpoint, name) for name in ("root", "runs", "events", "last")}
    return {"at": checkpoint.at.isoformat(), **numbers}


def imported(raw: Mapping[str, Any]) -> Checkpoint:
    """The checkpoint of an `exported` object. Raises ValueError on anything else."""
    match raw:
        case {"at": str(at), "root": str(root), "runs": int(runs), "events": int(events), "last": int(last)}:
            return Checkpoint(datetime.fromisoformat(at), root, runs, events, last)
    raise ValueError("not an exported checkpoint")


class Audit(Repository):
    """Checks what is stored against itself and against checkpoints. Reads everything: minutes for millions of events."""

    def verify(self, run_id: str | None = None) -> list[str]:
        """What is wrong with one run or with all, in words; [] where nothing is.

        Every chain is computed again; a run's snapshot and list columns must be the fold of its history (erased parts aside).
        """
        links = LINKS if run_id is None else LINKS.where(EVENT.c.run_id == run_id)
        stream = self.conn.execute(links.execution_options(yield_per=BATCH))
        problems = [problem for run, rows in groupby(stream, by_run) for problem in self._problems(run, list(rows))]
        bare = select(RUN.c.reference).where(~select(EVENT.c.id).where(EVENT.c.run_id == RUN.c.id).exists())
        for reference in self.conn.scalars(bare if run_id is None else bare.where(RUN.c.id == run_id)):
            problems.append(f"{reference}: its history is missing")
        return problems

    def checkpoint(self, now: datetime) -> Checkpoint:
        """Store and return the root over all chains as they stand. `exported` makes it fit to be kept elsewhere."""
        if self.transaction.dialect == "postgresql":
            # Row numbers are drawn before their commit: wait for the writers, so that none below `last` comes later.
            self.conn.execute(text("LOCK TABLE event IN SHARE MODE"))
        last = self.conn.scalar(select(func.max(EVENT.c.id))) or 0
        made = self._upto(last, now)
        self.conn.execute(insert(CHECKPOINT), {field.name: getattr(made, field.name) for field in fields(made)})
        return made

    def latest(self) -> Checkpoint | None:
        """The checkpoint stored last."""
        columns = [CHECKPOINT.c[field.name] for field in fields(Checkpoint)]
        row = self.conn.execute(select(*columns).order_by(CHECKPOINT.c.id.desc()).limit(1)).one_or_none()
        return None if row is None else Checkpoint(*row)

    def verify_against(self, checkpoint: Checkpoint) -> list[str]:
        """What `verify` finds, and whether the history that `checkpoint` covered is still all there and the same."""
        stands = self._upto(checkpoint.last, checkpoint.at)
        if stands == checkpoint:
            return self.verify()
        return [
            *self.verify(),
            f"the history up to {checkpoint.at.isoformat()} is not the one of that checkpoint: "
            f"it had {checkpoint.runs} runs with {checkpoint.events} events, now {stands.runs} with {stands.events}",
        ]

    def _upto(self, last: int, at: datetime) -> Checkpoint:
        """The checkpoint over the events up to row `last`. A chain's leaf says its run, how many links, the last one's hash."""
        heads = select(EVENT.c.run_id, EVENT.c.hash).where(EVENT.c.id <= last).order_by(EVENT.c.run_id, EVENT.c.number)
        tree, events = Merkle(), 0
        for run_id, rows in groupby(self.conn.execute(heads.execution_options(yield_per=BATCH)), by_run):
            hashes = [row.hash for row in rows]
            tree.add(orjson.dumps([run_id, len(hashes), hashes[-1]]))
            events += len(hashes)
        return Checkpoint(at, tree.root(), tree.count, events, last)

    def _problems(self, run_id: str, rows: list[Row[Any]]) -> list[str]:
        broken = list(_broken(rows)) or self._unlike(run_id, rows)
        return [f"{rows[0].reference or run_id}: {problem}" for problem in broken]

    def _unlike(self, run_id: str, rows: list[Row[Any]]) -> list[str]:
        """Where the stored run differs from the fold of its sound history."""
        stored = self.conn.execute(select(RUN).where(RUN.c.id == run_id)).one_or_none()
        if stored is None:
            return ["the run itself is missing, its history is there"]
        try:
            made = self._fold(rows)
            kept = decode_run(stored.snapshot, self.keys)
        except (StorageError, ValueError, KeyError, TypeError) as error:
            return [f"it cannot be read: {error}"]
        columns = [name for name, value in ({"id": made.id} | listed(made)).items() if getattr(stored, name) != value]
        unlike = [f"its {', '.join(columns)} differs from its history"] if columns else []
        return unlike if agree(kept, made) else [*unlike, "its snapshot differs from its history"]

    def _fold(self, rows: Iterable[Row[Any]]) -> Run:
        return refold((row.body for row in rows), self.keys)


def _broken(rows: Iterable[Row[Any]]) -> Iterator[str]:
    """Where a chain does not hold. Each link is judged from the stored hash before it, so that one edit is one problem."""
    previous, expected = "", 1
    for row in rows:
        made = link(previous, row.run_id, row.number, row.kind, row.actor, row.at, row.recorded_at, row.body)
        if row.number != expected:
            yield f"event {expected} is missing"
        elif row.hash != made:
            yield f"event {row.number} was changed, or stands where another one stood"
        previous, expected = row.hash, row.number + 1


def agree(one: Any, other: Any) -> bool:
    """Whether two runs are the same where neither is erased: a part can be erased in one place before the other."""
    if one == other or ERASED in (one, other) or isinstance(one, Erased) or isinstance(other, Erased):
        return True
    if type(one) is not type(other):
        return False
    if is_dataclass(one):
        return all(agree(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(agree(one[name], other[name]) for name in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(agree, one, other))
    return False
