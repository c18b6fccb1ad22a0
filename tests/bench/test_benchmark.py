"""The benchmark as a whole, small: real processes, the real product, every run checked."""

from __future__ import annotations

import pytest

from bot.bench import BenchFailed, Options, benchmark, check, measure, run

SMALL = {"seconds": 1.0, "contacts": 40, "older_runs": 120, "in_flight": 6, "rate": 20.0}


@pytest.fixture(autouse=True)
def _warm_at_once(monkeypatch):
    monkeypatch.setattr(measure, "WARM_UP", 0.3)


def test_whole_runs_through_the_product(tmp_path):
    report = run(Options(folder=tmp_path, **SMALL))
    assert report.runs_per_s > 0
    assert report.floor_runs_per_s > 0
    assert report.sends_per_run == 4.0
    assert 0 < report.ack_p50_ms <= report.ack_p99_ms
    assert 0 < report.reply_p50_ms <= report.reply_p95_ms <= report.reply_p99_ms
    assert (report.database, report.synchronous) == ("sqlite", "FULL")
    assert report.memory_mb > 20
    assert report.cpu_ms_per_run > 0
    assert list(tmp_path.iterdir()) == []


def test_a_run_with_other_sends_than_expected_gives_no_figure(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark, "_floor", lambda *_: 1.0)
    monkeypatch.setattr(check, "EXPECTED", {**check.EXPECTED, "notice": 1})
    with pytest.raises(BenchFailed, match="sent"):
        run(Options(folder=tmp_path, **SMALL))
    assert list(tmp_path.iterdir()) == []
