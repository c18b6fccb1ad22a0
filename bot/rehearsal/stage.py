"""The product whole, in a temporary folder, on channels in memory: what happens here would happen with a provider."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.book import FlowBook, Outcome
from bot.bootstrap import build
from bot.clock import Clock
from bot.config import Settings
from bot.flowfiles import with_children
from bot.people import Person, set_pin, store
from bot.rehearsal.script import Player, Script
from bot.transition import FIRST_REFERENCE
from bot.web.webhooks import take_in
from channels.base import Channel, Inbound, Limits, Message, Reach, Sent
from channels.email import Email
from channels.memory import SIGNATURE, Memory, say, sign
from flows import Flow, Run
from flows.loader import TEMPLATES, load
from storage import Database
from storage.migrations import migrate
from storage.rows import EventRow

SECRET = "rehearsal"  # noqa: S105 - both ends are this process
FILES: Mapping[str, tuple[str, bytes]] = {
    "pdf": ("application/pdf", b"%PDF-1.4\n"),
    "jpg": ("image/jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"),
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"),
}
"""What can be sent: media type and the bytes that a file of it begins with, by the ending of its name."""
_read = lru_cache(maxsize=64)(load)


def family(file: Path) -> tuple[Flow, ...]:
    """The flows that the flow in `file` starts, and what these start: beside it, or templates that ship."""
    return tuple(each.flow for each in with_children(file, [TEMPLATES], _read).values() if each.path != file)


class SetClock:
    """Stands where it is set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class Post(Memory):
    """A channel in memory under any channel's name, which keeps what it sent with its id."""

    def __init__(self, name: str, limits: Limits | None = None) -> None:
        super().__init__(secret=SECRET, limits=limits)
        self.name = name
        self.sent: list[tuple[str, Message]] = []

    def read(self, raw: bytes) -> tuple[Inbound, ...]:
        """A stored message with its files."""
        return self.parse(raw, {SIGNATURE: sign(SECRET, raw)})

    def send(self, message: Message) -> Sent:
        sent = super().send(message)
        self.sent.append((sent.ids[0], message))
        return sent


class OneFlow(FlowBook):
    """A book with one flow file in it and those of the flows that it starts (beside it, or templates that ship), whatever folders
    there are; a file is read once for all transcripts."""

    def __init__(self, file: Path) -> None:
        super().__init__(_read)
        self._file = file

    def publish(self, database: Database, found: object, now: datetime) -> Outcome:
        return self.put(database, with_children(self._file, [TEMPLATES], _read), now)


class Stage:
    """People of a script with phones, the product between them, and the clock. `close` when done."""

    def __init__(self, script: Script, file: Path, flow: Flow, home: Path) -> None:
        self.flow, self.people = flow, script.people
        self.clock = SetClock(script.at.replace(tzinfo=ZoneInfo(script.zone)).astimezone(UTC))
        # Mail as mail has it (no buttons, never an approval); nothing of this leaves the process.
        self.posts = {"memory": Post("memory"), "email": Post("email", Email.limits), "whatsapp": Post("whatsapp")}
        (home / "baton.db").write_bytes(_empty_database())
        settings = Settings.model_construct(
            baton_home=home, baton_zone=script.zone, baton_country=script.country, baton_undo_seconds=script.undo
        )
        self.product = build(settings, clock=self.clock, channels=self._channels, book=OneFlow(file))
        self.calendar = self.product.transitions.business.calendar
        self._numbers = count(1)
        inside = [player for player in script.people.values() if not player.address]
        store(self.product.database, [_person(player) for player in inside], self.clock.now())
        for player in inside:
            if player.pin:
                set_pin(self.product.database, player.name, player.pin)

    def _channels(self, settings: Settings, database: Database, clock: Clock, reach: Reach) -> Mapping[str, Channel]:
        return dict(self.posts)

    def close(self) -> None:
        self.product.close()

    # --- what people do and see ---------------------------------------------------------------------------------------

    def received(self, player: Player) -> list[tuple[str, Message]]:
        """Every message that this person got so far, with its id, oldest first."""
        channel, address = reached(player)
        return [(number, message) for number, message in self.posts[channel].sent if message.to == address]

    def speak(self, player: Player, text: str = "", *, token: str = "", reply_to: str = "", file: str = "") -> None:
        """A message, a tap or a file from this person, and all that follows from it at once."""
        channel, address = reached(player)
        post = self.posts[channel]
        kind, begins = FILES[file.rpartition(".")[2].lower()] if file else ("", b"")
        files = [(file, kind, begins + f"% {file}\n%%EOF\n".encode())] if file else []
        body, headers = say(
            SECRET, id=f"said-{next(self._numbers)}", sender=address, text=text, token=token, name=player.name,
            reply_to=reply_to, files=files,
        )  # fmt: skip
        take_in(self.product, post, post.parse(body, headers))
        self.product.runtime.settle()

    def move(self, target: datetime) -> None:
        """Let time pass until `target`: what comes due on the way happens at its own moment."""
        before = None
        while (due := self._next_due()) is not None and due <= target and due != before:
            self.clock.at, before = max(due, self.clock.at), due
            self.product.runtime.settle()
        self.clock.at = target
        self.product.runtime.settle()

    def _next_due(self) -> datetime | None:
        with self.product.database.read() as unit:
            return unit.timers.next_due()

    # --- how it stands ------------------------------------------------------------------------------------------------

    def found(self, reference: str) -> tuple[Run, Flow] | None:
        """The run with this reference, of the flow or of one that it starts, with its flow."""
        with self.product.database.read() as unit:
            loaded = unit.runs.load(unit.runs.by_reference(reference) or "")
            if loaded is None:
                return None
            return loaded.run, self.product.transitions.book.version(unit, loaded.flow_version_id).flow

    def runs(self) -> list[tuple[Run, list[EventRow]]]:
        """All runs of the flow with their events, in the order in which they began."""
        found: list[tuple[Run, list[EventRow]]] = []
        with self.product.database.read() as unit:
            for number in count(FIRST_REFERENCE):
                loaded = unit.runs.load(unit.runs.by_reference(f"{self.flow.prefix}-{number}") or "")
                if loaded is None:
                    return found
                found.append((loaded.run, unit.runs.events(loaded.run.id)))
        raise AssertionError("counting never ends")

    def contact(self, player: Player) -> str:
        """Their contact id, "" where they are not known yet."""
        with self.product.database.read() as unit:
            address = unit.people.by_address(*reached(player))
        return address.contact_id if address is not None else ""

    def stuck(self) -> int:
        """How many messages or jobs the product failed on: always 0 unless Baton itself has a fault."""
        with self.product.database.read() as unit:
            lanes = [lane.pending(self.clock.now()) for lane in (unit.inbox, unit.work)]
        return sum(lane.pending + lane.parked for lane in lanes)


def reached(player: Player) -> tuple[str, str]:
    """(channel, address)."""
    if not player.address:
        return "memory", player.key
    return ("email" if "@" in player.address else "whatsapp"), player.address


def _person(player: Player) -> Person:
    return Person(player.name, player.language, roles=player.roles, addresses=(reached(player),))


@lru_cache(maxsize=1)
def _empty_database() -> bytes:
    """A migrated SQLite file, made once."""
    with tempfile.TemporaryDirectory(prefix="baton-empty-") as folder:
        file = Path(folder) / "baton.db"
        migrate(f"sqlite:///{file}")
        return file.read_bytes()
