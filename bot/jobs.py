"""Slow work outside transitions: fetch a file that somebody sent, generate a document. Each result is an event on its run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from bot.clock import Clock
from bot.conversation.envelope import unpack
from bot.filling import filling, holder, latest
from bot.pages import render
from bot.suggesting import report, suggestion
from bot.transition import Names, Transitions
from bot.words import Draft, retold
from channels.base import Channel, Inbound, Media, MediaError
from flows import Event, Facts, Refused, Run
from flows.events import SYSTEM, File, Finish
from flows.model import Flow, Generate
from flows.run import Verdict
from flows.said import sentence
from storage import Database, DocumentRow, Loaded, Unit, WorkRow

LEASE = timedelta(minutes=5)
RETRY = timedelta(seconds=5)
MOST_ATTEMPTS = 5
FILE_LIMIT = 16_000_000
"""Bytes; WhatsApp's own limit for media (https://twilio.com/docs/api/errors/11751)."""


class Unusable(Exception):
    """The file cannot be used; the message tells its sender what to do."""


@dataclass(slots=True)
class Jobs:
    """Runs claimed work rows. One instance serves all worker threads."""

    database: Database
    transitions: Transitions
    channels: Mapping[str, Channel]
    clock: Clock

    def claim(self, limit: int) -> list[WorkRow]:
        now = self.clock.now()
        return self.database.write("work.claim", lambda unit: unit.work.claim(now, limit, LEASE)).result()

    def perform(self, row: WorkRow) -> Future[Any]:
        """Do one claimed row and queue its result; the future is done when that is committed. A failure is tried again, and after
        MOST_ATTEMPTS stops the step at a manager: nothing waits in silence."""
        try:
            record = self._doing(row)
        except Unusable as problem:
            record = self._unusable(row, problem.args[0])
        except Exception as error:
            record = self._again(row, error)
        return self.database.write(f"work.{row.kind}", record)

    def _doing(self, row: WorkRow) -> Callable[[Unit], None]:
        match row.kind:
            case "generate":
                return self._generate(row)
            case "worker":
                return suggestion(self.database, self.transitions, row, self.clock.now())
        return self._fetch(row)

    # --- fetch -----------------------------------------------------------------------------------------------------

    def _fetch(self, row: WorkRow) -> Callable[[Unit], None]:
        with self.database.read() as unit:
            message = unit.inbox.get(int(row.details["inbox"]))
            address = unit.people.address(str(row.details["address"]))
        if message is None or address is None:
            raise Unusable(sentence("The message is no longer there. Please send the file again."))
        inbound = unpack(message.inbound, message.raw)
        channel = self.channels[inbound.channel]
        media = inbound.media[int(row.details["index"])]
        content, kind = self._content(channel, media, int(row.details["index"]), message.raw)
        now = self.clock.now()

        def record(unit: Unit) -> None:
            try:
                self._file(unit, row, content, kind, media.name, now)
            except Unusable as problem:
                self._say(unit, row, unit.runs.load(row.run_id), problem.args[0], now)
            unit.work.finish(row)

        return record

    def _content(self, channel: Channel, media: Media, index: int, raw: bytes) -> tuple[bytes, str]:
        """The bytes and their real type, whatever the sender called it."""
        from puremagic import PureError, from_string

        try:
            content = channel.fetch(_with_content(channel, media, index, raw), FILE_LIMIT)
        except MediaError as error:
            if error.too_large:
                raise Unusable(sentence("The file is larger than 16 MB. Please send a smaller one.")) from error
            if not error.retryable:
                raise Unusable(sentence("I could not fetch the file. Please send it again.")) from error
            raise
        try:
            kind = from_string(content[:8192], mime=True)
        except (PureError, ValueError) as error:
            raise Unusable(sentence("I cannot read this file. Please send a photo or a PDF.")) from error
        return content, {"image/jpg": "image/jpeg"}.get(kind, kind)

    def _file(self, unit: Unit, row: WorkRow, content: bytes, kind: str, name: str, now: datetime) -> None:
        """Store the file and put it to the run. Raises Unusable where the run cannot take it."""
        loaded = unit.runs.load(row.run_id)
        if loaded is None:
            raise Unusable(_NOT_WAITING)
        flow = self.transitions.book.version(unit, loaded.flow_version_id).flow
        found = latest(flow, loaded.run, row.path)
        if found is None:
            raise Unusable(_NOT_WAITING)
        state, step = found
        item, named = filling(flow, loaded.run, step, kind, str(row.details.get("caption", "")), name)
        if kind not in flow.documents[item].types:
            raise Unusable(sentence("I can take photos (JPEG, PNG, WebP) and PDFs only. Please send it as one of these."))
        _is_new(flow, loaded.run, hashlib.sha256(content).hexdigest(), item, named)
        by, count = str(row.details["by"]), 1 + sum(filed.item == item for filed in loaded.run.files)
        called = name or f"{flow.documents[item].title.text()} {count}.{kind.rsplit('/', 1)[-1]}"
        document = unit.documents.put(content, kind, called, by, now)

        def make(facts: Facts) -> Event:
            return File(
                at=now, actor=by, facts=facts, path=state.path, attempt=state.attempt, item=item, document=document.id,
                digest=document.digest, name=document.name,
            )  # fmt: skip

        # Of several files that are on their way together only the last is answered with what is still needed.
        quiet = by if unit.work.beside(row) else ""
        try:
            self.transitions.apply(unit, loaded, make, now, quiet=quiet)
        except Refused as refusal:
            raise Unusable(_REFUSED.get(refusal.code, _NOT_WAITING)) from refusal

    # --- generate --------------------------------------------------------------------------------------------------

    def _generate(self, row: WorkRow) -> Callable[[Unit], None]:
        with self.database.read() as unit:
            loaded = unit.runs.load(row.run_id)
            if loaded is None:
                raise LookupError(f"run {row.run_id} is gone")
            flow = self.transitions.book.version(unit, loaded.flow_version_id).flow
            step = flow.step(row.path)
            assert isinstance(step, Generate), "work of this kind comes from a generate step"
            content = render(step, flow, loaded.run, Names(unit), self.clock.now(), self.transitions.business.zone)
        now = self.clock.now()
        number = str(row.details.get("number") or loaded.run.reference)

        def record(unit: Unit) -> None:
            document = unit.documents.put(content, "application/pdf", f"{number}.pdf", loaded.run.requester, now)
            self._finish(unit, row, document, "", now)
            unit.work.finish(row)

        return record

    def _finish(self, unit: Unit, row: WorkRow, document: DocumentRow | None, error: str, now: datetime) -> None:
        """Report to the run; a result for an attempt that has closed meanwhile is recorded on the row and ignored."""
        loaded = unit.runs.load(row.run_id)
        if loaded is None:
            return

        def make(facts: Facts) -> Event:
            of = document or DocumentRow("", "", "", 0, "")
            return Finish(
                at=now, actor=SYSTEM, facts=facts, path=row.path, attempt=row.attempt, error=error,
                document=of.id, digest=of.digest, name=of.name,
            )  # fmt: skip

        try:
            self.transitions.apply(unit, loaded, make, now)
        except Refused:
            return

    # --- what went wrong -------------------------------------------------------------------------------------------

    def _again(self, row: WorkRow, error: Exception) -> Callable[[Unit], None]:
        now = self.clock.now()
        words = f"{type(error).__name__}: {error}"[:300]

        def record(unit: Unit) -> None:
            parked = unit.work.fail(row, words, now, RETRY * 2**row.attempts, park_after=MOST_ATTEMPTS)
            if parked and row.kind == "generate":
                self._finish(unit, row, None, sentence("the document could not be made"), now)
            elif parked and row.kind == "worker":
                report(unit, self.transitions, row, now, error=sentence("The work could not be done. Please answer yourself."))
            elif parked:
                self._say(
                    unit, row, unit.runs.load(row.run_id), sentence("I could not fetch your file. Please send it again."), now
                )

        return record

    def _unusable(self, row: WorkRow, problem: str) -> Callable[[Unit], None]:
        now = self.clock.now()

        def record(unit: Unit) -> None:
            self._say(unit, row, unit.runs.load(row.run_id), problem, now)
            unit.work.finish(row)

        return record

    def _say(self, unit: Unit, row: WorkRow, loaded: Loaded | None, problem: str, now: datetime) -> None:
        """Tell the sender of a file; the run is unchanged."""
        contact = unit.people.contact(str(row.details["by"]))
        address = unit.people.address(str(row.details["address"]))
        if contact is None or address is None:
            return
        heading = f"{loaded.run.reference}\n" if loaded else ""
        text = heading + retold(problem, contact.language)
        self.transitions.tell(unit, contact.id, Draft(text, run_id=row.run_id), now, via=address)


_NOT_WAITING = sentence("This request no longer waits for documents.")
_REFUSED = {
    "duplicate": sentence("I already have this file. Please send the next one."),
    "run_over": sentence("This request has already ended."),
}


@runtime_checkable
class Readable(Protocol):
    """A channel whose messages bring their files along: read again from the stored, verified body."""

    def read(self, raw: bytes) -> tuple[Inbound, ...]: ...


def _with_content(channel: Channel, media: Media, index: int, raw: bytes) -> Media:
    return channel.read(raw)[0].media[index] if isinstance(channel, Readable) else media


def _is_new(flow: Flow, run: Run, digest: str, item: str, named: bool) -> None:
    """Raises Unusable where the run has this very file: for the same item, or for another one that the caption does not name."""
    known = holder(run, digest)
    if known is None or (known.item != item and named):
        return
    if known.verdict is Verdict.REJECTED:
        raise Unusable(sentence("I already have this file, and it was not accepted. Please send another one."))
    if known.item == item:
        raise Unusable(_REFUSED["duplicate"])
    text = sentence(
        "I already have this file: it is {title}. Please send the next one, or write below it what else it is.",
        title=flow.documents[known.item].title,
    )
    raise Unusable(text)
