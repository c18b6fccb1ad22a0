"""One inbound message being handled: who wrote, when, and the ways to answer. Lives for one unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.book import FlowBook
from bot.conversation.situation import Sender
from bot.transition import Names, Transitions
from bot.words import Draft, Translate, translator
from bot.words.draft import Tap
from channels.base import Inbound
from flows import Flow, Run
from storage import Loaded, RunRow, Unit

FOCUS = timedelta(minutes=30)
MANAGER = "manager"
MAIL_PATIENCE = 3
"""Mails in a row that we could not use and still answered; then we are silent until one makes sense."""


@dataclass(slots=True)
class Turn:
    """`inbox_id` is the message's inbox row."""

    unit: Unit
    transitions: Transitions
    inbound: Inbound
    inbox_id: int
    sender: Sender
    now: datetime
    understood: bool = True

    @property
    def book(self) -> FlowBook:
        return self.transitions.book

    @property
    def contact_id(self) -> str:
        return self.sender.contact.id

    @property
    def language(self) -> str:
        return self.sender.contact.language

    @property
    def zone(self) -> str:
        return self.sender.contact.zone or self.transitions.business.zone

    @property
    def t(self) -> Translate:
        return translator(self.language)

    @property
    def is_manager(self) -> bool:
        return MANAGER in self.sender.contact.roles

    def names(self) -> Names:
        return Names(self.unit, self.language)

    def title(self, row: RunRow) -> str:
        """What a run is called in lists: its summary as it was stored; its flow's title while there is nothing to sum up."""
        flow = self.book.version(self.unit, row.flow_version_id).flow
        return flow.title.text(self.language) if row.title == flow.title.text() else row.title

    def flow_of(self, loaded: Loaded) -> Flow:
        return self.book.version(self.unit, loaded.flow_version_id).flow

    def reply(self, text: str, taps: Sequence[Tap] = (), run: Run | None = None, path: str = "", attempt: int = 0) -> None:
        """Queue an answer to the address that wrote."""
        self.answer(Draft(text, taps=tuple(taps), run_id=run.id if run else "", path=path, attempt=attempt))

    def answer(self, draft: Draft) -> None:
        if self.inbound.channel == "email" and not self.understood and self.sender.address.misses >= MAIL_PATIENCE:
            return  # two machines that write to each other must not go on for ever
        self.transitions.tell(self.unit, self.contact_id, draft, self.now, via=self.sender.address)

    def focus(self, run_id: str) -> None:
        """This conversation is about `run_id` for the next half hour (answers and documents only)."""
        self.unit.conversations.focus(self.sender.address.id, run_id, self.now + FOCUS)

    def tell_managers(self, text: str) -> int:
        """A notice to all managers but the sender; how many there are."""
        managers = self.unit.people.holders([MANAGER])[MANAGER]
        for manager in managers:
            if manager != self.contact_id:
                self.transitions.tell(self.unit, manager, Draft(text, topic="help", klass="notice"), self.now)
        return len(managers)

    def missed(self) -> int:
        """Count a message we could not use; returns how many in a row."""
        self.understood = False
        count = self.sender.address.misses + 1
        self.unit.conversations.misses(self.sender.address.id, count)
        return count
