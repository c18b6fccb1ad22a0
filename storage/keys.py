"""The key store: one AES-256 key per subject, kept apart from the data, so that destroying a key erases what it sealed.

A sealed value is: format byte 1, the key's id (8 bytes), a nonce (12 bytes), then AES-256-GCM ciphertext and tag, authenticated
together with the format byte and the subject's name. A value whose key was erased opens as None; one that was
changed, or put in the place of another subject's, raises Tampered.
The store is its own SQLite file (`keys.db` under home) or the schema `baton_keys` on PostgreSQL: back it up apart from the data.
"""

from __future__ import annotations

import hmac
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, Connection, LargeBinary, MetaData, String, Table, bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import insert

from storage.commits import Reach, commit, nowhere
from storage.engines import postgresql_engine, sqlite_engine, sqlite_path, translated
from storage.errors import DatabaseUnavailable, StorageError, Tampered, WrongKeys

FORMAT = b"\x01"
HEAD = 1 + 8 + 12
INDEX = "index"
KEPT = 100_000
FRESH_S = 60.0
SCHEMA = "baton_keys"

metadata = MetaData()
KEYS = Table(
    "subject_key",
    metadata,
    Column("subject", String, primary_key=True),
    Column("id", LargeBinary, nullable=False),
    Column("secret", LargeBinary, nullable=False),
)
ERASED = Table("erased_key", metadata, Column("id", LargeBinary, primary_key=True), Column("subject", String, nullable=False))

FIND = select(KEYS.c.id, KEYS.c.secret).where(KEYS.c.subject == bindparam("subject"))
GONE = select(ERASED.c.subject).where(ERASED.c.id == bindparam("id"))
ADD = insert(KEYS).on_conflict_do_nothing()
LIST = insert(ERASED).from_select(["id", "subject"], select(KEYS.c.id, KEYS.c.subject).where(KEYS.c.subject == bindparam("gone")))
DESTROY = delete(KEYS).where(KEYS.c.subject == bindparam("gone"))


def address_subject(blind: str) -> str:
    """The subject of what came in from an address, whoever turns out to be behind it."""
    return f"address:{blind}"


@dataclass(frozen=True, slots=True)
class Key:
    id: bytes
    cipher: AESGCM


class KeyStore:
    """Safe from any thread. A new key is committed before `seal` returns, hence before anything that it sealed.

    Used keys are kept in memory. Several processes may share the store on PostgreSQL, so there they are forgotten every minute:
    an erasure reaches the other processes within that time.
    """

    def __init__(self, url: str, *, reach: Reach = nowhere, read_only: bool = False) -> None:
        self._reach, self._read_only = reach, read_only
        self._lock = threading.Lock()
        self._kept: dict[str, Key] = {}
        self._forget_at = time.monotonic() + FRESH_S
        self._file = sqlite_path(url)
        if self._file is not None:
            self._engine = sqlite_engine(self._file, begin="DEFERRED" if read_only else "IMMEDIATE")
        else:
            self._engine = postgresql_engine(url, pool=1).execution_options(schema_translate_map={None: SCHEMA})
        try:
            with translated():
                if not read_only:
                    self._commit(_create_tables)
                self._index = self._index_key()
        except BaseException:
            self.close()
            raise

    def seal(self, subject: str, plain: bytes) -> bytes:
        """`plain` under the subject's key, which is made where there is none. Raises DatabaseUnavailable."""
        key = self._key(subject) or self._make(subject)
        nonce = os.urandom(12)
        return FORMAT + key.id + nonce + key.cipher.encrypt(nonce, plain, FORMAT + subject.encode())

    def open(self, subject: str, sealed: bytes) -> bytes | None:
        """What was sealed; None where its key was destroyed. Raises Tampered where it is not what was written."""
        if len(sealed) < HEAD or sealed[:1] != FORMAT:
            raise Tampered("not a sealed value of a known format")
        key = self._key(subject)
        if key is None or key.id != sealed[1:9]:
            if self._was_erased(sealed[1:9]):
                return None
            key = self._find(subject)  # another process may have renewed it after an erasure
        if key is None or key.id != sealed[1:9]:
            raise Tampered("sealed under a key that this store never had for the subject")
        try:
            return key.cipher.decrypt(sealed[9:HEAD], sealed[HEAD:], FORMAT + subject.encode())
        except InvalidTag as error:
            raise Tampered("a sealed value was changed") from error

    def blind(self, *parts: str) -> str:
        """An index entry that finds an exact value and tells nothing else: HMAC-SHA256 cut to 128 bits, 32 hex digits."""
        return hmac.digest(self._index, "|".join(parts).encode(), "sha256")[:16].hex()

    def erase(self, *subjects: str) -> None:
        """Destroy the keys of `subjects` for good, and list their ids as erased. Safe twice."""

        def destroy(conn: Connection) -> None:
            for subject in subjects:
                conn.execute(LIST, {"gone": subject})
                conn.execute(DESTROY, {"gone": subject})

        with self._lock, translated():
            self._commit(destroy)
            for subject in subjects:
                self._kept.pop(subject, None)
            self._wipe_log()

    def fingerprint(self) -> str:
        """Names this store: a database remembers which one it was written with."""
        return self.blind("fingerprint")

    def close(self) -> None:
        self._engine.dispose()

    def _key(self, subject: str) -> Key | None:
        if (self._file is None and time.monotonic() > self._forget_at) or len(self._kept) > KEPT:
            self._kept.clear()
            self._forget_at = time.monotonic() + FRESH_S
        return self._kept.get(subject) or self._find(subject)

    def _find(self, subject: str) -> Key | None:
        with self._lock, translated(), self._engine.connect() as conn:
            found = conn.execute(FIND, {"subject": subject}).one_or_none()
            if found is None:
                return None
            key = self._kept[subject] = Key(bytes(found.id), AESGCM(bytes(found.secret)))
            return key

    def _was_erased(self, key_id: bytes) -> bool:
        with self._lock, translated(), self._engine.connect() as conn:
            return conn.execute(GONE, {"id": key_id}).one_or_none() is not None

    def _make(self, subject: str) -> Key:
        """The subject's key, made here or, where two make it at once, by the one who commits first."""
        if self._read_only:
            raise StorageError("the key store was opened for reading only")
        with self._lock, translated():
            self._commit(lambda conn: conn.execute(ADD, {"subject": subject, "id": os.urandom(8), "secret": os.urandom(32)}))
        key = self._find(subject)
        if key is None:
            raise DatabaseUnavailable("a new key was erased at once")
        return key

    def _index_key(self) -> bytes:
        with self._engine.connect() as conn:
            found = conn.execute(FIND, {"subject": INDEX}).one_or_none()
        if found is None:
            raise WrongKeys("the key store is empty")
        return bytes(found.secret)

    def _commit(self, work: Callable[[Connection], object]) -> None:
        with self._engine.connect() as conn, conn.begin() as transaction:
            work(conn)
            commit(transaction, ("keys",), self._reach)

    def _wipe_log(self) -> None:
        """A destroyed key must not live on in SQLite's write-ahead log."""
        if self._file is not None:
            raw = self._engine.raw_connection()
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            raw.close()


def _create_tables(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtext('baton_keys'))"))
        conn.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    metadata.create_all(conn)
    conn.execute(ADD, {"subject": INDEX, "id": os.urandom(8), "secret": os.urandom(32)})
