"""`baton test` and `baton simulate`: what the command line calls. Lines go to `write`; the answer is the exit code."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from bot.calendars import business_of
from bot.clock import SystemClock
from bot.config import Settings
from bot.forecast import forecast, forecast_data, forecast_lines
from bot.rehearsal.coverage import coverage
from bot.rehearsal.play import Played, play
from bot.rehearsal.reading import read_transcript
from bot.rehearsal.report import Tried, coverage_lines, tested_data, tried_lines
from bot.rehearsal.stage import family
from bot.rehearsal.turns import moment
from flows import Flow
from flows.loader import load, templates
from flows.reading.nodes import Place, Text, Wrong

Write = Callable[[str], None]


def flow_file(flow: str) -> Path:
    """The file behind a path, or behind the name of a template that ships. Raises ValueError."""
    path = Path(flow)
    if path.is_file():
        return path
    known = templates()
    if flow in known:
        here = Path.cwd()
        return known[flow].relative_to(here) if known[flow].is_relative_to(here) else known[flow]
    raise ValueError(f"there is no flow file {flow}. Give a file, or the name of a template: {', '.join(known)}.")


def transcripts_of(file: Path) -> list[Path]:
    """The transcripts beside a flow file: `NAME.transcripts/*.yaml`."""
    return sorted(file.with_suffix(".transcripts").glob("*.yaml"))


def rehearse(flow: str, transcripts: Sequence[Path], write: Write, *, cover: bool = False, as_json: bool = False) -> int:
    """Play transcripts (all beside the flow, or those given). 1 where one fails or, with `cover`, something is not visited.

    Raises flows.FlowFileErrors, ValueError where there is no flow or nothing to play."""
    file = flow_file(flow)
    files = list(transcripts) or transcripts_of(file)
    if not files:
        folder = file.with_suffix(".transcripts")
        raise ValueError(f"there are no transcripts for {file}. Write one as {folder}/NAME.yaml (docs/transcripts.md says how).")
    if missing := [str(one) for one in files if not one.is_file()]:
        raise ValueError(f"there is no transcript {missing[0]}")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    read = load(file)
    tried, played = [], []
    for one in files:
        result, play_of_it = _try(one, file, read)
        tried.append(result)
        played.extend(play_of_it)
        if not as_json:
            for line in tried_lines(result):
                write(line)
    found = coverage(read, (tuple(event.decided) for one in played for _, events in one.runs for event in events))
    if as_json:
        write(json.dumps(tested_data(read, tried, found), ensure_ascii=False, indent=2))
    else:
        failed = sum(not one.passed for one in tried)
        write(f"{len(tried)} transcripts, {failed} failed")
        for line in coverage_lines(found):
            write(line)
    return int(any(not one.passed for one in tried) or (cover and not found.whole))


def _try(transcript: Path, file: Path, flow: Flow) -> tuple[Tried, list[Played]]:
    script, problems = read_transcript(transcript, flow, family(file))
    if script is None:
        return Tried(str(transcript), tuple(problems), (), 0.0), []
    played = play(script, file, flow)
    return Tried(str(transcript), (), played.failures, played.seconds), [played]


def simulate(
    flow: str, values: Sequence[str], at: str, settings: Settings, write: Write, *, at_once: bool = False, as_json: bool = False
) -> int:
    """Tell the way that a run with these values would take, in the business's own calendar. Always 0.

    Raises flows.FlowError, ValueError for values or a time that cannot be used."""
    read = load(flow_file(flow))
    now = SystemClock().now()
    own = business_of(settings, now.date())
    begun = _begin(at, own.calendar.moment) if at else now
    if at:  # its holidays, should it be another year
        own = business_of(settings, begun.date())
    found = forecast(read, values, begun, own, at_once=at_once)
    if as_json:
        write(json.dumps(forecast_data(found, own.calendar), ensure_ascii=False, indent=2))
    else:
        for line in forecast_lines(found, own.calendar):
            write(line)
    return 0


def _begin(at: str, when: Callable[..., datetime]) -> datetime:
    try:
        day, clock = moment(Text(at, Place(1, 1)))
    except Wrong as wrong:
        raise ValueError(f"--at: {wrong.problem} Write it as “2026-03-02 10:00”.") from wrong
    if day is None:
        raise ValueError("--at needs a date too: “2026-03-02 10:00”.")
    return when(day, clock)
