"""Button tokens, and the small registers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage import Database, TokenRow, Unit, VersionTaken, new_token

Do = Callable[[Callable[[Unit], Any]], Any]


def test_a_token_says_what_it_is_for(do: Do, now: datetime) -> None:
    ends = now + timedelta(days=7)
    what = ("decide", "c" * 32, "run", "approve", 2, "yes", {"item": "quote"})
    token = do(lambda unit: unit.tokens.issue(*what, expires_at=ends, outbound_id=7))
    assert len(token) == 22
    row = do(lambda unit: unit.tokens.find(token))
    assert (row.purpose, row.contact_id, row.run_id, row.path, row.attempt, row.choice) == (
        "decide", "c" * 32, "run", "approve", 2, "yes",
    )  # fmt: skip
    assert (row.data, row.expires_at, row.outbound_id) == ({"item": "quote"}, ends, 7)
    for other in ("", token[:-1], token.swapcase(), token + " "):
        assert do(lambda unit, other=other: unit.tokens.find(other)) is None


def test_tokens_belong_to_the_message_that_carries_them(do: Do, now: datetime) -> None:
    tokens = {new_token(): TokenRow("decide", "", "", 0, "c", choice, {}, now, 3) for choice in ("no", "yes")}
    assert len(tokens) == 2
    assert do(lambda unit: unit.tokens.by_outbound(3)) == []
    do(lambda unit: unit.tokens.keep(tokens))
    assert [(row.choice, row.outbound_id) for row in do(lambda unit: unit.tokens.by_outbound(3))] == [("no", 3), ("yes", 3)]
    assert {do(lambda unit, t=t: unit.tokens.find(t)).choice for t in tokens} == {"no", "yes"}


def test_the_database_cannot_be_read_for_working_tokens(home: Path, now: datetime) -> None:
    database = Database.open(f"sqlite:///{home}/baton.db", home)
    token = database.write("issue", lambda unit: unit.tokens.issue("decide", "c", expires_at=now)).result(20)
    database.close()
    assert token.encode() not in (home / "baton.db").read_bytes()


def test_a_counter_counts_without_gaps_for_eight_at_once(database: Database, do: Do) -> None:
    start = threading.Barrier(8)

    def take(_: int) -> list[int]:
        start.wait(20)
        return [database.write("take", lambda unit: unit.counters.take("PA", 1000)).result(20) for _ in range(10)]

    with ThreadPoolExecutor(8) as threads:
        taken = [number for numbers in threads.map(take, range(8)) for number in numbers]
    assert sorted(taken) == list(range(1000, 1080))
    assert do(lambda unit: unit.counters.peek("PA", 1000)) == 1080
    assert do(lambda unit: (unit.counters.peek("PO"), unit.counters.take("PO"), unit.counters.peek("PO"))) == (1, 1, 2)


def test_a_number_taken_in_a_unit_that_fails_is_free_again(do: Do) -> None:
    def fail(unit: Unit) -> None:
        unit.counters.take("PO")
        raise KeyError

    with pytest.raises(KeyError):
        do(fail)
    assert do(lambda unit: unit.counters.take("PO")) == 1


def test_settings_and_shapes_are_kept(do: Do) -> None:
    assert do(lambda unit: unit.settings.get("zone")) is None
    do(lambda unit: unit.settings.put("zone", "UTC"))
    do(lambda unit: unit.settings.put("zone", "Asia/Kolkata"))
    assert do(lambda unit: unit.settings.get("zone")) == "Asia/Kolkata"
    do(lambda unit: unit.shapes.put("whatsapp", "buttons-2", "HX1"))
    do(lambda unit: unit.shapes.put("whatsapp", "buttons-2", "HX2"))
    assert do(lambda unit: unit.shapes.get("whatsapp", "buttons-2")) == "HX2"
    assert do(lambda unit: unit.shapes.get("telegram", "buttons-2")) is None


def test_a_flow_version_is_published_once_and_never_changed(do: Do, now: datetime) -> None:
    first = do(lambda unit: unit.flows.publish("purchase", 1, "title: one", now))
    assert do(lambda unit: unit.flows.publish("purchase", 1, "title: one", now)) == first
    assert do(lambda unit: unit.flows.publish("purchase", 2, "title: one", now)) == first
    with pytest.raises(VersionTaken):
        do(lambda unit: unit.flows.publish("purchase", 1, "title: two", now))
    second = do(lambda unit: unit.flows.publish("purchase", 2, "title: two", now))
    other = do(lambda unit: unit.flows.publish("leave", 1, "title: one", now))
    with pytest.raises(KeyError):
        do(lambda unit: unit.flows.source(99))
    assert do(lambda unit: unit.flows.source(first)) == ("purchase", 1, "title: one")
    assert do(lambda unit: unit.flows.latest()) == [(other, "leave", 1), (second, "purchase", 2)]
