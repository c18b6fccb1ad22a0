"""A Telegram phone in a person's hand: what they write, tap and attach reaches the product as an Update of the Bot API."""

from __future__ import annotations

import json
import re
import secrets
import struct
from dataclasses import dataclass
from typing import Any

from bot.simulator.cast import Phone
from bot.simulator.store import Bubble, File, Wire
from bot.simulator.world import Refused, World

WEBHOOK = "/webhooks/telegram"
FILE_LIMIT = 50_000_000
"""Bytes a person can well send to a bot here; what the bot may download (20 MB) is the API's to say."""


@dataclass(frozen=True, slots=True)
class Telegram:
    world: World

    def write(self, phone: Phone, text: str, quote: Bubble | None = None, file: File | None = None) -> Bubble:
        """A message, a reply to one, or a file with a caption."""
        if file and file.size > FILE_LIMIT:
            raise Refused("This phone takes files of up to 50 MB. Please choose a smaller one.")
        bubble = Bubble(
            phone=phone.id,
            author="person",
            at=self.world.clock.now(),
            text=text,
            quote=quote.id if quote else 0,
            files=(file,) if file else (),
            state="sending",
        )
        # The message's id is part of what is carried, so the bubble is filed first.
        self.world.heard(phone)
        shown = self.world.store.add(bubble)
        self.world.carry(shown, self._wire({"message": self.message(phone, shown)}))
        return shown

    def tap(self, phone: Phone, prompt: Bubble, index: int) -> None:
        """Press an inline button: it waits until the product answers the callback query."""
        if prompt.waiting:
            raise Refused("This button still waits for an answer. Please give it a moment.")
        self.world.heard(phone)
        query = str(secrets.randbits(62))
        self.world.store.change(prompt.id, waiting=query, pressed=index)
        update = {
            "callback_query": {
                "id": query,
                "from": person(phone),
                "message": self.message(phone, prompt),
                "chat_instance": str(secrets.randbits(62)),
                "data": prompt.choices[index].token,
            }
        }

        def ended(problem: str) -> None:
            if problem:
                self.world.store.change(prompt.id, waiting="")
                self.world.note(phone, f"Your tap did not reach Baton ({problem}). Please tap again.")

        self.world.post.mail(phone.id, self._wire(update), ended)

    def _wire(self, update: dict[str, Any]) -> Wire:
        number = self.world.store.count("telegram:update", secrets.randbelow(10**8) + 10**8)
        return Wire(kind="telegram", url=WEBHOOK, body=json.dumps({"update_id": number, **update}))

    def message(self, phone: Phone, bubble: Bubble) -> dict[str, Any]:
        """A bubble as the Bot API's Message, with what it replies to one level deep."""
        message = self._alone(phone, bubble)
        if bubble.quote:
            message["reply_to_message"] = self._alone(phone, self.world.store.bubble(bubble.quote))
        return message

    def _alone(self, phone: Phone, bubble: Bubble) -> dict[str, Any]:
        message: dict[str, Any] = {
            "message_id": bubble.id,
            "from": person(phone) if bubble.author == "person" else self.bot(),
            "chat": {"id": int(phone.address), "first_name": phone.first_name, "type": "private"},
            "date": int(bubble.at.timestamp()),
        }
        if bubble.text:
            message["caption" if bubble.files else "text"] = bubble.text
        if command := re.match(r"/\w+", bubble.text):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": command.end()}]
        for file in bubble.files:
            message |= _file(file, self.world)
        if bubble.choices:
            message["reply_markup"] = {
                "inline_keyboard": [[{"text": choice.label, "callback_data": choice.token}] for choice in bubble.choices]
            }
        return message

    def bot(self) -> dict[str, Any]:
        number = int(self.world.settings.telegram_bot_token.partition(":")[0])
        return {"id": number, "is_bot": True, "first_name": "Baton", "username": "baton_sim_bot"}


def person(phone: Phone) -> dict[str, Any]:
    return {"id": int(phone.address), "is_bot": False, "first_name": phone.first_name, "language_code": "en"}


def _file(file: File, world: World) -> dict[str, Any]:
    """A photo where it is a picture whose size can be read, else a document (as Telegram's own programs choose)."""
    base = {"file_id": file.token, "file_unique_id": file.token[:16], "file_size": file.size}
    found = world.store.file(file.token)
    size = picture_size(found[1]) if found and file.is_image else None
    if size:
        return {"photo": [{**base, "width": size[0], "height": size[1]}]}
    return {"document": {**base, "file_name": file.name, "mime_type": file.type}}


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG or JPEG, None for anything else."""
    if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    if content[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if marker in (0xC0, 0xC1, 0xC2):  # the frame header: precision, height, width
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return None
