"""From what was seen to the report's figures."""

from __future__ import annotations

import os
import platform
from datetime import datetime
from typing import Any

from bot.bench.measure import Measured
from bot.bench.report import BenchFailed, Options, Report, percentile, versions

NO_UNDO = 0.0
"""Seconds that a decision waits for second thoughts before it counts: the product has no such delay."""

DURABLE = {"sqlite": {"synchronous": "full"}, "postgresql": {"synchronous_commit": "on", "fsync": "on"}}
"""For each database: the settings that make a commit wait for the disk, and what the server must read back of them."""


def durability(health: dict[str, Any]) -> tuple[str, str]:
    """The database's kind and how durable its commits are, as the server read it back. Raises BenchFailed where they are not."""
    database = health["database"]
    wanted = DURABLE[database["kind"]]
    found = {setting: database.get(setting) for setting in wanted}
    if found != wanted:
        raise BenchFailed([f"the server's commits do not wait for the disk: it has {found} instead of {wanted}"])
    return database["kind"], next(iter(wanted.values())).upper()


def report_of(measured: Measured, options: Options, floor: float, prepare_s: float, began: datetime, total_s: float) -> Report:
    """The report of a measurement in which nothing was lost."""
    begin, end, load = measured.begin, measured.end, measured.load
    runs = [run for run in load.approvals if begin.at <= run.ended_at < end.at]
    if not runs:
        raise BenchFailed(["no run ended in the measured time"])
    kind, synchronous = durability(measured.health)
    acks, replies = _paced(measured)
    count, per_s = len(runs), len(runs) / options.seconds
    return Report(
        runs_per_s=_round(per_s),
        floor_runs_per_s=_round(floor),
        ratio=_round(per_s / floor),
        messages_per_s=_round(_messages(measured) / options.seconds),
        ack_p50_ms=_ms(percentile(acks, 0.5)),
        ack_p99_ms=_ms(percentile(acks, 0.99)),
        reply_p50_ms=_ms(percentile(replies, 0.5)),
        reply_p95_ms=_ms(percentile(replies, 0.95)),
        reply_p99_ms=_ms(percentile(replies, 0.99)),
        saturated_ack_p99_ms=_ms(percentile([a.answered - a.due for a in load.acks if begin.at <= a.due < end.at], 0.99)),
        saturated_run_p50_ms=_ms(percentile([run.ended_at - run.asked_at for run in runs], 0.5)),
        sends_per_run=_round(len(load.sids) / len(load.approvals)),
        undo_delay_s=NO_UNDO,
        memory_mb=_round(measured.loaded.memory_mb),
        idle_memory_mb=_round(measured.idle.memory_mb),
        cpu_ms_per_run=_ms((end.server.cpu_s - begin.server.cpu_s) / count),
        generator_cpu_ms_per_run=_ms((end.own_cpu_s - begin.own_cpu_s) / count),
        provider_cpu_ms_per_run=_ms((end.provider.cpu_s - begin.provider.cpu_s) / count),
        database=kind,
        synchronous=synchronous,
        contacts=options.contacts,
        older_runs=options.older_runs,
        runs=len(load.approvals),
        rate=options.rate,
        in_flight=options.in_flight,
        seconds=options.seconds,
        prepare_s=_round(prepare_s),
        total_s=_round(total_s),
        started=began.isoformat(timespec="seconds"),
        cpus=len(os.sched_getaffinity(0)),
        python=platform.python_version(),
        versions=versions(),
    )


def _paced(measured: Measured) -> tuple[list[float], list[float]]:
    """How long acknowledgements and replies took in the paced phase, in seconds."""
    since, load = measured.paced_from, measured.load
    acks = [ack.answered - ack.due for ack in load.acks if ack.due >= since]
    return acks, [reply.accepted - reply.due for reply in load.replies() if reply.due >= since]


def _messages(measured: Measured) -> int:
    """How many messages passed in the saturated phase, both ways."""
    begin, end = measured.begin.at, measured.end.at
    sent = (at for run in measured.load.approvals for times in run.seen() for at in times)
    moments = [*(ack.answered for ack in measured.load.acks), *sent]
    return sum(begin <= at < end for at in moments)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


def _round(value: float) -> float:
    return round(value, 2)
