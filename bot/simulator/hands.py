"""What people do with their phones: the one face of the three kinds of phone."""

from __future__ import annotations

from dataclasses import dataclass

from bot.simulator.cast import Phone
from bot.simulator.mail import Mailbox
from bot.simulator.samples import SAMPLES
from bot.simulator.store import Bubble, File
from bot.simulator.telegram import Telegram
from bot.simulator.whatsapp import WhatsApp
from bot.simulator.world import Refused, World

LONGEST = {"whatsapp": 4096, "telegram": 4096, "email": 200_000}
"""Characters that the provider lets a person write."""


@dataclass(frozen=True, slots=True)
class Hands:
    """Writing, tapping and attaching, by phone id. Each returns at once; the message travels in the background. All raise
    Refused, with words for the person, for what a phone would not do."""

    world: World
    whatsapp: WhatsApp
    telegram: Telegram
    mailbox: Mailbox

    def write(self, phone_id: str, text: str, *, quote: int = 0, file: File | None = None, subject: str = "") -> Bubble:
        """Send a message; `quote` is the id of the bubble it answers."""
        phone, text = self._phone(phone_id), text.strip()
        if not (text or file):
            raise Refused("Please write something first.")
        if len(text) > LONGEST[phone.channel]:
            raise Refused(f"That is longer than {LONGEST[phone.channel]} characters. Please shorten it.")
        quoted = self._bubble(phone, quote) if quote else None
        if phone.channel == "email":
            return self.mailbox.write(phone, text, quoted, file, " ".join(subject.split()))
        chat = self.whatsapp if phone.channel == "whatsapp" else self.telegram
        return chat.write(phone, text, quoted, file)

    def tap(self, phone_id: str, bubble: int, index: int) -> None:
        """Tap the button (or list row) number `index` under a message of the product's."""
        phone = self._phone(phone_id)
        prompt = self._bubble(phone, bubble)
        if not 0 <= index < len(prompt.choices):
            raise Refused("This button is gone.")
        if phone.channel == "whatsapp":
            self.whatsapp.tap(phone, prompt, index)
        else:
            self.telegram.tap(phone, prompt, index)

    def attach(self, phone_id: str, name: str, type: str, content: bytes, *, text: str = "", quote: int = 0) -> Bubble:
        """Send a file, with a caption where `text` is given."""
        self._phone(phone_id)
        if not content:
            raise Refused("This file is empty. Please choose another.")
        return self.write(phone_id, text, quote=quote, file=self.world.store.put_file(name[:120] or "file", type, content))

    def attach_sample(self, phone_id: str, sample: str, *, text: str = "", quote: int = 0) -> Bubble:
        """Send one of the files made for trying things out: "quote" (a PDF) or "photo" (a PNG)."""
        if sample not in SAMPLES:
            raise Refused("There is no such sample file.")
        name, type, draw = SAMPLES[sample]
        return self.attach(phone_id, name, type, draw(), text=text, quote=quote)

    def send_again(self, bubble: int) -> None:
        """Carry a message that was not accepted once more, with the same provider id."""
        self.world.carry_again(bubble)

    def _phone(self, phone_id: str) -> Phone:
        if phone_id not in self.world.phones:
            raise Refused("There is no such phone.")
        return self.world.phones[phone_id]

    def _bubble(self, phone: Phone, number: int) -> Bubble:
        try:
            bubble = self.world.store.bubble(number)
        except KeyError:
            bubble = None
        if bubble is None or bubble.phone != phone.id:
            raise Refused("This message is not on this phone.")
        return bubble
