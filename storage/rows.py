"""What repositories give back: frozen rows with personal values opened. Times are aware UTC.

Where a subject's key was destroyed, text is "" and content is {} or b"": readers show that as erased.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flows.decided import Decided
from flows.run import Run
from flows.values import Money

# --- people --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Contact:
    """A human. `id` is 32 hex digits; `language` BCP 47; `zone` an IANA name or ""; participants have no roles."""

    id: str
    name: str
    language: str
    zone: str
    roles: tuple[str, ...]
    suspended: bool


@dataclass(frozen=True, slots=True)
class Address:
    """A way to reach a contact, and its conversation. `account` is our side of it (number, bot, mailbox; "" before the first
    message); `last_inbound_at` opened the provider's session window; `misses` counts messages in a row we did not understand;
    `focus_run` is the run last chosen there, "" for none, until `focus_until`; `expecting` is what the last tap still waits for
    (JSON of ids), "" for nothing, until `expecting_until`."""

    id: str
    contact_id: str
    channel: str
    value: str
    account: str
    opted_out: bool
    last_inbound_at: datetime | None
    conversation_id: str
    misses: int
    focus_run: str
    focus_until: datetime | None
    expecting: str = ""
    expecting_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """A contact is away from `starts_at` until before `ends_at`. `cover`: a contact id or a role, as `cover_kind` says ("person" or
    "role"); `most`: up to what they cover, None for everything."""

    contact_id: str
    starts_at: datetime
    ends_at: datetime
    cover_kind: str
    cover: str
    most: Money | None


# --- lanes ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A claimed inbound. `fence` names this claim, `attempts` counts it."""

    id: int
    fence: int
    attempts: int
    lane: str
    received_at: datetime
    inbound: dict[str, Any]
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A message to one address. `state`: pending, sending, sent, failed, unknown (a crash or time-out between "sent" and
    "recorded") or held. `status` and `rank` are the provider's last word, `code` and `problem` why it failed or is held."""

    id: int
    fence: int
    attempts: int
    run_id: str
    contact_id: str
    address_id: str
    path: str
    attempt: int
    topic: str
    klass: str
    content: dict[str, Any]
    state: str
    created_at: datetime
    sent_at: datetime | None = None
    status: str = ""
    rank: int = 0
    code: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class WorkRow:
    """Claimed slow work of a step attempt."""

    id: int
    fence: int
    attempts: int
    run_id: str
    path: str
    attempt: int
    kind: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pending:
    """How much waits in a set of lanes. `oldest_age` is that of the oldest unfinished row, zero where none waits."""

    pending: int
    parked: int
    oldest_age: timedelta

    @property
    def oldest_age_s(self) -> float:
        return self.oldest_age.total_seconds()


@dataclass(frozen=True, slots=True)
class TimerRow:
    """A live timer as it was read: `take` fires it only while `generation` still matches."""

    id: int
    run_id: str
    path: str
    attempt: int
    rung: str
    due: datetime
    generation: int


@dataclass(frozen=True, slots=True)
class TokenRow:
    """What stands behind a button. `data` holds ids only, never personal values."""

    purpose: str
    run_id: str
    path: str
    attempt: int
    contact_id: str
    choice: str
    data: dict[str, Any]
    expires_at: datetime
    outbound_id: int | None


# --- runs ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Loaded:
    """A run as it stands: `version` is what `save` must still find."""

    run: Run
    version: int
    flow_version_id: int


@dataclass(frozen=True, slots=True)
class RunRow:
    """One line of a status page, read from indexed columns only. `owners` can act now at `path`."""

    id: str
    reference: str
    flow_version_id: int
    status: str
    requester: str
    requester_name: str
    title: str
    owners: tuple[str, ...]
    path: str
    opened_at: datetime
    due_at: datetime | None
    blocked: bool
    ended_at: datetime | None
    outcome: str


@dataclass(frozen=True, slots=True)
class RunCounts:
    """How many runs are open, how many of these late, how many blocked."""

    open: int
    late: int
    blocked: int


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event of a run's history, opened. `decided` are the dataclasses of `flows.events` (match on them), `facts` a JSON form;
    `hash` is its link of the chain (hex)."""

    run_id: str
    number: int
    kind: str
    actor: str
    at: datetime
    decided: list[Decided]
    facts: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A stored file. `digest` is the SHA-256 of its bytes (hex), `size` their number, `name` display text from outside."""

    id: str
    digest: str
    type: str
    size: int
    name: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A Merkle root (hex) over the heads of all runs' chains: `runs` of them with `events` links, up to event row `last`."""

    at: datetime
    root: str
    runs: int
    events: int
    last: int
