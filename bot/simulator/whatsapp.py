"""A WhatsApp phone in a person's hand: what they write, tap and attach reaches the product as Twilio's webhook.

Field set: a captured quick-reply tap, and Twilio's guide to its webhook request. A list pick carries ListId and ListTitle.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from bot.simulator.cast import Phone
from bot.simulator.post import twilio_wire
from bot.simulator.store import Bubble, File
from bot.simulator.world import Refused, World

FILE_LIMIT = 16_000_000
"""Bytes WhatsApp takes for one file."""

WEBHOOK = "/webhooks/twilio"


@dataclass(frozen=True, slots=True)
class WhatsApp:
    world: World

    def write(self, phone: Phone, text: str, quote: Bubble | None = None, file: File | None = None) -> Bubble:
        """A message, a quoted reply, or a file with a caption."""
        sid = _sid("MM" if file or quote else "SM")
        form = self._common(phone, sid, text) | _quoting(self._business, quote)
        if file:
            form |= self._media(sid, file)
        return self._send(phone, sid, text, form, quote=quote, files=(file,) if file else ())

    def tap(self, phone: Phone, prompt: Bubble, index: int) -> None:
        """A quick-reply button or a row of a list. A business cannot take its buttons back: they work for ever."""
        choice = prompt.choices[index]
        sid = _sid("MM")
        picked = (
            {"ListId": choice.token, "ListTitle": choice.label, "ListDescription": choice.description}
            if prompt.list_label
            else {"ButtonText": choice.label, "ButtonPayload": choice.token}
        )
        form = self._common(phone, sid, choice.label) | _quoting(self._business, prompt) | picked
        self._send(phone, sid, choice.label, form | {"MessageType": "interactive"}, quote=prompt)

    def _send(
        self,
        phone: Phone,
        sid: str,
        text: str,
        form: Mapping[str, str],
        quote: Bubble | None = None,
        files: tuple[File, ...] = (),
    ) -> Bubble:
        self._read(phone)
        bubble = Bubble(
            phone=phone.id,
            author="person",
            at=self.world.clock.now(),
            text=text,
            quote=quote.id if quote else 0,
            files=files,
            sid=sid,
            state="sending",
            sender=f"whatsapp:{phone.address}",
            recipient=self._business,
        )
        self.world.heard(phone)
        shown = self.world.store.add(bubble)
        self.world.carry(shown, twilio_wire(WEBHOOK, dict(form)))
        return shown

    @property
    def _business(self) -> str:
        return "whatsapp:" + self.world.settings.twilio_whatsapp_from.removeprefix("whatsapp:")

    def _common(self, phone: Phone, sid: str, text: str) -> dict[str, str]:
        context = {"ProfileName": phone.first_name, "WaId": phone.wa_id}
        return {
            "MessageSid": sid,
            "SmsSid": sid,
            "SmsMessageSid": sid,
            "AccountSid": self.world.settings.twilio_account_sid,
            "From": f"whatsapp:{phone.address}",
            "To": self._business,
            "Body": text,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsStatus": "received",
            "ApiVersion": "2010-04-01",
            "ProfileName": phone.first_name,
            "WaId": phone.wa_id,
            "ReferralNumMedia": "0",
            "MessageType": "text",
            "ExternalUserId": f"whatsapp:IN.{phone.wa_id}",
            "ChannelMetadata": json.dumps({"type": "whatsapp", "data": {"context": context}}),
        }

    def _media(self, sid: str, file: File) -> dict[str, str]:
        if file.size > FILE_LIMIT:
            raise Refused("WhatsApp takes files of up to 16 MB. Please choose a smaller one.")
        account = self.world.settings.twilio_account_sid
        path = f"/2010-04-01/Accounts/{account}/Messages/{sid}/Media/ME{file.token}"
        return {
            "NumMedia": "1",
            "MediaUrl0": self.world.settings.twilio_api_base + path,
            "MediaContentType0": file.type,
            "MessageType": "image" if file.is_image else "document",
        }

    def _read(self, phone: Phone) -> None:
        """Who answers has read: the business is told so of every message delivered before."""
        for bubble in self.world.store.screen(phone.id):
            if bubble.author == "baton" and bubble.state == "delivered":
                self.world.store.change(bubble.id, state="read")
                report(self.world, bubble, "read")


def report(world: World, bubble: Bubble, status: str, error: int = 0) -> None:
    """A signed status callback about one of the business's messages, to where it asked for it."""
    if not bubble.callback:
        return
    form = {
        "SmsSid": bubble.sid,
        "SmsStatus": status,
        "MessageStatus": status,
        "ChannelToAddress": bubble.recipient.removeprefix("whatsapp:"),
        "To": bubble.recipient,
        "ChannelPrefix": "whatsapp",
        "MessageSid": bubble.sid,
        "AccountSid": world.settings.twilio_account_sid,
        "StructuredMessage": "false",
        "From": bubble.sender,
        "ApiVersion": "2010-04-01",
        "ChannelInstallSid": "XE" + world.settings.twilio_account_sid.removeprefix("AC"),
    }
    if error:
        form |= {"ErrorCode": str(error), "ChannelStatusMessage": bubble.problem}
    if status == "read":
        form["EventType"] = "READ"
    world.post.mail("reports", twilio_wire(bubble.callback, form), lambda problem: None)


def _quoting(business: str, quote: Bubble | None) -> dict[str, str]:
    if quote is None:
        return {}
    sender = business if quote.author == "baton" else quote.sender
    return {"OriginalRepliedMessageSid": quote.sid, "OriginalRepliedMessageSender": sender}


def _sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)
