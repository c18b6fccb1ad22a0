"""Runs, their events, and the lists of them that status pages show."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, Select, bindparam, delete, func, insert, literal_column, select, union, update

from flows.decided import Decided
from flows.events import Event
from flows.fold import replay
from flows.run import Court, Run, Status, StepState, StepStatus
from storage.chain import link
from storage.codec import decode_decided, decode_event, decode_run, encode_event, encode_run, kind_of, read_event
from storage.errors import Conflict
from storage.prepared import hot
from storage.privacy import Sealer
from storage.repository import Repository
from storage.rows import EventRow, Loaded, RunCounts, RunRow
from storage.tables import runs as tables
from storage.tables.base import table
from storage.tables.people import Contact

if TYPE_CHECKING:
    from flows.calendar import Calendar

RUN, OWNER, EVENT, CONTACT = table(tables.Run), table(tables.RunOwner), table(tables.Event), table(Contact)
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""Stands for no due time: it comes last in the indexes over due times."""

OPEN_STEPS = (
    select(OWNER.c.contact_id, func.count())
    .where(OWNER.c.contact_id.in_(bindparam("contacts", expanding=True)))
    .group_by(OWNER.c.contact_id)
)

IS_OPEN = RUN.c.status == literal_column("'open'")
ADD_RUN, ADD_OWNER, ADD_EVENT = hot(insert(RUN)), hot(insert(OWNER)), hot(insert(EVENT))
BODIES = select(EVENT.c.body).where(EVENT.c.run_id == bindparam("run_id")).order_by(EVENT.c.number)
LOAD = hot(select(RUN.c.snapshot, RUN.c.version, RUN.c.flow_version_id).where(RUN.c.id == bindparam("run_id")))
SAVE = hot(update(RUN).where(RUN.c.id == bindparam("run_id"), RUN.c.version == bindparam("found")))
DISOWN = hot(delete(OWNER).where(OWNER.c.run_id == bindparam("of")))
HEAD = hot(
    select(RUN.c.requester, EVENT.c.number, EVENT.c.hash)
    .outerjoin(EVENT, EVENT.c.run_id == RUN.c.id)
    .where(RUN.c.id == bindparam("run_id"))
    .order_by(EVENT.c.number.desc())
    .limit(1)
)
LIST = select(
    *(RUN.c.id, RUN.c.reference, RUN.c.flow_version_id, RUN.c.status, RUN.c.requester, RUN.c.title, RUN.c.path),
    *(RUN.c.opened_at, RUN.c.due_at, RUN.c.blocked, RUN.c.ended_at, RUN.c.outcome, CONTACT.c.name),
).outerjoin(CONTACT, CONTACT.c.id == RUN.c.requester)
OWNERS = (
    select(OWNER.c.run_id, OWNER.c.contact_id)
    .join(RUN, (RUN.c.id == OWNER.c.run_id) & (RUN.c.path == OWNER.c.path))
    .where(OWNER.c.run_id.in_(bindparam("runs", expanding=True)))
    .order_by(OWNER.c.run_id, OWNER.c.place)
)


class Runs(Repository):
    """`subjects` everywhere maps each personal field of the flow to the contact whose key seals it (`codec.subjects_of`)."""

    def insert(
        self, run: Run, flow_version_id: int, title: str, now: datetime, *, subjects: Mapping[str, str], lookup_key: str = ""
    ) -> None:
        """Store a new run, at version 1. `lookup_key` names what `alike` counts; it is stored as a keyed hash."""
        columns = listed(run) | self._sealed(run, title, subjects) | {"id": run.id, "version": 1, "created_at": now}
        kept = {"flow_version_id": flow_version_id, "lookup_key": self._blind(lookup_key)}
        self.conn.execute(ADD_RUN, columns | kept)
        self._own(run)

    def save(
        self,
        run: Run,
        version: int,
        now: datetime,
        title: str,
        *,
        subjects: Mapping[str, str],
        lookup_key: str | None = None,
        flow_version_id: int | None = None,
    ) -> None:
        """Put the snapshot, its list columns and its owners in the place of version `version`. Raises Conflict where the run is
        no longer at that version. `lookup_key` None leaves the stored one, and `flow_version_id` None its flow version."""
        columns = listed(run) | self._sealed(run, title, subjects) | {"version": version + 1}
        if flow_version_id is not None:
            columns["flow_version_id"] = flow_version_id
        if lookup_key is not None:
            columns["lookup_key"] = self._blind(lookup_key)
        if self.conn.execute(SAVE, columns | {"run_id": run.id, "found": version}).rowcount == 0:
            raise Conflict(f"run {run.id} is no longer at version {version}")
        self.conn.execute(DISOWN, {"of": run.id})
        self._own(run)

    def load(self, run_id: str) -> Loaded | None:
        """The run as it stands, or None where there is none."""
        row = self.conn.execute(LOAD, {"run_id": run_id}).one_or_none()
        return None if row is None else Loaded(decode_run(row.snapshot, self.keys), row.version, row.flow_version_id)

    def by_reference(self, reference: str) -> str | None:
        """The id of the run with this reference, as it is written."""
        found: str | None = self.conn.scalar(select(RUN.c.id).where(RUN.c.reference == reference))
        return found

    # --- history ------------------------------------------------------------------------------------------------------

    def append(
        self, run_id: str, event: Event, decided: tuple[Decided, ...], now: datetime, *, subjects: Mapping[str, str]
    ) -> None:
        """Add the next link to the chain of a stored run. Raises KeyError where there is no such run; of two that add the same
        link at once, one fails on the unique number and its unit is run again."""
        head = self.conn.execute(HEAD, {"run_id": run_id}).one_or_none()
        if head is None:
            raise KeyError(run_id)
        body = encode_event(event, decided, self.keys, head.requester, subjects)
        number, kind = (head.number or 0) + 1, kind_of(event)
        made = link(head.hash or "", run_id, number, kind, event.actor, event.at, now, body)
        columns = {"run_id": run_id, "number": number, "kind": kind, "actor": event.actor, "at": event.at}
        self.conn.execute(ADD_EVENT, columns | {"recorded_at": now, "body": body, "hash": made})

    def events(self, run_id: str) -> list[EventRow]:
        """The history of a run, oldest first, opened for people to read."""
        rows = self.conn.execute(select(EVENT).where(EVENT.c.run_id == run_id).order_by(EVENT.c.number))
        return [self._event(row) for row in rows]

    def inputs(self, run_id: str, calendar: Calendar) -> list[Event]:
        """The events as they were put to the engine, for deciding them again on newer code; `calendar` joins their facts."""
        bodies = self.conn.scalars(BODIES, {"run_id": run_id})
        return [decode_event(body, self.keys, calendar) for body in bodies]

    def rebuild(self, run_id: str) -> Run:
        """The run folded anew from what was decided. Raises ValueError where it has no history."""
        return refold(self.conn.scalars(BODIES, {"run_id": run_id}), self.keys)

    # --- lists: indexed columns only, never a snapshot ----------------------------------------------------------------

    def open_rows(
        self,
        limit: int = 50,
        offset: int = 0,
        late_before: datetime | None = None,
        contact: str | None = None,
        requester: str | None = None,
    ) -> list[RunRow]:
        """Open runs, due first first: all, or those due before a time, owned by a contact, asked for by a requester."""
        rows = LIST.where(IS_OPEN)
        if late_before is not None:
            rows = rows.where(RUN.c.due_at < late_before)
        if contact is not None:
            rows = rows.where(RUN.c.id.in_(select(OWNER.c.run_id).where(OWNER.c.contact_id == contact)))
        if requester is not None:
            rows = rows.where(RUN.c.requester == requester)
        return self._rows(rows.limit(limit).offset(offset))

    def open_after(self, run_id: str, limit: int) -> list[str]:
        """The ids of open runs, in their own order, from the one after `run_id` on ("": the first)."""
        ids = select(RUN.c.id).where(IS_OPEN, RUN.c.id > run_id).order_by(RUN.c.id).limit(limit)
        return list(self.conn.scalars(ids))

    def open_of(self, flow: str) -> list[str]:
        """The ids of a flow's open runs, in the order in which they began."""
        began = (RUN.c.created_at, func.length(RUN.c.reference), RUN.c.reference)
        return list(self.conn.scalars(select(RUN.c.id).where(IS_OPEN, RUN.c.flow == flow).order_by(*began)))

    def load_of(self, contacts: Iterable[str]) -> dict[str, int]:
        """How many open steps wait for each of `contacts`; who has none is not there."""
        rows = self.conn.execute(OPEN_STEPS, {"contacts": list(contacts)})
        return {contact: int(count) for contact, count in rows}

    def of_contact(self, contact_id: str) -> list[RunRow]:
        """The open runs that a contact owns a step of or asked for, due first first."""
        asked = select(RUN.c.id).where(IS_OPEN, RUN.c.requester == contact_id)
        theirs = union(select(OWNER.c.run_id).where(OWNER.c.contact_id == contact_id), asked)
        return self._rows(LIST.where(IS_OPEN, RUN.c.id.in_(theirs)))

    def rows(self, run_ids: Collection[str]) -> dict[str, RunRow]:
        """These runs by id, open or over; those that there are."""
        return {row.id: row for row in self._rows(LIST.where(RUN.c.id.in_(run_ids)))}

    def counts(self, now: datetime) -> RunCounts:
        """How many runs are open, late at `now`, blocked."""
        late = func.count().filter(RUN.c.due_at < now)
        blocked = func.count().filter(RUN.c.blocked)
        return RunCounts(*self.conn.execute(select(func.count(), late, blocked).select_from(RUN).where(IS_OPEN)).one())

    def alike(
        self, flow: str, lookup_key: str, exclude_run: str = "", *, since: datetime | None = None, still_open: bool = False
    ) -> int:
        """How many other runs of `flow` have this lookup key and were not cancelled: all, those made `since` then, or those that are
        `still_open`."""
        same = [RUN.c.flow == flow, RUN.c.lookup_key == self._blind(lookup_key), RUN.c.status != Status.CANCELLED.value]
        same += [RUN.c.created_at >= since] if since else []
        same += [IS_OPEN] if still_open else []
        return self.conn.scalar(select(func.count()).select_from(RUN).where(*same, RUN.c.id != exclude_run)) or 0

    # --- inside -------------------------------------------------------------------------------------------------------

    def _sealed(self, run: Run, title: str, subjects: Mapping[str, str]) -> dict[str, Any]:
        return {"title": self.seal_text(run.requester, title), "snapshot": encode_run(run, self.keys, subjects)}

    def _blind(self, lookup_key: str) -> str:
        return self.keys.blind("lookup", lookup_key) if lookup_key else ""

    def _own(self, run: Run) -> None:
        owners = [
            {"run_id": run.id, "path": step.path, "contact_id": owner, "place": place, "due_at": step.due_at or NEVER}
            for step in run.open_steps()
            for place, owner in enumerate(dict.fromkeys(step.owners))
        ]
        if owners and run.status is Status.OPEN:
            self.conn.execute(ADD_OWNER, owners)

    def _rows(self, rows: Select[Any]) -> list[RunRow]:
        found = self.conn.execute(rows.order_by(RUN.c.due_at, RUN.c.id)).all()
        owners: dict[str, list[str]] = {row.id: [] for row in found}
        for run_id, contact_id in self.conn.execute(OWNERS, {"runs": list(owners)}) if found else ():
            owners[run_id].append(contact_id)
        return [self._row(row, tuple(owners[row.id])) for row in found]

    def _row(self, row: Row[Any], owners: tuple[str, ...]) -> RunRow:
        name = self.open_text(row.requester, row.name) if row.name is not None else ""
        title, due_at = self.open_text(row.requester, row.title), None if row.due_at == NEVER else row.due_at
        ids = (row.id, row.reference, row.flow_version_id, row.status, row.requester)
        return RunRow(*ids, name, title, owners, row.path, row.opened_at, due_at, row.blocked, row.ended_at, row.outcome)

    def _event(self, row: Row[Any]) -> EventRow:
        decided, facts = read_event(row.body, self.keys)
        return EventRow(row.run_id, row.number, row.kind, row.actor, row.at, list(decided), facts, row.hash)


def refold(bodies: Iterable[str], keys: Sealer) -> Run:
    """The fold of stored events. Raises ValueError where there is none."""
    run: Run | None = None
    for body in bodies:
        run = replay(run, decode_decided(body, keys))
    if run is None:
        raise ValueError("there is no history to fold")
    return run


def listed(run: Run) -> dict[str, Any]:
    """The list columns of a run. Of several open steps, the one due first is shown."""
    waiting = run.open_steps() if run.status is Status.OPEN else ()
    first = min(waiting, key=lambda step: step.due_at or NEVER, default=None)
    return {
        "reference": run.reference,
        "flow": run.flow,
        "status": run.status.value,
        "outcome": run.outcome,
        "requester": run.requester,
        "path": first.path if first else "",
        "opened_at": first.opened_at if first else run.started_at,
        "due_at": (first.due_at if first else None) or NEVER,
        "blocked": any(step.status is StepStatus.BLOCKED for step in waiting),
        "court": _court(run, waiting),
        "ended_at": run.ended_at,
    }


def _court(run: Run, waiting: tuple[StepState, ...]) -> str:
    """Who is waited for: "them" where every open step is theirs, "us" otherwise, "" once the run is over."""
    if run.status is not Status.OPEN:
        return ""
    return (Court.THEM if waiting and all(step.court is Court.THEM for step in waiting) else Court.US).value
