from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

import psycopg
import pytest

from bot.bench.check import problems
from bot.bench.phones import lanes, requesters
from bot.bench.prepare import FLOWS, prepare
from bot.bench.report import Options
from bot.bench.scratch import scratch_database
from storage import Database

NOW = datetime(2026, 3, 2, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_database_is_filled_as_the_product_would_have_filled_it(kind, home, request):
    server = request.getfixturevalue("postgresql").url("postgres") if kind == "postgresql" else ""
    with scratch_database(server, home, "baton") as url:
        prepare(url, home, Options(contacts=20, older_runs=130), NOW)
        with closing(Database.open(url, home, read_only=True)) as database:
            assert problems(database, NOW, 0, []) == []
            with database.read() as unit:
                assert unit.audit.verify() == []
                assert unit.runs.counts(NOW).open == 0
                copied = unit.runs.by_reference("OLD-129")
                assert copied is not None
                stored = unit.runs.load(copied)
                assert stored is not None
                assert stored.run == unit.runs.rebuild(copied)
                assert (stored.run.outcome, stored.run.reference) == ("approved", "OLD-129")
                assert all(unit.people.by_address("whatsapp", lane.approver).last_inbound_at == NOW for lane in lanes())
                assert all(unit.people.by_address("whatsapp", phone) is not None for phone in requesters(20))
        assert len(list((home / FLOWS).glob("*.yaml"))) == len(lanes())


def test_a_scratch_database_leaves_the_server_as_it_was(postgresql, home):
    def names() -> set[str]:
        with psycopg.connect(postgresql.url("postgres")) as conn:
            return {name for (name,) in conn.execute("SELECT datname FROM pg_database WHERE datname LIKE '%\\_bench\\_%'")}

    def fail_inside() -> None:
        with scratch_database(postgresql.url("postgres"), home, "t") as url:
            with psycopg.connect(url) as conn:
                conn.execute("CREATE TABLE t (n int)")
            assert any(name in url for name in names())
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail_inside()
    assert names() == set()
