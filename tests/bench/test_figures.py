from __future__ import annotations

import asyncio
import json
import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bench.figures import durability, report_of
from bot.bench.load import Ack, Approval, Load
from bot.bench.measure import Measured, Moment
from bot.bench.phones import Account, Phones, lanes
from bot.bench.process import Usage
from bot.bench.report import BenchFailed, Options, Report, percentile
from bot.bench.wire import Client

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
FULL = {"database": {"kind": "sqlite", "synchronous": "full"}}


@given(st.lists(st.integers(0, 50), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_the_least_value_that_enough_do_not_exceed(values, share):
    found = percentile(values, share)
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def test_nothing_has_no_percentile():
    assert math.isnan(percentile([], 0.5))


@pytest.mark.parametrize("synchronous", ["normal", "off", None])
def test_a_server_that_does_not_wait_for_the_disk_gets_no_figure(synchronous):
    with pytest.raises(BenchFailed, match="do not wait for the disk"):
        durability({"database": {"kind": "sqlite", "synchronous": synchronous}})


def measured() -> Measured:
    """Ten runs, one a second, each with two acknowledgements of 5 ms, a receipt after 10 ms and a confirmation after 30 ms. The
    saturated phase is from second 2 to second 6, the paced one from second 6."""

    async def build() -> Load:
        load, loop = Load(Client(1), Phones(Account("AC", "t", "")), (), ()), asyncio.get_running_loop()
        for number in range(10):
            run = Approval(f"paper b{number}x", "+91", lanes()[0], float(number), loop.create_future(), loop.create_future())
            run.tapped_at, run.ended_at = number + 0.1, number + 0.2
            run.receipts, run.prompts = [number + 0.01], [number + 0.05]
            run.confirmations, run.outcomes = [number + 0.13], [number + 0.2]
            load.approvals.append(run)
            load.acks += [Ack(number, number + 0.005), Ack(number + 0.1, number + 0.105)]
        load.sids = [str(number) for number in range(40)]
        return load

    begin = Moment(2.0, Usage(100, 1.0), Usage(20, 0.5), 3.0)
    end = Moment(6.0, Usage(120, 1.4), Usage(20, 0.54), 3.02)
    return Measured(asyncio.run(build()), begin, end, 6.0, Usage(90, 0), Usage(130, 2), FULL)


def report(seen: Measured) -> Report:
    return report_of(seen, Options(seconds=4), floor=2.0, prepare_s=1, began=BEGAN, total_s=9)


def test_the_figures_are_those_of_their_phase():
    found = report(measured())
    assert (found.runs_per_s, found.floor_runs_per_s, found.ratio) == (1.0, 2.0, 0.5)
    assert found.messages_per_s == 6.0
    assert (found.ack_p50_ms, found.ack_p99_ms) == (5.0, 5.0)
    assert (found.reply_p50_ms, found.reply_p95_ms) == (10.0, 30.0)
    assert found.sends_per_run == 4.0
    assert (found.cpu_ms_per_run, found.generator_cpu_ms_per_run, found.provider_cpu_ms_per_run) == (100.0, 5.0, 10.0)
    assert (found.idle_memory_mb, found.memory_mb) == (90, 130)
    assert (found.database, found.synchronous, found.runs) == ("sqlite", "FULL", 10)


def test_the_report_is_one_json_object_and_a_table():
    found = report(measured())
    assert json.loads(json.dumps(found.as_json()))["ack_p99_ms"] == 5.0
    assert "ratio 0.50" in found.as_text()
    assert "nan" not in found.as_text()


def test_no_run_in_the_measured_time_is_no_figure():
    seen = measured()
    with pytest.raises(BenchFailed, match="no run ended"):
        report(replace(seen, begin=replace(seen.begin, at=20.0), end=replace(seen.end, at=24.0)))
