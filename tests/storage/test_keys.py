"""The key store: sealed for one subject, and gone for good once erased."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from storage import Database, KeyStore, StorageError, Tampered, Unit, WrongKeys
from storage import keys as keys_module
from storage.keys import KEYS


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, home: Path) -> Iterator[str]:
    """Where an empty key store may be."""
    if request.param == "sqlite":
        yield f"sqlite:///{home / 'keys.db'}"
    else:
        with request.getfixturevalue("postgresql").database() as found:
            yield found


@pytest.fixture
def keys(url: str) -> Iterator[KeyStore]:
    store = KeyStore(url)
    yield store
    store.close()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plain=st.binary(max_size=300), data=st.data())
def test_what_is_sealed_opens_and_any_change_is_noticed(keys: KeyStore, plain: bytes, data: st.DataObject) -> None:
    sealed = keys.seal("a", plain)
    assert keys.open("a", sealed) == plain
    at = data.draw(st.integers(0, len(sealed) - 1))
    changed = sealed[:at] + bytes([sealed[at] ^ data.draw(st.integers(1, 255))]) + sealed[at + 1 :]
    with pytest.raises(Tampered):
        keys.open("a", changed)
    with pytest.raises(Tampered):
        keys.open("a", sealed[: data.draw(st.integers(0, len(sealed) - 1))])


def test_a_sealed_value_opens_for_its_subject_only(keys: KeyStore) -> None:
    sealed = keys.seal("a", b"plain")
    keys.seal("b", b"other")
    for subject in ("b", "c"):
        with pytest.raises(Tampered):
            keys.open(subject, sealed)
    assert b"plain" not in sealed
    assert keys.seal("a", b"plain") != sealed


def test_erasing_destroys_the_past_and_not_the_future(keys: KeyStore, url: str) -> None:
    sealed, other = keys.seal("a", b"plain"), keys.seal("b", b"other")
    keys.erase("a", "never seen")
    keys.erase("a")
    assert keys.open("a", sealed) is None
    renewed = keys.seal("a", b"new")
    assert (keys.open("a", sealed), keys.open("a", renewed), keys.open("b", other)) == (None, b"new", b"other")
    again = KeyStore(url)
    assert (again.open("a", sealed), again.open("a", renewed), again.open("b", other)) == (None, b"new", b"other")
    again.close()


def secret_in_files(home: Path) -> bool:
    """Whether an erased key can still be read from the store's files."""
    store = KeyStore(f"sqlite:///{home / 'keys.db'}")
    store.seal("a", b"plain")
    with store._engine.connect() as conn:
        secret = bytes(conn.execute(select(KEYS.c.secret).where(KEYS.c.subject == "a")).scalar_one())
    assert any(secret in file.read_bytes() for file in home.glob("keys.db*"))
    store.erase("a")
    found = any(secret in file.read_bytes() for file in home.glob("keys.db*"))
    store.close()
    return found


def test_an_erased_key_is_in_no_file_any_more(home: Path) -> None:
    assert not secret_in_files(home)


def test_planted_bug_leaving_the_log_is_caught(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeyStore, "_wipe_log", lambda self: None)
    assert secret_in_files(home)


def test_blind_indexes_are_the_stores_own(keys: KeyStore, tmp_path: Path) -> None:
    assert keys.blind("whatsapp", "1") == keys.blind("whatsapp", "1")
    other = KeyStore(f"sqlite:///{tmp_path / 'other.db'}")
    assert len({keys.blind("whatsapp", "1"), keys.blind("email", "1"), other.blind("whatsapp", "1")}) == 3
    other.close()


def test_two_stores_that_make_one_subjects_key_at_once_agree(url: str) -> None:
    stores = [KeyStore(url) for _ in range(4)]
    start = threading.Barrier(4)

    def seal(store: KeyStore) -> bytes:
        start.wait(20)
        return store.seal("a", b"plain")

    with ThreadPoolExecutor(4) as threads:
        sealed = list(threads.map(seal, stores))
    assert [store.open("a", value) for store in stores for value in sealed] == [b"plain"] * 16
    for store in stores:
        store.close()


def test_an_erasure_reaches_other_processes(postgresql: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "FRESH_S", 0.0)
    with postgresql.database() as url:
        here, there = KeyStore(url), KeyStore(url)
        sealed = here.seal("a", b"plain")
        assert there.open("a", sealed) == b"plain"
        here.erase("a")
        assert there.open("a", sealed) is None
        assert there.open("a", here.seal("a", b"new")) == b"new"
        here.close()
        there.close()


def test_a_key_is_committed_before_what_it_sealed(database_url: str, home: Path) -> None:
    points: list[str] = []
    database = Database.open(database_url, home, reach=points.append)
    points.clear()
    database.write("unit", lambda unit: unit.settings.put("s", unit.keys.seal("a", b"plain").hex())).result(20)
    assert points == ["before:commit:keys", "after:commit:keys", "before:commit:unit", "after:commit:unit"]
    points.clear()
    database.write("unit", lambda unit: unit.settings.put("t", unit.keys.seal("a", b"plain").hex())).result(20)
    assert points == ["before:commit:unit", "after:commit:unit"]
    database.close()


def test_where_the_key_cannot_be_stored_nothing_sealed_is(database_url: str, home: Path) -> None:
    armed = threading.Event()

    def reach(point: str) -> None:
        if armed.is_set() and point == "before:commit:keys":
            raise OSError("no room on the disk")

    def work(unit: Unit) -> None:
        unit.settings.put("before", "1")
        unit.settings.put("s", unit.keys.seal("a", b"plain").hex())

    database = Database.open(database_url, home, reach=reach)
    armed.set()
    with pytest.raises(OSError, match="no room"):
        database.write("unit", work).result(20)
    armed.clear()
    with database.read() as unit:
        assert (unit.settings.get("before"), unit.settings.get("s")) == (None, None)
    database.close()


def test_a_database_refuses_another_key_store(database_url: str, home: Path, tmp_path: Path) -> None:
    Database.open(database_url, home).close()
    Database.open(database_url, home).close()
    with pytest.raises(WrongKeys):
        Database.open(database_url, home, keys_url=f"sqlite:///{tmp_path / 'other.db'}")


def test_a_read_only_store_makes_no_keys(url: str) -> None:
    store = KeyStore(url)
    sealed = store.seal("a", b"plain")
    reading = KeyStore(url, read_only=True)
    assert reading.open("a", sealed) == b"plain"
    with pytest.raises(StorageError, match="reading only"):
        reading.seal("b", b"plain")
    reading.close()
    store.close()
