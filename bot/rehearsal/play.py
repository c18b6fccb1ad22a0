"""A script played on the stage: each turn happens, then what came is compared with what was expected."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bot.rehearsal.script import Expected, Player, Script, Turn, Wanted
from bot.rehearsal.stage import Stage
from channels.base import Message
from flows import Flow, InvalidValue, Run, Value
from flows.model import Field
from flows.parse import parse, show
from flows.reading.nodes import Place
from storage.rows import EventRow


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that did not come as expected, at `place` of the transcript. `came` is what did."""

    file: str
    place: Place
    problem: str
    expected: str = ""
    came: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Played:
    """One transcript after its play. `runs` with their events say what was visited."""

    script: Script
    failures: tuple[Failure, ...]
    runs: tuple[tuple[Run, list[EventRow]], ...]
    seconds: float


CODE = "(code)"
"""What somebody in a transcript writes for the code that they were sent."""


class _Stop(Exception):
    """The rest of the transcript makes no sense any more."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.problem)


def play(script: Script, file: Path, flow: Flow, look: Callable[[Stage], None] = lambda stage: None) -> Played:
    """Play `script` on the flow in `file` (read as `flow`), in a folder of its own that is gone afterwards. Nothing is sent. `look`
    sees the stage at the end."""
    begun = perf_counter()
    with tempfile.TemporaryDirectory(prefix="baton-rehearsal-", ignore_cleanup_errors=True) as home:
        stage = Stage(script, file, flow, Path(home))
        try:
            failures = tuple(_Play(script, stage).failures())
            runs = tuple(stage.runs())
            look(stage)
        finally:
            stage.close()
    return Played(script, failures, runs, perf_counter() - begun)


class _Play:
    """One play; `read` is how many messages each person had before the last thing that happened."""

    def __init__(self, script: Script, stage: Stage) -> None:
        self.script, self.stage = script, stage
        self.read: dict[str, int] = {}

    def failures(self) -> Iterator[Failure]:
        try:
            for turn in self.script.turns:
                self._happen(turn)
                for expected in turn.expected:
                    yield from self._missing(expected)
                if turn.wanted is not None:
                    yield from self._otherwise(turn.wanted)
        except _Stop as stop:
            yield stop.failure

    # --- what happens -------------------------------------------------------------------------------------------------

    def _happen(self, turn: Turn) -> None:
        """Raises _Stop where it cannot happen."""
        if not turn.action and turn.jump is None:
            return
        stage, player = self.stage, self.script.people.get(turn.player)
        self.read = {key: len(stage.received(one)) for key, one in self.script.people.items()}
        if turn.jump is not None:
            target = turn.jump.target(stage.clock.now(), stage.calendar)
            if target < stage.clock.now():
                now = stage.calendar.local(stage.clock.now())
                raise _Stop(self._failure(turn.place, "The clock cannot go back.", f"a time after {now:%Y-%m-%d %H:%M}"))
            stage.move(target)
        elif player is not None:
            self._act(turn, player)
        if stage.stuck():
            raise _Stop(self._failure(turn.place, "Baton itself failed here; the log above says why."))

    def _act(self, turn: Turn, player: Player) -> None:
        match turn.action:
            case "says":
                self.stage.speak(player, self._code(player) if turn.text == CODE else turn.text)
            case "sends":
                self.stage.speak(player, file=turn.text)
            case "taps":
                self.stage.speak(player, turn.text, token=self._button(turn, player))
            case "replies":
                self.stage.speak(player, turn.text, reply_to=self._quoted(turn, player))

    def _code(self, player: Player) -> str:
        """The six digits that were sent to this person last; the word itself where there are none."""
        texts = [message.text for _, message in self.stage.received(player)]
        return next((found[0] for text in reversed(texts) if (found := re.search(r"\b\d{6}\b", text))), CODE)

    def _button(self, turn: Turn, player: Player) -> str:
        """The token behind the newest button with this label. Raises _Stop."""
        received = [message for _, message in self.stage.received(player)]
        for message in reversed(received):
            for button in message.buttons:
                if button.label == turn.text:
                    return button.token
        offered = dict.fromkeys(f"[{button.label}]" for message in reversed(received) for button in message.buttons)
        raise _Stop(self._failure(turn.place, f"{player.name} sees no such button.", f"[{turn.text}]", tuple(offered)))

    def _quoted(self, turn: Turn, player: Player) -> str:
        """The id of the newest message that offers this answer, else of the newest one. Raises _Stop."""
        received = self.stage.received(player)
        if not received:
            raise _Stop(self._failure(turn.place, f"{player.name} has received nothing to reply to.", turn.text))
        offering = [number for number, message in received if _offers(message, turn.text)]
        return offering[-1] if offering else received[-1][0]

    # --- what must hold then ------------------------------------------------------------------------------------------

    def _missing(self, expected: Expected) -> Iterator[Failure]:
        """Texts that did not come, or came before one that should be ahead of them."""
        player = self.script.people[expected.player]
        fresh = [message for _, message in self.stage.received(player)][self.read.get(player.key, 0) :]
        came = tuple(written(message) for message in fresh)
        if not expected.texts and came:
            yield self._failure(expected.place, f"{player.name} was to receive nothing.", "nothing", came)
        told, position = folded("\n".join(came)), 0
        came = came or ("nothing",)
        for text, place in expected.texts:
            found = told.find(folded(text), position)
            if found < 0:
                late = " after the text before it" if folded(text) in told else ""
                yield self._failure(place, f"{player.name} did not receive this{late}.", text, came)
                came = ()  # told once
            else:
                position = found + len(folded(text))

    def _otherwise(self, wanted: Wanted) -> Iterator[Failure]:
        """Where the run stands otherwise."""
        begun = tuple(run.reference for run, _ in self.stage.runs())
        known = self.stage.found(wanted.run or (begun[-1] if begun else ""))
        if known is None:
            begun = begun or ("no run has begun",)
            yield self._failure(wanted.place_of("run"), "There is no such run.", wanted.run or "a run", begun)
            return
        run, flow = known
        names = {self.stage.contact(player): key for key, player in self.script.people.items()}
        open_steps = run.open_steps()
        owners = dict.fromkeys(names.get(owner, "somebody else") for state in open_steps for owner in state.owners)
        stands: list[tuple[str, Iterable[str] | None, Iterable[str]]] = [
            ("status", wanted.status and (wanted.status,), (run.status.value,)),
            ("outcome", wanted.outcome and (wanted.outcome,), (run.outcome,) if run.outcome else ()),
            ("step", wanted.steps, (state.path for state in open_steps)),
            ("owner", wanted.owners, owners),
        ]
        for key, hoped, is_now in stands:
            now = tuple(is_now)
            if hoped is not None and sorted(hoped) != sorted(now):
                here = ", ".join(now) or "none"
                problem = f"{run.reference}: the {key} is another."
                yield self._failure(wanted.place_of(key), problem, ", ".join(hoped) or "none", (here,))
        for name, (text, place) in wanted.values.items():
            field = flow.fields[name]
            value = run.values.get(name)
            if not _is(field, value, text, self.stage):
                here = show(value, field) if value is not None else "nothing"
                yield self._failure(place, f"{run.reference}: {name} has another value.", text, (here,))

    def _failure(self, place: Place, problem: str, expected: str = "", came: tuple[str, ...] = ()) -> Failure:
        return Failure(self.script.file, place, problem, expected, came)


def written(message: Message) -> str:
    """A message as its reader has it: the text, what hangs on it, what can be tapped."""
    files = [f"(attached: {attachment.name})" for attachment in message.attachments]
    return "\n".join([message.text, *files, " ".join(f"[{label}]" for label in _labels(message))]).strip()


def folded(text: str) -> str:
    """Line breaks and runs of space do not count in a comparison."""
    return " ".join(text.split())


def _labels(message: Message) -> list[str]:
    return [button.label for button in message.buttons]


def _offers(message: Message, answer: str) -> bool:
    """Whether a message asks for this answer, with a button or, in a mail, with a numbered line (`1. Acknowledged`)."""
    lines = {line.partition(". ")[2] for line in message.text.splitlines()}
    return answer in lines or answer in _labels(message)


def _is(field: Field, value: Value | None, text: str, stage: Stage) -> bool:
    """Whether `value` is what `text` says: as it is shown, or as a person would answer it."""
    if value is None or text == "nothing":
        return value is None and text == "nothing"
    if show(value, field) == text:
        return True
    try:
        return parse(field, text, stage.calendar.local(stage.clock.now()).date()) == value
    except InvalidValue:
        return False
