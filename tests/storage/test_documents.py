"""Documents are on the disk when `put` returns, sealed, named by hash, once per subject and content."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from storage import Database, Tampered, Unit
from storage import documents as repository
from storage.documents import DOCUMENT
from storage.rows import DocumentRow
from tests.storage.samples import ASHA, NOW, RAVI

PDF = b"%PDF-1.7 the quote of a vendor"


def put(database: Database, content: bytes = PDF, name: str = "quote.pdf", subject: str = ASHA) -> DocumentRow:
    return database.write("put", lambda unit: unit.documents.put(content, "application/pdf", name, subject, NOW)).result()


def content(database: Database, document_id: str) -> bytes | None:
    with database.read() as unit:
        return unit.documents.content(document_id)


def files(home: Path) -> list[Path]:
    return sorted(path for path in (home / "documents").rglob("*") if path.is_file())


def test_what_was_put_is_given_back(database: Database) -> None:
    row = put(database)
    assert re.fullmatch(r"[0-9a-f]{32}", row.id)
    assert (row.type, row.size, row.name) == ("application/pdf", len(PDF), "quote.pdf")
    with database.read() as unit:
        assert unit.documents.get(row.id) == row
    assert content(database, row.id) == PDF
    for ask in ("get", "content"):
        with database.read() as unit, pytest.raises(KeyError):
            getattr(unit.documents, ask)("0" * 32)


def test_bytes_and_name_are_sealed_and_nobody_else_s_to_read(database: Database, home: Path) -> None:
    put(database)
    (file,) = files(home)
    assert PDF not in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with database.read() as unit:
        assert b"quote" not in unit.conn.scalar(select(DOCUMENT.c.name))


def test_the_same_content_of_the_same_subject_is_one_document(database: Database, home: Path) -> None:
    first, again, other = put(database), put(database, name="copy.pdf"), put(database, b"other")
    assert again == first
    assert other.id != first.id
    assert len(files(home)) == 2


def test_the_same_content_of_two_subjects_is_two(database: Database, home: Path) -> None:
    asha, ravi = put(database), put(database, subject=RAVI)
    assert asha.id != ravi.id
    assert asha.digest == ravi.digest
    database.keys.erase(ASHA)
    assert (content(database, asha.id), content(database, ravi.id)) == (None, PDF)
    assert not any(asha.digest in file.name for file in files(home)), "a file's name must not tell its content"


def test_once_erased_it_is_gone_and_can_be_given_again(database: Database) -> None:
    row = put(database)
    database.keys.erase(ASHA)
    assert content(database, row.id) is None
    with database.read() as unit:
        assert unit.documents.get(row.id).name == ""
    assert put(database, name="again.pdf").id == row.id
    assert content(database, row.id) == PDF


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a\x00b", "CON", "x" * 4096, "‮fdp.exe", ""])
def test_no_path_comes_from_a_name(database: Database, home: Path, name: str) -> None:
    before = {path for path in home.parent.rglob("*") if "documents" not in path.parts}
    row = put(database, name=name)
    assert row.name == name
    assert all(re.fullmatch(r"[0-9a-f]{2}/[0-9a-f]{64}", str(file.relative_to(home / "documents"))) for file in files(home))
    assert {path for path in home.parent.rglob("*") if "documents" not in path.parts} == before


def test_a_changed_file_is_refused(database: Database, home: Path) -> None:
    row = put(database)
    (file,) = files(home)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with database.read() as unit, pytest.raises(Tampered):
        unit.documents.content(row.id)


def steps_of(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps to the disk that one `put` takes, in order."""
    seen: list[str] = []
    sync, replace = os.fsync, os.replace

    def synced(handle: int) -> None:
        seen.append("sync folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "sync file")
        sync(handle)

    def replaced(old: Any, new: Any) -> None:
        seen.append("rename")
        replace(old, new)

    put(database, b"so that the folders are there")
    monkeypatch.setattr(repository.os, "fsync", synced)
    monkeypatch.setattr(repository.os, "replace", replaced)
    monkeypatch.setattr(repository.Documents, "_path", lambda self, *_: self.transaction.home / "documents" / "ab" / "same")
    (database._home / "documents" / "ab").mkdir(exist_ok=True)
    put(database)
    return seen


DURABLE = ["sync file", "rename", "sync folder"]


def test_file_then_folder_are_synced_before_it_returns(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert steps_of(database, monkeypatch) == DURABLE


def test_the_order_catches_a_folder_that_is_not_synced(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: the new name is left to the system's leisure."""
    monkeypatch.setattr(repository, "_sync", lambda folder: None)
    assert steps_of(database, monkeypatch) != DURABLE


def test_a_full_disk_leaves_no_half_file_and_no_row(database: Database, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(repository.os, "replace", full)
        with pytest.raises(OSError, match="No space"):
            put(database)
    assert files(home) == []
    with database.read() as unit:
        assert unit.conn.execute(select(DOCUMENT)).all() == []
    assert content(database, put(database).id) == PDF


def test_a_unit_that_fails_afterwards_can_be_run_again(database: Database) -> None:
    def fail(unit: Unit) -> None:
        unit.documents.put(PDF, "application/pdf", "quote.pdf", ASHA, NOW)
        raise RuntimeError("later")

    with pytest.raises(RuntimeError, match="later"):
        database.write("fail", fail).result()
    assert content(database, put(database).id) == PDF


def test_two_who_put_the_same_at_once_get_the_same_document(database: Database, home: Path) -> None:
    work = [
        database.write(f"put{n}", lambda unit: unit.documents.put(PDF, "application/pdf", "quote.pdf", ASHA, NOW))
        for n in range(6)
    ]
    rows = {done.result().id for done in work}
    assert len(rows) == len(files(home)) == 1
    assert content(database, rows.pop()) == PDF
