"""The one executor: puts an event to the engine and turns what comes back into rows, inside the caller's unit of work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from bot import bookings
from bot.book import FlowBook, Published
from bot.calendars import Business
from bot.children import Stored, asked, settle
from bot.facts import gather, likeness
from bot.invites import with_invitation
from bot.owning import turn_of
from bot.words import Draft, Scene, merged, progress, say, summary, translator
from bot.words.draft import Tap
from flows import DropTimers, Effect, Event, Facts, PlanTimer, Record, Run, Say, Value, Work, advance
from flows.decided import NumberIssued, StepClosed, ValueCleared, ValueSet
from flows.effects import DropTimer, Topic
from flows.engine.owners import turns_given
from flows.events import Begin, Decide, File, Give, Skip
from flows.model import Approve, Flow
from flows.run import Parent, Status, StepStatus
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
        """Start a run for `requester`; its reference is the flow's prefix and the next number. Children that it starts, and all that
        follows from them, are stored with it."""
        return settle(self, unit, self.start(unit, published, requester, values, now), now)

    def start(
        self,
        unit: Unit,
        published: Published,
        requester: str,
        values: Mapping[str, Value],
        now: datetime,
        *,
        run_id: str = "",
        parent: Parent | None = None,
    ) -> Stored:
        """Store a new run alone; what it asks of others is given back."""
        number = unit.counters.take(f"reference:{published.flow.prefix}", start=FIRST_REFERENCE)
        reference = f"{published.flow.prefix}-{number}"
        facts = gather(unit, published, None, values, self.business, now)
        event = Begin(
            at=now, actor=requester, facts=facts, run_id=run_id or uuid4().hex, reference=reference, values=dict(values), parent=parent
        )  # fmt: skip
        run, effects = advance(published.flow, None, event)
        unit.runs.insert(
            run,
            published.id,
            summary(published.flow, run),
            now,
            subjects=subjects_of(published.flow, run),
            lookup_key=likeness(published.flow, run.values),
        )
        self._carry_out(unit, published, run, event, effects, now)
        return Stored(run, asked(published, run, effects))

    def apply(
        self, unit: Unit, loaded: Loaded, make: Callable[[Facts], Event], now: datetime, *, under: Published | None = None, quiet: str = ""
    ) -> Run:  # fmt: skip
        """Advance a run by the event that `make` builds on fresh facts, and store everything that follows from it, in its parent and
        children too. The run as it stands then. `under`: the flow version that it goes on with, where that is not its own.
        `quiet`: a contact who is not told yet which documents are missing, since more are on their way.

        Raises flows.Refused (nothing changed) and storage.Conflict (the unit of work is run again).
        """
        return settle(self, unit, self.move(unit, loaded, make, now, under=under, quiet=quiet), now)

    def move(
        self, unit: Unit, loaded: Loaded, make: Callable[[Facts], Event], now: datetime, *, under: Published | None = None, quiet: str = ""
    ) -> Stored:  # fmt: skip
        """Store one transition of one run alone; what it asks of others is given back."""
        published = under or self.book.version(unit, loaded.flow_version_id)
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
            lookup_key=likeness(published.flow, run.values),
            flow_version_id=under.id if under else None,
        )
        self._carry_out(unit, published, run, event, effects, now, quiet, loaded.run.values)
        return Stored(run, asked(published, run, effects))

    def _carry_out(
        self, unit: Unit, published: Published, run: Run, event: Event, effects: tuple[Effect, ...], now: datetime, quiet: str = "",
        before: Mapping[str, Value] | None = None,
    ) -> None:  # fmt: skip
        said: dict[str, list[Say]] = {}
        planned: list[tuple[str, int, str, datetime]] = []
        for effect in effects:
            match effect:
                case Record(decided):
                    unit.runs.append(run.id, event, decided, now, subjects=subjects_of(published.flow, run))
                    bookings.keep(unit, published.flow, run, decided)
                    for fact in decided:
                        if isinstance(fact, NumberIssued):
                            unit.counters.take(fact.series)
                    for role in turns_given(published.flow, decided) if published.words.turns else ():
                        unit.counters.take(turn_of(role), start=0)
                case Say():
                    said.setdefault(effect.to, []).append(effect)
                case PlanTimer(path, attempt, rung, due):
                    planned.append((path, attempt, rung, due))
                case DropTimers(path, attempt):
                    unit.timers.drop(run.id, path, attempt)
                    planned = [plan for plan in planned if plan[:2] != (path, attempt)]  # opened and closed at once
                case DropTimer(path, attempt, rung):
                    unit.timers.drop_one(run.id, path, attempt, rung)
                case Work(path, attempt, kind, details):
                    unit.work.add(run.id, path, attempt, kind, dict(details), now)
                    unit.after_commit(self.wakes.work)
        unit.timers.plan_all(run.id, planned, now)
        names, gone = Names(unit), _cleared(before or {}, effects)
        for contact_id in (*said, *_to_update(published.flow, run, event, effects, said)):
            if contact_id == quiet and {effect.topic for effect in said.get(quiet, ())} == {Topic.COLLECT}:
                continue
            contact = unit.people.contact(contact_id)
            if contact is not None:
                zone = contact.zone or self.business.zone
                told = names.told_in(contact.language)
                scene = Scene(
                    published.flow, run, contact.language, zone, now, told, self.business.zone, contact.id, contact.roles,
                    gone,
                )  # fmt: skip
                drafts = [with_invitation(unit, say(effect, scene), effect, scene) for effect in said.get(contact_id, ())] or [
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


def _cleared(before: Mapping[str, Value], effects: tuple[Effect, ...]) -> dict[str, Value]:
    """The values that a loop cleared in this transition, as they were until then."""
    known, gone = dict(before), dict[str, Value]()
    record = effects[0]
    assert isinstance(record, Record)
    for fact in record.decided:
        if isinstance(fact, ValueSet):
            known[fact.name] = fact.value
        elif isinstance(fact, ValueCleared) and fact.name in known:
            gone[fact.name] = known.pop(fact.name)
    return gone


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
    """Contact names, looked up once per unit of work; who has none is “somebody” in `language`."""

    def __init__(self, unit: Unit, language: str = "en", known: dict[str, str] | None = None) -> None:
        self._unit, self._language = unit, language
        self._known = {"system": "Baton"} if known is None else known

    def told_in(self, language: str) -> Names:
        return Names(self._unit, language, self._known)

    def __call__(self, contact_id: str) -> str:
        if contact_id not in self._known:
            contact = self._unit.people.contact(contact_id)
            self._known[contact_id] = contact.name if contact is not None else ""
        t = translator(self._language)
        return self._known[contact_id] or t("somebody")
