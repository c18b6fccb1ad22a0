"""The check afterwards: every run that phones saw is in the database as it should be, and nothing else is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from storage import Database
from storage.tables import messages, runs, steps
from storage.tables.base import table

INBOUND, OUTBOUND, IDS = table(messages.Inbound), table(messages.Outbound), table(messages.OutboundId)
WORK, RUN, TIMER = table(messages.Work), table(runs.Run), table(steps.Timer)

EXPECTED: Mapping[str, int] = {"receipt": 1, "approve": 1, "decided": 1, "outcome": 1}
"""What each run sends, by topic: receipt and outcome to the requester, prompt and confirmation to the approver."""
SHOWN = 10


def problems(database: Database, since: datetime, run_count: int, sids: Sequence[str]) -> list[str]:
    """What is wrong with the runs begun at or after `since`, where phones saw `run_count` runs and `sids` were accepted."""
    with database.read() as unit:
        conn = unit.conn.connection
        found = [*_runs(conn, since, run_count), *_unfinished(conn), *_sends(conn, since), *_accepted(conn, since, sids)]
        received = conn.execute(select(func.count()).select_from(INBOUND).where(INBOUND.c.received_at >= since)).scalar_one()
    if received != 2 * run_count:
        found.append(f"{received} messages in the inbox instead of {2 * run_count}")
    return found


def _runs(conn: Connection, since: datetime, run_count: int) -> list[str]:
    ended = (
        select(RUN.c.status, RUN.c.outcome, func.count()).where(RUN.c.created_at >= since).group_by(RUN.c.status, RUN.c.outcome)
    )
    counts = {(status, outcome): count for status, outcome, count in conn.execute(ended)}
    if counts == ({("ended", "approved"): run_count} if run_count else {}):
        return []
    return [f"{run_count} runs should have ended approved, the database has {counts}"]


def _unfinished(conn: Connection) -> list[str]:
    waiting = {
        "inbox": select(func.count()).select_from(INBOUND).where(INBOUND.c.state != "done"),
        "outbox": select(func.count()).select_from(OUTBOUND).where(OUTBOUND.c.state != "sent"),
        "work": select(func.count()).select_from(WORK).where(WORK.c.state != "done"),
        "timers": select(func.count()).select_from(TIMER).where(TIMER.c.state == "live"),
    }
    counts = {name: conn.execute(statement).scalar_one() for name, statement in waiting.items()}
    return [f"{count} unfinished rows in {name}" for name, count in counts.items() if count]


def _sends(conn: Connection, since: datetime) -> list[str]:
    topics: dict[str, Counter[str]] = {run_id: Counter() for run_id in _ids(conn, since)}
    strays = 0
    for run_id, topic in conn.execute(select(OUTBOUND.c.run_id, OUTBOUND.c.topic).where(OUTBOUND.c.created_at >= since)):
        if run_id in topics:
            topics[run_id][topic] += 1
        else:
            strays += 1
    wrong = [f"run {run_id} sent {dict(sent)}" for run_id, sent in topics.items() if sent != EXPECTED]
    return _first(wrong) + ([f"{strays} messages in the outbox belong to no run"] if strays else [])


def _ids(conn: Connection, since: datetime) -> Iterable[str]:
    return conn.execute(select(RUN.c.id).where(RUN.c.created_at >= since)).scalars()


def _accepted(conn: Connection, since: datetime, sids: Sequence[str]) -> list[str]:
    """Each message in the outbox was accepted once, and the provider accepted nothing else."""
    ours = select(IDS.c.message_id).join(OUTBOUND, OUTBOUND.c.id == IDS.c.outbound_id).where(OUTBOUND.c.created_at >= since)
    known = Counter(conn.execute(ours).scalars())
    accepted = Counter(sids)
    rows = conn.execute(select(func.count()).select_from(OUTBOUND).where(OUTBOUND.c.created_at >= since)).scalar_one()
    found = [f"{sid} was accepted and is not in the outbox" for sid in accepted - known]
    found += [f"{sid} is in the outbox and was never accepted" for sid in known - accepted]
    if rows != len(sids):
        found.append(f"the provider accepted {len(sids)} messages, the outbox has {rows}")
    return _first(found)


def _first(problems: list[str]) -> list[str]:
    more = len(problems) - SHOWN
    return problems[:SHOWN] + ([f"... and {more} more of these"] if more > 0 else [])
