"""Files given to runs and made by them: bytes sealed on disk, by content, once per subject; the row says what they are."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Row, insert, select, update

from storage.repository import Repository
from storage.rows import DocumentRow
from storage.tables import runs as tables
from storage.tables.base import table

DOCUMENT = table(tables.Document)


class Documents(Repository):
    """Files lie under `home/documents/ab/<digest>`: the name is a hash of subject and content, never anything from outside."""

    def put(self, content: bytes, type: str, name: str, subject: str, now: datetime) -> DocumentRow:
        """Keep `content` sealed under `subject`; it is on the disk when this returns. The same content of the same subject is
        the same row (and keeps its first name), unless its key was erased since: then it is sealed anew."""
        digest = hashlib.sha256(content).hexdigest()
        same = select(DOCUMENT).where(DOCUMENT.c.subject == subject, DOCUMENT.c.digest == digest)
        kept = self.conn.execute(same).one_or_none()
        if kept is not None and self.keys.open(subject, kept.name) is not None:
            return self._row(kept)
        sealed = self.seal_text(subject, name)
        _write(self._path(subject, digest), self.keys.seal(subject, content))
        row = DocumentRow(kept.id if kept else uuid4().hex, digest, type, len(content), name)
        if kept is not None:
            self.conn.execute(update(DOCUMENT).where(DOCUMENT.c.id == kept.id).values(name=sealed))
        else:
            columns = {"id": row.id, "subject": subject, "digest": digest, "type": type, "size": row.size}
            self.conn.execute(insert(DOCUMENT), columns | {"name": sealed, "created_at": now})
        return row

    def get(self, document_id: str) -> DocumentRow:
        """What a document is; its name is "" once erased. Raises KeyError where there is none."""
        return self._row(self._find(document_id))

    def content(self, document_id: str) -> bytes | None:
        """The bytes, None once erased. Raises KeyError where there is no such row, Tampered where the file was changed."""
        row = self._find(document_id)
        return self.keys.open(row.subject, self._path(row.subject, row.digest).read_bytes())

    def _find(self, document_id: str) -> Row[tuple[object, ...]]:
        row: Row[tuple[object, ...]] | None = self.conn.execute(
            select(DOCUMENT).where(DOCUMENT.c.id == document_id)
        ).one_or_none()
        if row is None:
            raise KeyError(document_id)
        return row

    def _row(self, row: Row[tuple[object, ...]]) -> DocumentRow:
        return DocumentRow(row.id, row.digest, row.type, row.size, self.open_text(row.subject, row.name))

    def _path(self, subject: str, digest: str) -> Path:
        name = hashlib.sha256(f"{subject}:{digest}".encode()).hexdigest()
        return self.transaction.home / "documents" / name[:2] / name


def _write(path: Path, sealed: bytes) -> None:
    """Put the whole file at `path` or nothing, durably: bytes first, then the name, then the folders that hold it."""
    for folder in (path.parent.parent, path.parent):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync(folder.parent)
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
