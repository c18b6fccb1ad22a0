"""`baton chat`: a phone in the terminal, on the memory channel. What works here works with a provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import uuid4

from bot.bootstrap import build
from bot.clock import Clock
from bot.config import Settings
from bot.publishing import checked_book
from bot.web.webhooks import take_in
from channels.base import Button, Channel, Message, Reach
from channels.memory import Memory, say
from storage import Database

SECRET = "terminal"  # noqa: S105 - both ends are this process


def chat(settings: Settings, name: str, read: Callable[[str], str] = input, write: Callable[[str], None] = print) -> None:
    """Talk until end of input. `/1` taps the first button of the last message; any other line is sent as written."""
    phone = Phone(name, read, write)
    memory = Memory(secret=SECRET, deliver=phone.show)

    def only_memory(settings: Settings, database: Database, clock: Clock, reach: Reach) -> Mapping[str, Channel]:
        return {memory.name: memory}

    # Nobody waits here: time passes between lines only, and a decision that can be undone would count with the next one.
    product = build(settings.model_copy(update={"baton_undo_seconds": 0}), channels=only_memory, book=checked_book())
    try:
        write(f"You are {name}. Write “menu” to begin; /1 taps the first button; Ctrl-D ends.")
        while (said := phone.speak()) is not None:
            text, token = said
            body, headers = say(SECRET, id=uuid4().hex, sender=phone.address, text=text, token=token, name=name)
            take_in(product, memory, memory.parse(body, headers))
            product.runtime.settle()
    finally:
        product.close()


class Phone:
    """One person's screen and keys."""

    def __init__(self, name: str, read: Callable[[str], str], write: Callable[[str], None]) -> None:
        self.address = name.casefold()
        self._read, self._write = read, write
        self._buttons: tuple[Button, ...] = ()

    def show(self, message: Message) -> None:
        """A message of ours; those to other people are left out."""
        if message.to != self.address:
            return
        self._write(message.text)
        for number, button in enumerate(message.buttons, start=1):
            self._write(f"  /{number} {button.label}")
        self._buttons = message.buttons or self._buttons

    def speak(self) -> tuple[str, str] | None:
        """The next (text, button token); None at the end of input."""
        while True:
            try:
                line = self._read("> ").strip()
            except EOFError:
                return None
            number = int(line[1:]) if line.startswith("/") and line[1:].isdigit() else 0
            if 1 <= number <= len(self._buttons):
                button = self._buttons[number - 1]
                return button.label, button.token
            if number:
                self._write(f"There is no button {number}.")
            elif line:
                return line, ""
