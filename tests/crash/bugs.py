"""Planted bugs: wrong versions of the product, each put in place inside a child by a monkeypatch, each to be caught by the checker.

They are what others have shipped. A crash test that cannot tell them from the product proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import text

import bot.web.webhooks
import storage.outbox
from bot.conversation import Conversation
from bot.delivery import Delivery
from bot.jobs import Jobs
from bot.runtime import INBOX_BATCH, INBOX_LEASE, Runtime
from channels.base import Button, Message
from storage.inbox import Inbox
from storage.outbox import Outbox
from storage.work import Works


@dataclass(frozen=True)
class Bug:
    """`step` and `point` (by the cast "telegram") are where a kill must bring it to light."""

    plant: Callable[[], None]
    step: str
    point: str


def acknowledge_before_commit() -> None:
    """The webhook answers first and stores afterwards."""
    later: list[Callable[[], None]] = []
    take_in, settle = bot.web.webhooks.take_in, Runtime.settle

    def answer_first(*message: Any) -> None:
        later.append(lambda: take_in(*message))

    def store_then_settle(self: Runtime) -> None:
        while later:
            later.pop(0)()
        settle(self)

    bot.web.webhooks.take_in = answer_first
    Runtime.settle = store_then_settle


def no_unique_key() -> None:
    """A message that is delivered again is a new row."""
    insert = Inbox.insert

    def always(self: Inbox, channel: str, account: str, kind: str, event_id: str, *rest: Any, **more: Any) -> int | None:
        again = self.conn.execute(text("SELECT count(*) FROM inbound WHERE event_id = :id"), {"id": event_id}).scalar_one()
        return insert(self, channel, account, kind, f"{event_id}:{uuid4().hex}" if again else event_id, *rest, **more)

    Inbox.insert = always


def send_inside_the_transition() -> None:
    """Messages go out while the transition that wants them may still be rolled back."""
    handle = Conversation.handle

    def handle_and_send(self: Conversation, unit: Any, row: Any, now: Any) -> None:
        handle(self, unit, row, now)
        for message in unit.outbox.claim(now, INBOX_BATCH, timedelta(minutes=1)):
            address = unit.people.address(message.address_id)
            buttons = tuple(Button(label, token) for label, token in message.content.get("buttons", ()))
            sent = self.channels[address.channel].send(Message(address.value, message.content["text"], str(message.id), buttons))
            unit.outbox.sent(message, address.channel, sent.ids, sent.status.value, sent.status.rank, now)

    Conversation.handle = handle_and_send


def sent_before_the_send() -> None:
    """The row says "sent" before the provider was asked."""
    deliver = Delivery.deliver
    mark = text("UPDATE outbound SET state = 'sent', ready_at = NULL WHERE id = :id")

    def record_then_send(self: Delivery, errand: Any) -> Any:
        self.database.write("outbox.record", lambda unit: unit.conn.execute(mark, {"id": errand.row.id}) and None).result()
        recorded = deliver(self, errand)
        recorded.exception()  # the row is no longer claimed
        return self.database.write("outbox.record", lambda unit: None)

    Delivery.deliver = record_then_send


def high_water_mark() -> None:
    """Whatever is numbered lower than the highest seen counts as seen."""
    insert = Inbox.insert

    def newer_only(self: Inbox, channel: str, account: str, kind: str, event_id: str, *rest: Any, **more: Any) -> int | None:
        seen = self.conn.execute(text("SELECT event_id FROM inbound WHERE channel = 'telegram'")).scalars()
        if channel == "telegram" and int(event_id) <= max(map(int, seen), default=0):
            return None
        return insert(self, channel, account, kind, event_id, *rest, **more)

    Inbox.insert = newer_only


def finished_before_the_transition() -> None:
    """The inbox row is done in a commit of its own, then comes what it asked for."""
    finish = Inbox.finish

    def handle_some(self: Runtime) -> bool:
        now = self.clock.now()
        rows = self.database.write("inbox.claim", lambda unit: unit.inbox.claim(now, INBOX_BATCH, INBOX_LEASE)).result()
        for row in rows:
            self.database.write("inbox.finish", lambda unit, row=row: finish(unit.inbox, row)).result()
            self.database.write("inbox.handle", lambda unit, row=row: self.conversation.handle(unit, row, now)).result()
        return bool(rows)

    Inbox.finish = lambda self, row, note="": None
    Runtime.handle_some = handle_some


def work_finished_before_its_result() -> None:
    """A fetch is ticked off when it begins."""
    perform, finish = Jobs.perform, Works.finish

    def tick_off(self: Jobs, row: Any) -> Any:
        self.database.write("work.finish", lambda unit: finish(unit.work, row)).result()
        return perform(self, row)

    Works.finish = lambda self, row: None
    Jobs.perform = tick_off


def no_sweep() -> None:
    """Nobody looks for messages whose sender died."""
    Outbox.expired = lambda self, now: []


def doubtful_sends_repeated() -> None:
    """A message that may have arrived is sent again, whatever its class."""
    storage.outbox.SAFE_TWICE = frozenset({"reminder", "notice", "prompt", "reply"})


BUGS = {
    bug.plant.__name__: bug
    for bug in (
        Bug(acknowledge_before_commit, "start", "before:commit:inbox.insert"),
        Bug(no_unique_key, "start", "after:commit:inbox.insert"),
        Bug(send_inside_the_transition, "start", "before:commit:inbox.handle"),
        Bug(sent_before_the_send, "start", "before:telegram.sendMessage"),
        Bug(high_water_mark, "ask", "before:commit:inbox.insert"),
        Bug(finished_before_the_transition, "answer", "before:commit:inbox.handle"),
        Bug(work_finished_before_its_result, "photo", "before:commit:work.fetch"),
        Bug(no_sweep, "start", "after:commit:outbox.claim"),
        Bug(doubtful_sends_repeated, "start", "after:telegram.sendMessage"),
    )
}
