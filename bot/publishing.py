"""Publishing flows only where their transcripts pass: at start, and by `baton flow publish`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from bot.book import FlowBook
from bot.bootstrap import open_database
from bot.clock import SystemClock
from bot.config import Settings
from bot.flowfiles import with_children
from bot.library import own_folder
from bot.rehearsal import play, read_transcript
from bot.rehearsal.command import transcripts_of
from bot.rehearsal.report import Tried, tried_lines
from bot.rehearsal.stage import family
from flows import Flow
from flows.loader import TEMPLATES, load


def checked_book() -> FlowBook:
    """A book that publishes a flow of the business's own only where its transcripts pass."""
    return FlowBook(rehearse=rehearsed)


def rehearsed(file: Path, flow: Flow) -> tuple[str, ...]:
    """What failed of the transcripts beside a flow file, in lines: which one, where, what was expected and what came. Templates
    that ship were tried before they shipped."""
    if file.resolve().is_relative_to(TEMPLATES.resolve()):
        return ()
    logging.getLogger("alembic").setLevel(logging.WARNING)
    tried = [_try(one, file, flow) for one in transcripts_of(file)]
    return tuple(line for one in tried if not one.passed for line in tried_lines(one))


def _try(transcript: Path, file: Path, flow: Flow) -> Tried:
    script, problems = read_transcript(transcript, flow, family(file))
    if script is None:
        return Tried(str(transcript), tuple(problems), (), 0.0)
    played = play(script, file, flow)
    return Tried(str(transcript), (), played.failures, played.seconds)


def publish(file: Path, settings: Settings, write: Callable[[str], None]) -> int:
    """Publish one flow file, and those of the flows that it starts. 1 where one was refused: then nothing of it is in force.

    Raises flows.FlowFileErrors, storage.StorageError, OSError."""
    files = with_children(file, [TEMPLATES, own_folder(settings)], load)
    database = open_database(settings, beside=True)
    try:
        found = checked_book().put(database, files, SystemClock().now())
    finally:
        database.close()
    for refusal in found.refused:
        write(f"{refusal.file} is not published:")
        for line in refusal.problems:
            write(line)
    refused = {refusal.flow for refusal in found.refused}
    for flow_id, published in found.in_force.items():
        if flow_id not in refused:
            write(f"{flow_id}: version {published.flow.version} is published; a running Baton takes it up when it starts again")
    if file.resolve().parent != own_folder(settings).resolve():
        write(f"note: {file} is not in the folder {own_folder(settings)}: put it there, so that people can start it")
    return int(bool(refused))
