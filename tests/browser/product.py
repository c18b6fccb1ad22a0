"""The real product as a process of its own, and what its database and the phones' memory say, read with plain sqlite3."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0
"""Seconds after which something that has not come is missing; two busy cores are slow."""
LANES = ("inbound", "outbound", "work")


def until(found: Callable[[], bool], what: str, show: Callable[[], object] = str) -> None:
    """Wait until `found`. Fails with `what`, and with what there is to `show`, when it does not come in time."""
    give_up = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < give_up, f"{what}: not within {PATIENCE:g} s {show()}"
        time.sleep(0.05)


@dataclass
class Product:
    """One installation: `BATON_HOME` and a port, nothing else set. A stop and a new start are one installation still."""

    home: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        return self.home / "simulator"

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.port}/simulator"

    @property
    def log(self) -> str:
        return (self.home / "log").read_text(encoding="utf-8", errors="replace")

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "bot.cli", *words]

    @property
    def environment(self) -> dict[str, str]:
        """What a new user's shell has; nobody's settings leak in, and no `.env` lies in the folder it runs in."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | {"PORT": str(self.port), "BATON_HOME": str(self.home), "BATON_UNDO_SECONDS": "0", "PYTHONPATH": str(ROOT)}

    def start(self) -> Product:
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command("serve"), env=self.environment, cwd=self.home, stdout=log, stderr=subprocess.STDOUT
            )
        until(self._answers, f"an answer from {self.page}")
        return self

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the product ended by itself:\n{self.log[-3000:]}"
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
            return bool(json.load(answer)["status"] == "ok")
        return False

    def stop(self) -> None:
        """Ctrl-C, and a clean end: exit code 0, no traceback, nothing warned of."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(PATIENCE) == 0, self.log[-3000:]
        self.process = None
        told = [line for line in self.log.splitlines() if any(word in line for word in (" WARNING ", " ERROR ", "Traceback"))]
        assert told == []

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def audit(self) -> None:
        """`baton audit` over the stopped installation."""
        done = subprocess.run(self.command("audit"), env=self.environment, cwd=self.home, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "every chain is whole\n"), done.stderr

    # --- what is on disk --------------------------------------------------------------------------------------------

    def rows(self, query: str, *values: object, file: str = "baton.db") -> list[tuple[Any, ...]]:
        uri = f"file:{self.folder / file}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=PATIENCE)) as connection:
            return connection.execute(query, values).fetchall()

    def plant(self, damage: str) -> None:
        """Change the stopped installation's database behind its back."""
        with contextlib.closing(sqlite3.connect(self.folder / "baton.db")) as connection:
            assert connection.execute(damage).rowcount > 0
            connection.commit()

    def run(self, reference: str = "PA-1001") -> tuple[str, str, str]:
        """(status, outcome, open step)."""
        ((status, outcome, path),) = self.rows("SELECT status, outcome, path FROM run WHERE reference = ?", reference)
        return status, outcome, path

    def events(self, reference: str = "PA-1001") -> Counter[str]:
        """How many events of each kind; their numbers have no gap."""
        found = self.rows(
            "SELECT event.number, event.kind FROM event JOIN run ON run.id = event.run_id WHERE reference = ? ORDER BY number",
            reference,
        )
        assert [number for number, _ in found] == list(range(1, len(found) + 1))
        return Counter(kind for _, kind in found)

    def timers(self, reference: str = "PA-1001") -> Counter[tuple[str, str]]:
        """How many timers by (path, state)."""
        found = self.rows(
            "SELECT timer.path, timer.state FROM timer JOIN run ON run.id = timer.run_id WHERE reference = ?", reference
        )
        return Counter((path, state) for path, state in found)

    def live(self, reference: str = "PA-1001") -> set[str]:
        """The steps that have a live timer."""
        return {path for (path, state), count in self.timers(reference).items() if state == "live" and count}

    def settled(self) -> None:
        """Nothing is lost and nothing is left over: every message of the phones came in once and was handled, everything that
        should go out was sent, and the phones show exactly what was sent."""
        until(lambda: not self._loose(), "everything handled and sent", show=self._loose)
        assert self.rows("SELECT id, state, note FROM inbound WHERE state <> 'done'") == []
        assert self.rows("SELECT id, state, problem FROM outbound WHERE state <> 'sent'") == []
        assert self.rows("SELECT id, state, note FROM work WHERE state <> 'done'") == []
        ids = [message.rpartition(":")[2] for (message,) in self.rows("SELECT message_id FROM outbound_id")]
        shown = [bubble["sid"] for bubble in self.bubbles() if bubble["author"] == "baton"]
        assert sorted(ids) == sorted(shown)
        said = [bubble["sid"] for bubble in self.bubbles() if bubble["author"] == "person"]
        ((heard,),) = self.rows("SELECT count(*) FROM inbound WHERE kind = 'message' OR kind = 'tap' AND channel = 'whatsapp'")
        assert len(said) == len(set(said)) == heard

    def _loose(self) -> list[tuple[Any, ...]]:
        """What is still under way."""
        waiting = " UNION ALL ".join(f"SELECT '{lane}', id, state FROM {lane} WHERE ready_at IS NOT NULL" for lane in LANES)
        travelling = [("phone", b["phone"], b["text"]) for b in self.bubbles() if b["state"] == "sending" or b["waiting"]]
        return [*self.rows(waiting), *travelling]

    def bubbles(self, phone: str = "") -> list[dict[str, Any]]:
        """The messages of all phones, or of one, as its own memory has them: oldest first."""
        found = self.rows("SELECT data FROM bubble ORDER BY id", file="phones.db")
        read = [json.loads(data) for (data,) in found]
        return [bubble for bubble in read if phone in ("", bubble["phone"])]

    def texts(self, phone: str) -> list[str]:
        return [bubble["text"] for bubble in self.bubbles(phone)]

    def file(self, token: str) -> bytes:
        ((content,),) = self.rows("SELECT content FROM file WHERE token = ?", token, file="phones.db")
        return bytes(content)

    @property
    def offset(self) -> float:
        """Seconds that the clock was moved."""
        file = self.folder / "clock"
        return float(file.read_text()) if file.exists() else 0.0
