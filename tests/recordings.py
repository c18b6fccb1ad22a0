"""Recorded histories: what every template's transcripts decided, kept as text, so that newer code can be held to it.

    python -m tests.recordings [FLOW ...]     plays the transcripts (of all templates, or of these) and writes tests/histories/

    histories/<flow>/<id>.yaml          the flow files that were played (the flow's own, and those of the flows that it starts)
    histories/<flow>/<transcript>.json  calendars, facts (each once, named by its number), and each run's events and end
    {"kind": "decide", "event": {..., "facts": 3}, "decided": [["voted", {...}], ...]}

Ids that are drawn anew at every play (people, runs, documents) are replaced by ones that are the same each time.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from bot.rehearsal.command import transcripts_of
from bot.rehearsal.play import play
from bot.rehearsal.reading import read_transcript
from bot.rehearsal.stage import Stage, family
from flows import Calendar, Event, Run
from flows.decided import Decided
from flows.engine.children import child_id
from flows.loader import load, templates
from flows.model import Flow
from storage import Unit
from storage.codec import DECIDED, EVENTS, kind_of
from storage.coders import coder
from storage.privacy import Opened, Taking

FOLDER = Path(__file__).parent / "histories"
_IDS = re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{32})\b")
_NAMES: Mapping[type, str] = {kind: name for name, kind in DECIDED.items()}


class Plain(Taking):
    """Nothing is sealed: nobody in a transcript is a person."""

    def person(self, contact: str) -> tuple[str, ...]:
        return ()

    def field(self, name: str, value: Any) -> tuple[str, ...]:
        return ()

    def quoting(self, text: str) -> tuple[str, ...]:
        return ()


PLAIN = Plain("", {})


@dataclass(frozen=True)
class Moment:
    """One event as it was put to the engine, and what was decided on it."""

    event: Event
    decided: tuple[Decided, ...]


@dataclass(frozen=True)
class History:
    """One run: the flow versions that it was on (by number), and how it stood in the end."""

    name: str
    flow: Flow
    moments: tuple[Moment, ...]
    end: Run


# --- reading ----------------------------------------------------------------------------------------------------------


def recorded(folder: Path = FOLDER) -> Iterator[History]:
    """Every run of every recorded transcript."""
    for file in sorted(folder.glob("*/*.json")):
        yield from read(file)


def read(file: Path) -> Iterator[History]:
    raw = json.loads(file.read_text(encoding="utf-8"))
    calendars = {digest: _calendar(told) for digest, told in raw["calendars"].items()}
    for run in raw["runs"]:
        moments = tuple(_moment(each, raw["facts"], calendars) for each in run["events"])
        end = cast(Run, coder(Run)[1](run["end"], Opened({})))
        yield History(f"{file.parent.name}/{file.stem}/{end.reference}", load(file.parent / f"{end.flow}.yaml"), moments, end)


def _moment(raw: Any, facts: list[Any], calendars: Mapping[str, Calendar]) -> Moment:
    known = facts[raw["event"]["facts"]]
    opened = Opened({}, calendars[known["calendar_digest"]])
    event = cast(Event, coder(EVENTS[raw["kind"]])[1]({**raw["event"], "facts": known}, opened))
    return Moment(event, tuple(cast(Decided, coder(DECIDED[kind])[1](body, opened)) for kind, body in raw["decided"]))


def _calendar(raw: Any) -> Calendar:
    week = {
        int(day): tuple((time.fromisoformat(a), time.fromisoformat(z)) for a, z in spans) for day, spans in raw["week"].items()
    }
    return Calendar(raw["zone"], week, frozenset(date.fromisoformat(day) for day in raw["holidays"]))


# --- recording --------------------------------------------------------------------------------------------------------


def record(flow: str, folder: Path = FOLDER) -> list[str]:
    """Play the transcripts of a template and write them down; the names of those that fail, which are left out."""
    file, failed = templates()[flow], []
    into = folder / load(file).id
    into.mkdir(parents=True, exist_ok=True)
    for old in into.iterdir():
        old.unlink()
    for transcript in transcripts_of(file):
        script, problems = read_transcript(transcript, load(file), family(file))
        kept: list[dict[str, Any]] = []
        played = script and play(script, file, load(file), lambda stage, kept=kept: kept.append(_kept(stage, into)))  # type: ignore[misc]
        if problems or not played or played.failures or not kept:
            failed.append(transcript.name)
            continue
        (into / f"{transcript.stem}.json").write_text(_text(kept[0]), encoding="utf-8")
    return failed


def _kept(stage: Stage, into: Path) -> dict[str, Any]:
    """What the database holds at the end of a play."""
    business = stage.product.transitions.business
    facts: dict[str, int] = {}
    with stage.product.database.read() as unit:
        ids = list(unit.conn.exec_driver_sql("SELECT id FROM run ORDER BY created_at, length(reference), reference").scalars())
        runs = [_run(unit, run, business.calendar, facts, into) for run in ids]
        same = _same_ids(unit, ids)
    raw = {"calendars": {business.digest: _told(business.calendar)}, "facts": [json.loads(each) for each in facts], "runs": runs}
    return cast(dict[str, Any], json.loads(_renamed(json.dumps(raw, ensure_ascii=False), same)))


def _run(unit: Unit, run_id: str, calendar: Calendar, facts: dict[str, int], into: Path) -> dict[str, Any]:
    loaded = unit.runs.load(run_id)
    assert loaded is not None
    flow, _, source = unit.flows.source(loaded.flow_version_id)
    (into / f"{flow}.yaml").write_text(source, encoding="utf-8")
    events = zip(unit.runs.inputs(run_id, calendar), unit.runs.events(run_id), strict=True)
    return {
        "events": [_event(event, tuple(row.decided), facts) for event, row in events],
        "end": coder(Run)[0](loaded.run, PLAIN),
    }


def _event(event: Event, decided: tuple[Decided, ...], facts: dict[str, int]) -> dict[str, Any]:
    body = coder(type(event))[0](event, PLAIN)
    number = facts.setdefault(json.dumps(body["facts"], ensure_ascii=False), len(facts))
    told = [[_NAMES[type(fact)], coder(type(fact))[0](fact, PLAIN)] for fact in decided]
    return {"kind": kind_of(event), "event": body | {"facts": number}, "decided": told}


def _told(calendar: Calendar) -> dict[str, Any]:
    week = {day: [[a.isoformat("minutes"), z.isoformat("minutes")] for a, z in spans] for day, spans in calendar.week.items()}
    return {"zone": calendar.zone, "week": week, "holidays": sorted(day.isoformat() for day in calendar.holidays)}


def _same_ids(unit: Unit, runs: list[str]) -> dict[str, str]:
    """People by their names, runs by their references; a child's id comes of its parent's, as the engine makes it."""
    same: dict[str, str] = {}
    for person in unit.people.all():
        name = re.sub(r"\W+", "-", person.name.casefold()).strip("-") or "somebody"
        same[person.id] = name if name not in same.values() else f"{name}-{len(same)}"

    def name_of(run_id: str) -> str:
        if run_id not in same:
            loaded = unit.runs.load(run_id)
            assert loaded is not None
            of = loaded.run.parent
            drawn = sha256(loaded.run.reference.encode()).hexdigest()[:32]
            same[run_id] = child_id(name_of(of.run), of.path, of.attempt, of.index) if of else drawn
        return same[run_id]

    for run_id in runs:
        name_of(run_id)
    return same


def _renamed(text: str, same: dict[str, str]) -> str:
    """Ids of documents and digests of files are numbered as they come."""
    known = set(same.values())

    def name(found: re.Match[str]) -> str:
        id = found[0]
        return id if id in known else same.setdefault(id, f"{'file' if len(id) == 32 else 'digest'}-{len(same)}")

    return _IDS.sub(name, text)


def _text(raw: dict[str, Any]) -> str:
    """One line for each event and each set of facts, so that a change can be read."""

    def line(of: Any) -> str:
        return json.dumps(of, ensure_ascii=False, separators=(",", ":"))  # in order: values are set in the order given

    runs = [f'{{"events":[\n{_lines(map(line, run["events"]))}],\n"end":{line(run["end"])}}}' for run in raw["runs"]]
    return (
        f'{{"calendars":{line(raw["calendars"])},\n"facts":[\n{_lines(map(line, raw["facts"]))}],\n"runs":[{",".join(runs)}]}}\n'
    )


def _lines(of: Iterator[str]) -> str:
    return ",\n".join(of) + "\n"


def main(flows: list[str]) -> int:
    failed = {flow: record(flow) for flow in flows or sorted(templates())}
    for flow, names in failed.items():
        print(
            f"{flow}: {len(list((FOLDER / load(templates()[flow]).id).glob('*.json')))} recorded", *(f"FAILED {n}" for n in names)
        )
    return int(any(failed.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
