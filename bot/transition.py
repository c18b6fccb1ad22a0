"""The one executor: puts an event to the engine and turns what comes back into rows, inside the caller's unit of work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from bot.book import FlowBook, Published
from bot.facts import Business, gather, vendor_key
from bot.words import Draft, Scene, merged, progress, say, summary
from bot.words.draft import Tap
from flows import DropTimers, Effect, Event, Facts, PlanTimer, Record, Run, Say, Value, Work, advance
from flows.decided import NumberIssued, StepClosed
from flows.events import Begin, Decide, File, Give, Skip
from flows.model import Approve, Flow
from flows.run import Status, StepStatus
from storage import Address, Loaded, TokenRow, Unit, new_token
from storage.codec import subjects_of

TOKEN_LIFE = timedelta(days=90)
FIRST_REFERENCE = 1001


@dataclass(slots=True)
class Wakes:
    """Called after a commit that left something to do. Set by the runtime; by default nobody listens."""

    outbox: Callable[[], None] = lambda: None
    work: Callable[[], None] = lambda: None
    inbox: Callable[[], None] = lambda: None


@dataclass(slots=True)
class Transitions:
    """Applies events to runs. One instance serves all threads; every method runs inside a unit of work."""

    book: FlowBook
    business: Business
    wakes: Wakes = field(default_factory=Wakes)

    def begin(self, unit: Unit, published: Published, requester: str, values: Mapping[str, Value], now: datetime) -> Run:
        """Start a run for `requester`; its reference is the flow's prefix and the next number."""
        number = unit.counters.take(f"reference:{published.flow.prefix}", start=FIRST_REFERENCE)
        reference = f"{published.flow.prefix}-{number}"
        facts = gather(unit, published, None, values, self.business, now)
        event = Begin(at=now, actor=requester, facts=facts, run_id=uuid4().hex, reference=reference, values=dict(values))
        run, effects = advance(published.flow, None, event)
        unit.runs.insert(
            run,
            published.id,
            summary(published.flow, run),
            now,
            subjects=subjects_of(published.flow, run),
            lookup_key=vendor_key(run.values),
        )
        self._carry_out(unit, published, run, event, effects, now)
        return run

    def apply(self, unit: Unit, loaded: Loaded, make: Callable[[Facts], Event], now: datetime) -> Run:
        """Advance a run by the event that `make` builds on fresh facts, and store everything that follows from it.

        Raises flows.Refused (nothing changed) and storage.Conflict (the unit of work is run again).
        """
        published = self.book.version(unit, loaded.flow_version_id)
        event = make(gather(unit, published, loaded.run, {}, self.business, now))
        given = getattr(event, "values", None)
        if given:
            event = make(gather(unit, published, loaded.run, given, self.business, now))
        run, effects = advance(published.flow, loaded.run, event)
        unit.runs.save(
            run,
            loaded.version,
            now,
            summary(published.flow, run),
            subjects=subjects_of(published.flow, run),
            lookup_key=vendor_key(run.values),
        )
        self._carry_out(unit, published, run, event, effects, now)
        return run

    def _carry_out(
        self, unit: Unit, published: Published, run: Run, event: Event, effects: tuple[Effect, ...], now: datetime
    ) -> None:
        said: dict[str, list[Say]] = {}
        planned: list[tuple[str, int, str, datetime]] = []
        for effect in effects:
            match effect:
                case Record(decided):
                    unit.runs.append(run.id, event, decided, now, subjects=subjects_of(published.flow, run))
                    for fact in decided:
                        if isinstance(fact, NumberIssued):
                            unit.counters.take(fact.series)
                case Say():
                    said.setdefault(effect.to, []).append(effect)
                case PlanTimer(path, attempt, rung, due):
                    planned.append((path, attempt, rung, due))
                case DropTimers(path, attempt):
                    unit.timers.drop(run.id, path, attempt)
                case Work(path, attempt, kind, details):
                    unit.work.add(run.id, path, attempt, kind, dict(details), now)
                    unit.after_commit(self.wakes.work)
        unit.timers.plan_all(run.id, planned, now)
        names = Names(unit)
        for contact_id in (*said, *_to_update(published.flow, run, event, effects, said)):
            contact = unit.people.contact(contact_id)
            if contact is not None:
                zone = contact.zone or self.business.zone
                scene = Scene(published.flow, run, contact.language, zone, now, names)
                drafts = [say(effect, scene) for effect in said.get(contact_id, ())] or [
                    progress(scene, contact_id == event.actor)
                ]
                for draft in merged(drafts):
                    self.tell(unit, contact_id, draft, now)

    def tell(self, unit: Unit, contact_id: str, draft: Draft, now: datetime, via: Address | None = None) -> int | None:
        """Queue one draft for a contact at the address last heard from (or `via`), its buttons as tokens. Returns the outbox row's
        id, or None where the contact has no address: then the manager sees it in `status` as undelivered."""
        addresses = (via,) if via is not None else unit.people.addresses(contact_id)
        if not addresses:
            return None
        address = next((a for a in addresses if not a.opted_out), addresses[0])
        buttons = [(tap.label, new_token()) for tap in draft.taps]
        taps = {token: tap for (_, token), tap in zip(buttons, draft.taps, strict=True)}
        content: dict[str, Any] = {"text": draft.text}
        if buttons:
            content |= {"buttons": buttons, "by_mail": draft.by_mail}
        if address.channel == "email" and draft.run_id:
            # What an answer's plus address carries. Made once, so that a mail sent twice is one mail.
            content["tag"] = tag = new_token()
            taps[tag] = draft.thread()
        if draft.attach:
            content["attach"] = list(draft.attach)
        if draft.subject:
            content["subject"] = draft.subject
        row = unit.outbox.add(
            contact_id,
            address.id,
            draft.topic,
            draft.klass,
            content,
            now,
            run_id=draft.run_id,
            path=draft.path,
            attempt=draft.attempt,
        )
        unit.tokens.keep({token: _token_row(tap, contact_id, now, row) for token, tap in taps.items()})
        unit.after_commit(self.wakes.outbox)
        return row


def _to_update(flow: Flow, run: Run, event: Event, effects: tuple[Effect, ...], said: Mapping[str, list[Say]]) -> tuple[str, ...]:
    """Who should hear where the run stands now, though the engine asks nothing of them: whoever acted, and the requester when an
    approval was given."""
    if run.status is not Status.OPEN:
        return ()
    acted = (event.actor,) if isinstance(event, Give | Skip | File | Decide) else ()
    record = effects[0]
    approved = isinstance(record, Record) and any(
        isinstance(fact, StepClosed) and fact.status is StepStatus.DONE and isinstance(flow.step(fact.path), Approve)
        for fact in record.decided
    )
    told = dict.fromkeys((*acted, *((run.requester,) if approved else ())))
    return tuple(contact for contact in told if contact not in said)


def _token_row(tap: Tap, contact_id: str, now: datetime, outbound_id: int) -> TokenRow:
    """What a tap's token stands for: one person, run, step, attempt and choice."""
    return TokenRow(
        tap.purpose, tap.run_id, tap.path, tap.attempt, contact_id, tap.choice, dict(tap.data), now + TOKEN_LIFE, outbound_id
    )


class Names:
    """Contact names, looked up once per unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._known: dict[str, str] = {"system": "Baton"}

    def __call__(self, contact_id: str) -> str:
        if contact_id not in self._known:
            contact = self._unit.people.contact(contact_id)
            self._known[contact_id] = contact.name if contact is not None and contact.name else "somebody"
        return self._known[contact_id]
