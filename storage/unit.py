"""A unit of work: what runs inside one transaction, with the repositories as attributes.

A repository is made with the unit (`Runs(unit)`) and uses its `conn`, `keys`, `home` and `dialect`. None of them commits.
"""

from __future__ import annotations

from functools import cached_property

from storage.audit import Audit
from storage.bookings import Bookings
from storage.conversations import Conversations
from storage.documents import Documents
from storage.inbox import Inbox
from storage.leave import Leaves
from storage.outbox import Outbox
from storage.people import People
from storage.proofs import Proofs
from storage.registers import Counters, Settings, Shapes
from storage.runs import Runs
from storage.timers import Timers
from storage.tokens import Tokens
from storage.transaction import Transaction
from storage.versions import Versions
from storage.work import Works


class Unit(Transaction):
    """A transaction with every repository. Made for one run of a unit of work."""

    @cached_property
    def people(self) -> People:
        return People(self)

    @cached_property
    def proofs(self) -> Proofs:
        return Proofs(self)

    @cached_property
    def leave(self) -> Leaves:
        return Leaves(self)

    @cached_property
    def bookings(self) -> Bookings:
        return Bookings(self)

    @cached_property
    def conversations(self) -> Conversations:
        return Conversations(self)

    @cached_property
    def inbox(self) -> Inbox:
        return Inbox(self)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self)

    @cached_property
    def work(self) -> Works:
        return Works(self)

    @cached_property
    def runs(self) -> Runs:
        return Runs(self)

    @cached_property
    def timers(self) -> Timers:
        return Timers(self)

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(self)

    @cached_property
    def documents(self) -> Documents:
        return Documents(self)

    @cached_property
    def flows(self) -> Versions:
        return Versions(self)

    @cached_property
    def counters(self) -> Counters:
        return Counters(self)

    @cached_property
    def settings(self) -> Settings:
        return Settings(self)

    @cached_property
    def shapes(self) -> Shapes:
        return Shapes(self)

    @cached_property
    def audit(self) -> Audit:
        return Audit(self)
