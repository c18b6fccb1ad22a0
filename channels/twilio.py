"""WhatsApp by Twilio: form webhooks in, the official client out.

Sources: Twilio's guides for webhook requests and status callbacks, its error dictionary, and `twilio.request_validator`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from itertools import count, islice, takewhile
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]  # ships no types
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from channels.base import (
    Attachment,
    BadRequest,
    BadSignature,
    ConfigurationError,
    Delivery,
    EventKind,
    Inbound,
    Limits,
    Media,
    Message,
    Reach,
    SendError,
    Sent,
    Shapes,
    nowhere,
)
from channels.calls import Calls
from channels.http import Wire, header
from channels.twilio_api import API, REFUSALS, UNKNOWN_TEMPLATE, Api, Contents, Refusal

PATH = "/webhooks/twilio"
STATUS_PATH = "/webhooks/twilio/status"
_PREFIX = "whatsapp:"
_MOST_FIELDS = 1000

STATUSES = {
    "accepted": Delivery.QUEUED,
    "scheduled": Delivery.QUEUED,
    "queued": Delivery.QUEUED,
    "sending": Delivery.QUEUED,
    "sent": Delivery.SENT,
    "partially_delivered": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
    "read": Delivery.READ,
    "failed": Delivery.FAILED,
    "undelivered": Delivery.FAILED,
    "canceled": Delivery.FAILED,
}
"""Twilio's words for how a message fares, in ours; any other is UNKNOWN."""

MEDIA_HOSTS = re.compile(r"([\w-]+\.)*(twilio|twiliocdn)\.com|([\w-]+\.)*s3([.-][\w-]+)*\.amazonaws\.com")
"""Where Twilio keeps media: its API answers with a redirect to its content network, which is partly S3."""


class TwilioWhatsApp:
    """The WhatsApp channel. `sender` is our number, `public_base_url` what Twilio was told to call (signatures are over it, never
    over a Host header), `shapes` remembers Content templates, `api_base` stands in for Twilio's own addresses ("" for these).
    `list_label` is on the button that opens a list of more than three choices."""

    name = "whatsapp"
    limits = Limits(text=1600, button_text=1024, buttons=10, label=20, token=200, window_hours=24, per_second=80.0)

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        sender: str,
        public_base_url: str,
        shapes: Shapes,
        api_base: str = "",
        list_label: str = "Choose",
        reach: Reach = nowhere,
        pool: int = 32,
    ) -> None:
        if not (account_sid and auth_token and sender):
            raise ConfigurationError("WhatsApp needs TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_WHATSAPP_FROM")
        if not public_base_url.startswith(("https://", "http://")):
            raise ConfigurationError("WhatsApp needs PUBLIC_BASE_URL, the https address that Twilio calls")
        self._account, self._token = account_sid, auth_token
        self._sender = sender.removeprefix(_PREFIX)
        self._base = public_base_url.rstrip("/")
        self._validator = RequestValidator(auth_token)
        self._wire = Wire(api_base or API, reach, pool=pool)
        self._calls = Calls(api_base or API, reach, pool=pool)
        self._api = Api(self._calls, api_base)
        client = Client(account_sid, auth_token, http_client=self._api)
        self._messages = client.messages
        self._contents = Contents(client.content.v1.contents, shapes, account_sid, list_label)

    # --- in ---------------------------------------------------------------------------------------------------------

    def parse(self, body: bytes, headers: Mapping[str, str], url: str = "") -> tuple[Inbound, ...]:
        """See `Channel.parse`. The form's fields decide what it is, not the path it came by."""
        form = self._verified(body, header(headers, "X-Twilio-Signature"), url or PATH)
        if form is None:  # signed JSON: none of the events we know come that way
            return (self._event(EventKind.UNKNOWN, _Form(), hashlib.sha256(body).hexdigest(), body),)
        if form.first("AccountSid") != self._account:
            raise BadSignature("the webhook is for another account")
        if not form.sid:
            raise BadRequest("the webhook names no message")
        return (self._status(form, body) if "MessageStatus" in form else self._message(form, body),)

    def _verified(self, body: bytes, signature: str, url: str) -> _Form | None:
        """The signed form, None for a signed JSON body."""
        if not url.startswith("/"):
            raise BadRequest("the webhook's path is missing")
        try:
            text = body.decode()
            # Whether the body is hashed into the address decides how it is checked, never its Content-Type: a JSON body taken for
            # an empty form would pass whatever it says.
            hashed = "bodySHA256" in parse_qs(urlsplit(self._base + url).query)
            signed = text if hashed else _Form.read(text)
        except ValueError as error:
            raise BadRequest("the webhook's body is not a form") from error
        if not signature or not self._signed(url, signed, signature):
            raise BadSignature("the webhook is not signed by Twilio for this address")
        return None if isinstance(signed, str) else signed

    def _signed(self, url: str, signed: _Form | str, signature: str) -> bool:
        try:
            return bool(self._validator.validate(self._base + url, signed, signature))
        except ValueError:  # an address that cannot be encoded or taken apart
            return False

    def _message(self, form: _Form, raw: bytes) -> Inbound:
        sender = form.first("From") or form.first("ExternalUserId")
        if not sender.startswith(_PREFIX):  # an SMS to the same number: its sender proves nothing
            return self._event(EventKind.UNKNOWN, form, form.sid, raw, text=form.first("Body"))
        payload = form.first("ButtonPayload") or form.first("ListId")
        tapped = payload or form.first("ButtonText") or form.first("ListTitle")
        quoted = form.first("OriginalRepliedMessageSid")
        return self._event(
            EventKind.TAP if tapped else EventKind.MESSAGE,
            form,
            form.sid,
            raw,
            sender=sender.removeprefix(_PREFIX),
            conversation=sender.removeprefix(_PREFIX),
            sender_name=form.first("ProfileName"),
            text=form.first("Body"),
            payload=payload,
            reply_to=(quoted,) if quoted else (),
            media=tuple(_media(form)),
            forwarded="true" in (form.first("Forwarded"), form.first("FrequentlyForwarded")),
        )

    def _status(self, form: _Form, raw: bytes) -> Inbound:
        word, error = form.first("MessageStatus"), form.first("ErrorCode")
        person, meaning = form.first("To").removeprefix(_PREFIX), REFUSALS.get(error, Refusal())
        return self._event(
            EventKind.STATUS,
            form,
            f"{form.sid}:{word}:{error}",
            raw,
            sender=person,
            conversation=person,
            account=form.first("From").removeprefix(_PREFIX) or self._sender,
            status=STATUSES.get(word, Delivery.UNKNOWN),
            error=error,
            opted_out=meaning.opted_out,
            window_closed=meaning.window_closed,
        )

    def _event(self, kind: EventKind, form: _Form, event_id: str, raw: bytes, **rest: Any) -> Inbound:
        known = {"account": form.first("To").removeprefix(_PREFIX) or self._sender, "sender": form.first("From"), **rest}
        return Inbound(channel=self.name, kind=kind, event_id=event_id, message_id=form.sid, raw=raw, **known)

    def fetch(self, media: Media, limit: int) -> bytes:
        url, auth = self._api.rebased(media.ref), (self._account, self._token)
        return self._wire.download("twilio.media", url, limit, auth=auth, allowed=_keeps_media)

    def acknowledge(self, inbound: Inbound, text: str = "") -> None:
        """WhatsApp shows no waiting sign."""

    # --- out --------------------------------------------------------------------------------------------------------

    def send(self, message: Message) -> Sent:
        """See `Channel.send`. A text and each of its files are messages of their own, in that order. WhatsApp by Twilio cannot
        quote: `quote` is not used."""
        ids, status = list(message.accepted), Delivery.QUEUED
        try:
            for part in islice(self._parts(message), len(ids), None):
                sent = self._deliver(message, part)
                ids.append(sent.sid)
                status = STATUSES.get(sent.status, status)
        except SendError as error:
            error.accepted = tuple(ids)
            raise
        if not ids:
            raise SendError("there is nothing to send: no text and no file", retryable=False)
        return Sent(tuple(ids), status)

    def close(self) -> None:
        self._calls.close()
        self._wire.close()

    def _parts(self, message: Message) -> Iterator[Mapping[str, object]]:
        """What each provider call needs beside the address."""
        if message.template or message.buttons:
            yield self._contents.of(message)
        elif message.text:
            yield {"body": message.text}
        for file in message.attachments:
            yield {"media_url": [_link(file)]}

    def _deliver(self, message: Message, part: Mapping[str, object]) -> Any:
        try:
            return self._create(message.to, part)
        except SendError as error:
            if error.code != UNKNOWN_TEMPLATE or message.template:
                raise
        # Somebody deleted the template that we remember: make it again.
        return self._create(message.to, self._contents.of(message, anew=True))

    def _create(self, to: str, part: Mapping[str, object]) -> Any:
        try:
            sent = self._messages.create(
                to=_PREFIX + to, from_=_PREFIX + self._sender, status_callback=self._base + STATUS_PATH, **part
            )
        except (TwilioException, ValueError) as error:  # accepted, but the answer is not one
            raise SendError("Twilio's answer could not be read", retryable=False, unknown=True) from error
        if not sent.sid:
            raise SendError("Twilio's answer names no message", retryable=False, unknown=True)
        return sent


class _Form(dict[str, list[str]]):
    """A form with every value of every key, since the signature is over all of them: Twilio's validator asks by `getlist`."""

    @classmethod
    def read(cls, text: str) -> _Form:
        form = cls()
        for name, value in parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS):
            form.setdefault(name, []).append(value)
        return form

    def getlist(self, name: str) -> list[str]:
        return self[name]

    def first(self, name: str) -> str:
        """The value, "" where there is none."""
        return self[name][0] if name in self else ""

    @property
    def sid(self) -> str:
        """The message's id: SM or MM and 32 digits."""
        return self.first("MessageSid") or self.first("SmsMessageSid") or self.first("SmsSid")


def _media(form: _Form) -> Iterator[Media]:
    for n in takewhile(lambda n: f"MediaUrl{n}" in form, count()):
        yield Media(ref=form.first(f"MediaUrl{n}"), type=form.first(f"MediaContentType{n}").lower())


def _keeps_media(host: str) -> bool:
    return MEDIA_HOSTS.fullmatch(host) is not None


def _link(file: Attachment) -> str:
    if not file.url:
        raise SendError("Twilio takes files by a public link, and this one has none", retryable=False)
    return file.url
