"""A snapshot is the fold of decided facts. No rule, calendar or look-up is needed here, and no erased value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from flows.decided import (
    BlockDone,
    BranchTaken,
    Commented,
    Compensated,
    Decided,
    DocumentFiled,
    DocumentJudged,
    FilesSetAside,
    Forked,
    ItemWaived,
    Moved,
    NumberIssued,
    ParticipantBound,
    RunBegun,
    RunEnded,
    Undoing,
    ValueCleared,
    ValueSet,
)
from flows.progress import ChildDone, Reminded, Spawned, StepCleared
from flows.run import Cancelling, Filed, Remark, Run, Status, Verdict, Waiver
from flows.stepping import after as step_after
from flows.stepping import changed

T = TypeVar("T")


def replay(run: Run | None, decided: Iterable[Decided]) -> Run:
    """The snapshot after one event's decided facts. Raises ValueError where the first event of a run does not begin it."""
    for fact in decided:
        run = fold(run, fact)
    if run is None:
        raise ValueError("a run starts with RunBegun")
    return counted(run)


def counted(run: Run) -> Run:
    """One more event has been folded in."""
    return changed(run, sequence=run.sequence + 1)


def fold(run: Run | None, decided: Decided) -> Run:
    """The snapshot after one decided fact; `sequence` counts events and is left to `replay`."""
    if run is None:
        if not isinstance(decided, RunBegun):
            raise ValueError("a run starts with RunBegun")
        d = decided
        return Run(d.run_id, d.reference, d.flow, d.flow_version, d.requester, d.at, parent=d.parent)
    match decided:
        case ValueSet(name, value):
            return changed(run, values={**run.values, name: value})
        case ValueCleared(name):
            return changed(run, values=_without(run.values, name))
        case DocumentFiled() | DocumentJudged() | FilesSetAside() | ItemWaived():
            return _documents(run, decided)
        case BranchTaken(path, case):
            return changed(run, taken={**run.taken, path: case})
        case Forked(path):
            return changed(run, joined={**run.joined, path: ()})
        case BlockDone(path, block):
            return changed(run, joined={**run.joined, path: (*run.joined.get(path, ()), block)})
        case Commented(by, text, at):
            return changed(run, remarks=(*run.remarks, Remark(by, text, at)))
        case ParticipantBound(name, contact):
            return changed(run, participants={**run.participants, name: contact})
        case NumberIssued(series, number):
            return changed(run, numbers={**run.numbers, series: number})
        case StepCleared(path):
            return _cleared(run, path)
        case Reminded():
            return run
        case Spawned(path, _, children):
            return changed(run, children={**run.children, path: children})
        case ChildDone(path, child, outcome):
            others = tuple(replace(c, outcome=outcome) if c.run == child else c for c in run.children.get(path, ()))
            return changed(run, children={**run.children, path: others})
        case Undoing(paths, by, reason):
            return changed(run, cancelling=Cancelling(paths, by, reason))
        case Compensated(path) if run.cancelling is not None:
            left = tuple(p for p in run.cancelling.paths if p != path)
            return changed(run, cancelling=replace(run.cancelling, paths=left))
        case Moved(version):
            return changed(run, flow_version=version)
        case RunEnded(outcome, cancelled, _, at):
            return changed(run, status=Status.CANCELLED if cancelled else Status.ENDED, outcome=outcome, ended_at=at)
        case RunBegun() | Compensated():
            raise ValueError("a run begins once, and compensates only while it is cancelled")
    return changed(run, steps={**run.steps, decided.path: step_after(run.steps.get(decided.path), decided)})


def _documents(run: Run, decided: DocumentFiled | DocumentJudged | FilesSetAside | ItemWaived) -> Run:
    match decided:
        case DocumentFiled(filed):
            return changed(run, files=(*run.files, filed))
        case DocumentJudged(item, verdict):
            return changed(run, files=_judged(run.files, (item,), verdict))
        case FilesSetAside(items):
            return changed(run, files=_judged(run.files, items, Verdict.ASIDE))
        case ItemWaived(item, by, reason, at):
            return changed(run, waivers=(*run.waivers, Waiver(item, by, reason, at)))


def _judged(files: tuple[Filed, ...], items: tuple[str, ...], verdict: Verdict) -> tuple[Filed, ...]:
    return tuple(replace(f, verdict=verdict) if f.item in items and f.counts else f for f in files)


def _cleared(run: Run, path: str) -> Run:
    state = run.steps.get(path)
    return changed(
        run,
        steps=_without(run.steps, path),
        history=run.history if state is None else (*run.history, state),
        taken=_without(run.taken, path),
        joined=_without(run.joined, path),
        children=_without(run.children, path),
    )


def _without(of: Mapping[str, T], name: str) -> dict[str, T]:
    return {key: value for key, value in of.items() if key != name}
