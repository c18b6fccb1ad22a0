"""What a worker step's work is: values read by rules, a text filled in, checks gone through. The result is a suggestion."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from string import Formatter
from zoneinfo import ZoneInfo

from bot.extraction import extract
from bot.pdf_text import pdf_text
from bot.transition import Names, Transitions
from bot.words import Scene
from flows import SYSTEM, Event, Facts, Flow, Refused, RuleError, Run, Value, names
from flows.events import Finish
from flows.model import Job, Worker
from storage import Database, Loaded, Unit, WorkRow


def suggestion(database: Database, transitions: Transitions, row: WorkRow, now: datetime) -> Callable[[Unit], None]:
    """Do the work of a claimed row, outside any transaction; what is given back records it. Raises LookupError for a run that is gone."""
    with database.read() as unit:
        loaded = unit.runs.load(row.run_id)
        if loaded is None:
            raise LookupError(f"run {row.run_id} is gone")
        flow = transitions.book.version(unit, loaded.flow_version_id).flow
        step = flow.step(row.path)
        assert isinstance(step, Worker), "work of this kind comes from a worker step"
        texts = list(_read(unit, loaded.run, step)) if step.job is Job.EXTRACT else []
        draft = _draft(unit, flow, loaded.run, step, transitions.business.zone, now)
    values = draft
    if step.job is Job.EXTRACT:
        today = now.astimezone(ZoneInfo(transitions.business.zone)).date()
        values = extract((flow.fields[name] for name in step.fields), "\n".join(_text(*each) for each in texts), today)

    def record(unit: Unit) -> None:
        report(unit, transitions, row, now, values=values)
        unit.work.finish(row)

    return record


def report(
    unit: Unit,
    transitions: Transitions,
    row: WorkRow,
    now: datetime,
    *,
    values: Mapping[str, Value] | None = None,
    error: str = "",
) -> None:
    """Put a result to the run; one for an attempt that has closed meanwhile changes nothing. Checks are gone through here, on the facts
    of the very transition."""
    loaded: Loaded | None = unit.runs.load(row.run_id)
    if loaded is None:
        return
    flow, run = transitions.book.version(unit, loaded.flow_version_id).flow, loaded.run

    def make(facts: Facts) -> Event:
        return Finish(
            at=now, actor=SYSTEM, facts=facts, path=row.path, attempt=row.attempt, values=dict(values or {}), error=error,
            failed=() if error else tuple(_failed(flow, run, facts, row.path)),
        )  # fmt: skip

    try:
        transitions.apply(unit, loaded, make, now)
    except Refused:
        return


def _failed(flow: Flow, run: Run, facts: Facts, path: str) -> Iterator[str]:
    """The checks that do not hold, or cannot be decided: better one warning too many."""
    step = flow.step(path)
    seen = names(flow, run, facts)
    for check in step.checks if isinstance(step, Worker) else ():
        try:
            holds = check.rule.evaluate(seen) is True
        except RuleError:
            holds = False
        if not holds:
            yield check.name


def _read(unit: Unit, run: Run, step: Worker) -> Iterator[tuple[str, bytes]]:
    """What was sent for the items that the worker reads: captions first, then the files (media type and bytes)."""
    for caption in unit.work.captions(run.id):
        yield "text/plain", caption.encode()
    for filed in run.files:
        if filed.item in step.items and filed.counts and (content := unit.documents.content(filed.document)) is not None:
            yield unit.documents.get(filed.document).type, content


def _text(kind: str, content: bytes) -> str:
    """Photos hold no text that rules could read."""
    if kind == "text/plain":
        return content.decode("utf-8", "replace")
    return pdf_text(content) if kind == "application/pdf" else ""


def _draft(unit: Unit, flow: Flow, run: Run, step: Worker, zone: str, now: datetime) -> dict[str, Value]:
    """The text in the language of its reader; nothing where a value that it needs is not known."""
    if step.text is None or step.job is not Job.DRAFT:
        return {}
    state = run.steps.get(step.id)
    contact = unit.people.contact(state.owners[0]) if state and state.owners else None
    language = contact.language if contact else "en"
    text, known = step.text.text(language), Scene(flow, run, language, zone, now, Names(unit)).values
    needed = {name for _, name, _, _ in Formatter().parse(text) if name}
    return {step.fields[0]: text.format_map(known)} if needed <= known.keys() else {}
