"""What is on the phones: messages, buttons and files, in a SQLite file of its own. A restart shows the same screens."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

State = Literal["sending", "queued", "sent", "delivered", "read", "failed"]
Kind = Literal["twilio", "telegram", "email"]

SCREEN = 80
"""How many of its latest messages a phone shows."""

_TABLES = """
CREATE TABLE IF NOT EXISTS bubble (id INTEGER PRIMARY KEY AUTOINCREMENT, phone TEXT NOT NULL, version INTEGER NOT NULL,
                                   sid TEXT NOT NULL, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS bubble_version ON bubble (version);
CREATE INDEX IF NOT EXISTS bubble_phone ON bubble (phone, id);
CREATE INDEX IF NOT EXISTS bubble_sid ON bubble (sid);
CREATE TABLE IF NOT EXISTS file (token TEXT PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS wire (bubble INTEGER PRIMARY KEY, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Frozen(BaseModel):
    """A value: compared and copied, never changed."""

    model_config = ConfigDict(frozen=True)


class File(Frozen):
    """A file on a phone. `token` is unguessable: whoever has it may read the file."""

    token: str
    name: str
    type: str
    size: int

    @property
    def is_image(self) -> bool:
        return self.type in ("image/png", "image/jpeg", "image/webp", "image/gif")


class Choice(Frozen):
    """A button, or a row of a list picker. `token` goes back to the product on a tap."""

    label: str
    token: str
    description: str = ""


class Bubble(Frozen):
    """One message on one phone. `sid` is the provider's id of it; `quote` the bubble it answers (0: none); `list_label` the
    button that opens the choices as a list ("": they are buttons); `waiting` a tap's id until the product acknowledges it
    and `pressed` the choice tapped; `callback` where delivery reports go. `sender` and `recipient` are as on the wire; of a mail
    received, `sender` is where an answer goes."""

    phone: str
    author: Literal["person", "baton", "note"]
    at: datetime
    id: int = 0
    version: int = 0
    text: str = ""
    subject: str = ""
    quote: int = 0
    choices: tuple[Choice, ...] = ()
    list_label: str = ""
    files: tuple[File, ...] = ()
    sid: str = ""
    state: State = "delivered"
    error: int = 0
    problem: str = ""
    waiting: str = ""
    pressed: int = 0
    callback: str = ""
    sender: str = ""
    recipient: str = ""
    references: tuple[str, ...] = ()


class Wire(Frozen):
    """A request to one of the product's webhooks, before it is signed. `url` is whole, or a path of the product's (which outlives
    a change of port). `body` is ASCII."""

    kind: Kind
    url: str
    body: str


class Store:
    """The phones' memory. Every method may be called from any thread; each change is on disk when it returns."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_TABLES)
        self.version: int = self._row("SELECT coalesce(max(version), 0) FROM bubble")[0]

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def add(self, bubble: Bubble) -> Bubble:
        """File a new message. Returns it with its id; where `sid` is empty the id becomes it (as on Telegram)."""
        with self._lock:
            number = self._row("SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'bubble'")[0]
            return self._save(bubble.model_copy(update={"id": number, "sid": bubble.sid or str(number)}))

    def change(self, number: int, **fields: Any) -> Bubble:
        """Replace fields of a message. Raises KeyError where there is none of that id."""
        with self._lock:
            return self._save(self.bubble(number).model_copy(update=fields))

    def _save(self, bubble: Bubble) -> Bubble:
        saved = bubble.model_copy(update={"version": self.version + 1})
        self._db.execute(
            "INSERT OR REPLACE INTO bubble VALUES (?, ?, ?, ?, ?)",
            (saved.id, saved.phone, saved.version, saved.sid, saved.model_dump_json()),
        )
        self.version = saved.version
        return saved

    def bubble(self, number: int) -> Bubble:
        """Raises KeyError where there is none of that id."""
        found = self._bubbles("WHERE id = ?", number)
        if not found:
            raise KeyError(number)
        return found[0]

    def by_sid(self, sid: str) -> Bubble | None:
        return next(iter(self._bubbles("WHERE sid = ?", sid)), None)

    def screen(self, phone: str) -> list[Bubble]:
        """The latest messages of a phone, oldest first."""
        return self._bubbles("WHERE phone = ? ORDER BY id DESC LIMIT ?", phone, SCREEN)[::-1]

    def since(self, version: int) -> list[Bubble]:
        """The messages that changed after `version`, oldest first."""
        return self._bubbles("WHERE version > ? ORDER BY id", version)

    def latest(self, limit: int) -> list[Bubble]:
        """The latest messages of all phones, newest first."""
        return self._bubbles("ORDER BY id DESC LIMIT ?", limit)

    def _bubbles(self, where: str, *values: object) -> list[Bubble]:
        with self._lock:
            rows = self._db.execute(f"SELECT data FROM bubble {where}", values).fetchall()  # noqa: S608 - our own constants
        return [Bubble.model_validate_json(data) for (data,) in rows]

    def put_file(self, name: str, type: str, content: bytes) -> File:
        file = File(token=secrets.token_hex(16), name=name, type=type, size=len(content))
        with self._lock:
            self._db.execute("INSERT INTO file VALUES (?, ?, ?, ?)", (file.token, name, type, content))
        return file

    def file(self, token: str) -> tuple[File, bytes] | None:
        with self._lock:
            row = self._db.execute("SELECT name, type, content FROM file WHERE token = ?", (token,)).fetchone()
        return (File(token=token, name=row[0], type=row[1], size=len(row[2])), row[2]) if row else None

    def put_wire(self, number: int, wire: Wire) -> None:
        """Keep what carries a person's message, so that it can be sent again."""
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO wire VALUES (?, ?)", (number, wire.model_dump_json()))

    def wire(self, number: int) -> Wire | None:
        with self._lock:
            row = self._db.execute("SELECT data FROM wire WHERE bubble = ?", (number,)).fetchone()
        return Wire.model_validate_json(row[0]) if row else None

    def fact(self, name: str) -> str | None:
        with self._lock:
            row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def put_fact(self, name: str, value: str) -> None:
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def count(self, name: str, start: int) -> int:
        """The next number of a series that begins at `start`."""
        with self._lock:
            number = int(self.fact(name) or start - 1) + 1
            self.put_fact(name, str(number))
        return number

    def _row(self, query: str) -> Any:
        with self._lock:
            return self._db.execute(query).fetchone()
