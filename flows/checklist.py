"""A checklist as data: what is wanted, what is there, and how each item stands. One piece, read by messages, status and pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from flows.errors import RuleError
from flows.model import Collect, Flow
from flows.run import Filed, Run, StepState, Verdict
from flows.said import sentence


class Standing(StrEnum):
    """How one item stands. OPTIONAL: nothing is wanted and nothing was given. REJECTED: what was given last is no good, and more is
    wanted. EXPIRED: it was valid until a day that has passed."""

    MISSING = "missing"
    OPTIONAL = "optional"
    GIVEN = "given"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WAIVED = "waived"
    EXPIRED = "expired"


DONE = (Standing.GIVEN, Standing.ACCEPTED, Standing.WAIVED)


@dataclass(frozen=True, slots=True)
class Item:
    """`wanted` and `have` are numbers of files; only those that count are counted."""

    name: str
    wanted: int
    have: int
    standing: Standing

    @property
    def short(self) -> int:
        """How many files are still to come."""
        return 0 if self.standing is Standing.WAIVED else max(self.wanted - self.have, 0)


@dataclass(frozen=True, slots=True)
class Checklist:
    """The items in the order of the step."""

    items: tuple[Item, ...]

    @property
    def done(self) -> int:
        """How many items need nothing more."""
        return sum(item.standing in DONE for item in self.items)

    @property
    def total(self) -> int:
        """How many items there are, less those that need not be given and were not."""
        return sum(item.standing is not Standing.OPTIONAL for item in self.items)

    @property
    def short(self) -> dict[str, int]:
        """How many files each item still lacks; items that have enough are not there."""
        return {item.name: item.short for item in self.items if item.short}


def checklist(flow: Flow, run: Run, seen: Mapping[str, Any], step: Collect, today: date | None = None) -> Checklist:
    """How the checklist of `step` stands; `seen` are the names that rules read. While documents are renewed, only those. Without
    `today` nothing counts as expired. Raises RuleError where a rule cannot tell how many files are wanted."""
    state = run.steps.get(step.id)
    return Checklist(tuple(_item(flow, run, seen, name, state, today) for name in asked_of(step, state)))


def asked_of(step: Collect, state: StepState | None) -> tuple[str, ...]:
    """The items that the step asks for now: all of its items, or those whose document must be renewed."""
    renewing = state is not None and state.closed_at is None
    return state.renews if state is not None and renewing and state.renews else step.items


def waived(run: Run, item: str) -> bool:
    return any(waiver.item == item for waiver in run.waivers)


def counting(run: Run, item: str, state: StepState | None = None) -> list[Filed]:
    """The files of an item that count. Of one that the open step attempt `state` renews, those given since it was opened."""
    renewed = state is not None and state.closed_at is None and item in state.renews
    found = [filed for filed in run.files if filed.item == item and filed.counts]
    return [filed for filed in found if filed.at >= since(run, state)] if state is not None and renewed else found


def since(run: Run, state: StepState) -> datetime:
    """When the renewal began of which `state` is the latest attempt: one that stopped and was tried again began with the first."""
    began = state.opened_at
    for earlier in reversed(run.history):
        if earlier.path == state.path:
            if not (earlier.renews and earlier.outcome == "retry"):
                break
            began = earlier.opened_at
    return began


def expired(flow: Flow, run: Run, item: str, today: date) -> bool:
    """Whether the day until which a document of this item is valid has passed."""
    until = run.values.get(flow.documents[item].expires) if flow.documents[item].expires else None
    return isinstance(until, date) and until < today


def _item(flow: Flow, run: Run, seen: Mapping[str, Any], name: str, state: StepState | None, today: date | None) -> Item:
    files = counting(run, name, state)
    if waived(run, name):
        return Item(name, 0, len(files), Standing.WAIVED)
    renewed = state is not None and state.closed_at is None and name in state.renews
    wanted = max(_least(flow, name, seen), int(renewed))
    if today is not None and files and expired(flow, run, name, today):
        return Item(name, wanted, len(files), Standing.EXPIRED)
    return Item(name, wanted, len(files), _standing(run, name, wanted, files))


def _standing(run: Run, name: str, wanted: int, files: list[Filed]) -> Standing:
    if wanted > len(files):
        last = next((filed for filed in reversed(run.files) if filed.item == name), None)
        rejected = last is not None and last.verdict is Verdict.REJECTED
        return Standing.REJECTED if rejected else Standing.MISSING
    if not files:
        return Standing.OPTIONAL
    return Standing.ACCEPTED if all(filed.verdict is Verdict.ACCEPTED for filed in files) else Standing.GIVEN


def _least(flow: Flow, item: str, seen: Mapping[str, Any]) -> int:
    rule = flow.documents[item].minimum
    least = rule.evaluate(seen)
    if isinstance(least, bool) or not isinstance(least, int | float | Decimal) or least % 1:
        raise RuleError(sentence("“{rule}” gives no whole number", rule=rule.source))
    return int(least)
