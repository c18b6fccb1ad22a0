"""The way out: outbox rows to providers. Claimed before the call, recorded after it, and never sent blindly twice."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.clock import Clock
from bot.words import Translate, translator
from channels.base import Attachment, Button, Channel, Message, SendError, Sent
from channels.fit import fit
from flows.said import sentence
from storage import Address, Database, OutboxRow, Unit

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 8
FIRST_RETRY = timedelta(seconds=2)
LONGEST_RETRY = timedelta(hours=1)
FILE_LIFE = timedelta(days=1)
SAFE_TWICE = frozenset({"reminder", "notice"})


@dataclass(frozen=True, slots=True)
class Errand:
    """A claimed row, and where its contact could be reached when it was claimed."""

    row: OutboxRow
    addresses: tuple[Address, ...]

    @property
    def id(self) -> int:
        return self.row.id


@dataclass(frozen=True, slots=True)
class Plan:
    """How one row will travel: `address` is where to. `hold` or `refuse` say why it does not."""

    address: Address | None
    hold: str = ""
    refuse: str = ""
    template: str = ""


def plan(row: OutboxRow, addresses: tuple[Address, ...], channels: Mapping[str, Channel], notice: str, now: datetime) -> Plan:
    """Choose the way: the row's own address; where its 24-hour window is closed, the contact's other channels, then the approved
    notice template `notice`; else it is held until the person writes again. Never to an address that opted out. Pure."""
    usable = [a for a in addresses if a.channel in channels]
    own = next((a for a in usable if a.id == row.address_id), None)
    ordered = ([own] if own else []) + [a for a in usable if a.id != row.address_id]
    if row.klass != "consent":
        ordered = [a for a in ordered if not a.opted_out]
    if not ordered:
        why = sentence("they opted out of messages") if usable else sentence("no channel is set up for their address")
        return Plan(None, refuse=why)
    for address in ordered:
        if _open(address, channels[address.channel], now):
            return Plan(address)
    if notice and channels[ordered[0].channel].limits.window_hours:
        return Plan(ordered[0], template=notice)
    return Plan(None, hold=sentence("they have not written for 24 hours; it goes out when they write"))


def _open(address: Address, channel: Channel, now: datetime) -> bool:
    hours = channel.limits.window_hours
    if not hours:
        return True
    return address.last_inbound_at is not None and now - address.last_inbound_at < timedelta(hours=hours)


def backoff(attempts: int, retry_after: float, chance: Callable[[], float] = random.random) -> timedelta:
    """2 s doubling to an hour, with up to half as much again at random; never less than the provider asked for."""
    wait: timedelta = min(FIRST_RETRY * 2 ** max(0, attempts - 1), LONGEST_RETRY)
    return max(wait * (1 + chance() / 2), timedelta(seconds=retry_after))


@dataclass(slots=True)
class Delivery:
    """Sends outbox rows. One instance serves all sender threads."""

    database: Database
    channels: Mapping[str, Channel]
    clock: Clock
    notice: str = ""
    file_url: str = ""

    def claim(self, limit: int) -> list[Errand]:
        """The next rows to send: the oldest unfinished one of each address."""
        now = self.clock.now()

        def work(unit: Unit) -> list[Errand]:
            rows = unit.outbox.claim(now, limit, LEASE)
            return [Errand(row, unit.people.addresses(row.contact_id)) for row in rows]

        return self.database.write("outbox.claim", work).result()

    def deliver(self, errand: Errand) -> Future[Any]:
        """Send one claimed row and queue the record of how it went; the future is done when that is committed."""
        now, row = self.clock.now(), errand.row
        way = plan(row, errand.addresses, self.channels, self.notice, now)
        if way.address is None:
            record = _held(row, way.hold, now) if way.hold else _failed(row, "refused", way.refuse, now)
            return self.database.write("outbox.planned", record)
        channel = self.channels[way.address.channel]
        ids: list[str] = []
        try:
            for part in fit(self._message(row, way, channel, now), channel.limits):
                sent = channel.send(part)
                ids = [*sent.ids, *ids]
        except SendError as error:
            return self.database.write("outbox.record", self._missed(row, error, ids))
        return self.database.write("outbox.record", _sent(row, channel.name, Sent(tuple(ids), sent.status), self.clock.now()))

    def _message(self, row: OutboxRow, way: Plan, channel: Channel, now: datetime) -> Message:
        assert way.address is not None
        content, tag = row.content, ""
        text, buttons = content["text"], tuple(Button(label, token) for label, token in content.get("buttons", ()))
        if way.template:
            return Message(way.address.value, self._notice_text(row), str(row.id), template=way.template)
        if buttons and not channel.limits.buttons_decide:
            text, buttons = self._mail_text(row, text, buttons)
        if channel.limits.buttons == 0 and row.run_id:
            # Made with the row for a mail address; here only where the message goes another way than it was meant to.
            tag = content.get("tag") or self.database.write("outbox.tag", _tag(row, now)).result()
        return Message(
            to=way.address.value,
            text=text,
            key=str(row.id),
            buttons=buttons,
            attachments=tuple(self._attachments(content.get("attach", ()), row, now)),
            subject=content.get("subject", ""),
            tag=tag,
        )

    def _notice_text(self, row: OutboxRow) -> str:
        """The words for an approved template, which carries no buttons of ours: `mine` brings them once they write."""
        lines = [line for line in str(row.content["text"]).splitlines() if line.strip()]
        if row.content.get("buttons"):
            t = self._translate(row)
            lines.append(t("Write “mine” to answer."))
        return " · ".join(lines)  # a template's variable is one line

    def _mail_text(self, row: OutboxRow, text: str, buttons: tuple[Button, ...]) -> tuple[str, tuple[Button, ...]]:
        """A mail has no buttons: say how to answer it, and leave out what a mail cannot answer."""
        t = self._translate(row)
        match row.content.get("by_mail"):
            case "reply":
                how = t("Please reply to this mail with one of these words, or its number:")
                return f"{text}\n\n{how}", buttons
            case "chat":
                hint = t(
                    "A mail cannot decide this, because it does not prove who you are. Please write “mine” to us in the chat."
                )
                return f"{text}\n\n{hint}", ()
        return text, ()

    def _translate(self, row: OutboxRow) -> Translate:
        with self.database.read() as unit:
            contact = unit.people.contact(row.contact_id)
        return translator(contact.language if contact else "en")

    def _attachments(self, documents: tuple[str, ...], row: OutboxRow, now: datetime) -> list[Attachment]:
        found: list[Attachment] = []
        for document_id in documents:
            with self.database.read() as unit:
                document, content = unit.documents.get(document_id), unit.documents.content(document_id)
            if document is None or content is None:
                continue
            link = ""
            if self.file_url:
                token = self.database.write("file.link", _link(row, document_id, now)).result()
                link = f"{self.file_url}/{token}"
            found.append(Attachment(document.name, document.type, content, link))
        return found

    def _missed(self, row: OutboxRow, error: SendError, ids: list[str]) -> Callable[[Unit], None]:
        now = self.clock.now()
        if error.opted_out:
            return _opted_out(row, error, now)
        if error.window_closed:
            return _closed(row, now)
        partly = bool(ids or error.accepted)
        if error.unknown or partly:
            if row.klass in SAFE_TWICE and not partly and row.attempts < MOST_ATTEMPTS:
                return _retry(row, error, now + backoff(row.attempts, error.retry_after))
            return lambda unit: unit.outbox.unknown(row, now)
        if error.retryable and row.attempts < MOST_ATTEMPTS:
            return _retry(row, error, now + backoff(row.attempts, error.retry_after))
        return _failed(row, error.code, str(error), now)


# --- records: each a re-runnable unit of work --------------------------------------------------------------------------


def _sent(row: OutboxRow, channel: str, sent: Sent, now: datetime) -> Callable[[Unit], None]:
    return lambda unit: unit.outbox.sent(row, channel, sent.ids, sent.status.value, sent.status.rank, now)


def _held(row: OutboxRow, reason: str, now: datetime) -> Callable[[Unit], None]:
    return lambda unit: unit.outbox.held(row, reason, now)


def _failed(row: OutboxRow, code: str, problem: str, now: datetime) -> Callable[[Unit], None]:
    return lambda unit: unit.outbox.failed(row, code, problem, now)


def _retry(row: OutboxRow, error: SendError, at: datetime) -> Callable[[Unit], None]:
    return lambda unit: unit.outbox.retry(row, error.code, str(error), at)


def _closed(row: OutboxRow, now: datetime) -> Callable[[Unit], None]:
    """The provider knows better than we whether the window is open: from now on we know too, and the row waits."""

    def record(unit: Unit) -> None:
        unit.conversations.closed(row.address_id)
        why = sentence("the provider says the 24-hour window is closed; it goes out when they write")
        unit.outbox.held(row, why, now)

    return record


def _opted_out(row: OutboxRow, error: SendError, now: datetime) -> Callable[[Unit], None]:
    def record(unit: Unit) -> None:
        unit.people.opt_out(row.address_id, now, "provider")
        unit.outbox.failed(row, error.code, str(error), now)

    return record


def _tag(row: OutboxRow, now: datetime) -> Callable[[Unit], str]:
    """A token that a mail reply carries back in its plus address."""
    return lambda unit: unit.tokens.issue(
        "thread", row.contact_id, run_id=row.run_id, path=row.path, attempt=row.attempt, expires_at=now + timedelta(days=365),
        outbound_id=row.id,
    )  # fmt: skip


def _link(row: OutboxRow, document_id: str, now: datetime) -> Callable[[Unit], str]:
    """A token under which the provider can fetch one file for a day."""
    return lambda unit: unit.tokens.issue(
        "file", row.contact_id, run_id=row.run_id, data={"document": document_id}, expires_at=now + FILE_LIFE, outbound_id=row.id
    )


__all__ = ["Delivery", "Errand", "Plan", "backoff", "plan"]
