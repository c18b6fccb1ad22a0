"""The load finds what it must find: each fault is planted in a stub of the product."""

from __future__ import annotations

import pytest

from bot.bench import load as load_module
from tests.bench.conftest import Stage

KINDS = ("receipt", "prompt", "confirmation", "outcome")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(load_module, "LOST_AFTER", 0.6)


def test_every_run_ends_with_its_four_messages(play):
    async def scene(stage: Stage) -> None:
        await stage.load.saturate(0.3, in_flight=8)
        await stage.load.settle(quiet=0.05, patience=2)
        runs = stage.load.approvals
        assert len(runs) > 20
        assert stage.load.faults() == []
        assert stage.load.kinds() == dict.fromkeys(KINDS, len(runs))
        assert len(stage.load.acks) == len(stage.load.replies()) == 2 * len(runs)
        assert all(run.asked_at < run.tapped_at < run.ended_at for run in runs)
        assert stage.stub.bad_signatures == 0

    play(scene)


@pytest.mark.parametrize("copies", [0, 2], ids=["lost", "doubled"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_lost_or_doubled_message_is_found(play, kind, copies):
    async def scene(stage: Stage) -> None:
        stage.stub.copies[kind, 5] = copies
        await stage.load.saturate(0.15, in_flight=8)
        await stage.load.settle(quiet=0.05, patience=0.3)
        assert any(f"{copies} {kind} messages" in fault or "nobody waits" in fault for fault in stage.load.faults())

    play(scene)


def test_a_refused_webhook_is_a_fault(play):
    async def scene(stage: Stage) -> None:
        stage.stub.answer = 500
        await stage.load.saturate(0.05, in_flight=2)
        assert "answered 500" in stage.load.faults()[0]

    play(scene)


def test_webhooks_signed_with_another_token_are_refused(play):
    async def scene(stage: Stage) -> None:
        await stage.load.saturate(0.05, in_flight=2)
        assert stage.stub.bad_signatures > 0
        assert "answered 403" in stage.load.faults()[0]

    play(scene, signed_with="another-token")


def test_the_open_loop_keeps_its_rate(play):
    async def scene(stage: Stage) -> None:
        await stage.load.pace(1.0, rate=60)
        assert 15 <= len(stage.load.approvals) <= 50
        assert stage.load.faults() == []

    play(scene)


def test_waiting_behind_a_stall_counts_as_latency(play):
    async def scene(stage: Stage) -> None:
        stage.stub.delay = 0.05
        await stage.load.pace(0.3, rate=60)
        slowest = max(ack.answered - ack.due for ack in stage.load.acks)
        assert slowest > 0.1, "a webhook that was due waited for the only connection, and that must show"

    play(scene, connections=1)


def test_more_runs_than_contacts_is_a_fault(play):
    async def scene(stage: Stage) -> None:
        stage.stub.delay = 0.1
        await stage.load.saturate(0.05, in_flight=41)
        assert "more contacts are needed" in stage.load.faults()[0]

    play(scene)
