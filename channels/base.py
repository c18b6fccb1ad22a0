"""The contract of a channel: one file, kept by every provider and tested once over all of them.

A channel turns a provider's bytes into `Inbound`s (`parse`) and a `Message` into a provider call (`send`). It keeps no state
of its own beyond connections, looks nothing up, and knows neither flows nor storage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

Reach = Callable[[str], None]
"""Called with a point's name right before and right after every outbound call: `before:twilio.messages`,
`after:twilio.messages`; after a call that failed, too."""


def nowhere(point: str) -> None:
    """The production `Reach`: does nothing."""


# --- errors --------------------------------------------------------------------------------------------------------


class ChannelError(Exception):
    """Root of everything raised by `channels`."""


class ConfigurationError(ChannelError):
    """A setting is missing or unusable; the message names it."""


class BadSignature(ChannelError):
    """The sender could not be verified: answer 403 and store nothing."""


class BadRequest(ChannelError):
    """The body is not of the provider's form: answer 400. The message holds no personal data."""


class SendError(ChannelError):
    """A message was not accepted. `retryable`: trying again may help, not before `retry_after` seconds. `code` is the provider's
    own word, kept for people. `unknown`: the provider may have accepted it (a time-out after the request went out). `accepted`:
    where a message takes several provider calls, the ids of those that went through before this one failed; pass them back in
    `Message.accepted` when trying again."""

    def __init__(
        self,
        problem: str,
        *,
        retryable: bool,
        code: str = "",
        retry_after: float = 0.0,
        unknown: bool = False,
        opted_out: bool = False,
        window_closed: bool = False,
        accepted: tuple[str, ...] = (),
    ) -> None:
        self.retryable, self.code, self.retry_after, self.accepted = retryable, code, retry_after, accepted
        self.unknown, self.opted_out, self.window_closed = unknown, opted_out, window_closed
        super().__init__(problem)


class MediaError(ChannelError):
    """A media file could not be fetched; `retryable` as in SendError. Too large: `too_large`."""

    def __init__(self, problem: str, *, retryable: bool, too_large: bool = False) -> None:
        self.retryable, self.too_large = retryable, too_large
        super().__init__(problem)


# --- what comes in -------------------------------------------------------------------------------------------------


class EventKind(StrEnum):
    MESSAGE = "message"
    TAP = "tap"
    STATUS = "status"
    AUTOMATIC = "automatic"
    """An out-of-office, bounce or list mail: recorded, never acted on or answered."""
    UNKNOWN = "unknown"


class Delivery(StrEnum):
    """A delivery report in our words, weakest first; FAILED is terminal."""

    UNKNOWN = "unknown"
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"

    @property
    def rank(self) -> int:
        return list(Delivery).index(self)


def plain(text: str) -> str:
    """Text that every database takes: without NUL (PostgreSQL refuses it) and lone surrogates (UTF-8 has none). Providers' JSON
    may hold both, and a row that cannot be stored would be sent again for ever."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _make_plain(record: Inbound | Media) -> None:
    for column in fields(record):
        value = getattr(record, column.name)
        if type(value) is str and not (value.isascii() and value.isprintable()):
            object.__setattr__(record, column.name, plain(value))


@dataclass(frozen=True, slots=True)
class Media:
    """A file in a message. `ref` is what `fetch` needs (a URL, a file id); `content` is set where the bytes came along.
    `name` is display text from outside: never a path. `size` in bytes, 0 where unknown."""

    ref: str
    type: str
    name: str = ""
    size: int = 0
    content: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _make_plain(self)


@dataclass(frozen=True, slots=True)
class Inbound:
    """One event from a provider, normalised.

    `channel`: "whatsapp", "telegram", "email" or "memory". `account`: our side of it (number, bot, mailbox).
    `event_id` is unique per (channel, account, kind). `sender` is the channel's opaque address of the person ("+919800000001",
    a Telegram user id, a mail address in lower case). `reply_to` lists the provider ids of messages of ours it answers, surest
    first (quoted message, In-Reply-To, References right to left). `tag` is what stood behind the plus of a mail address.
    `payload` is a button's token (TAP). `sent_at` is the provider's time (UTC), None where it gives none. `message_id` is the
    provider's id of this message, fit for `Message.quote`; for STATUS that of our message, with `status` and `error`. `callback`
    is what `acknowledge` needs. `opted_out` and `window_closed` say of a STATUS what they say of a SendError. `raw` is the
    verified body as received. `authenticated` (mail): our own mail server vouches for `sender`; a provider's signature does so on
    the other channels, where it stays False. Texts are `plain`.
    """

    channel: str
    account: str
    kind: EventKind
    event_id: str
    sender: str
    raw: bytes = field(repr=False)
    sender_name: str = ""
    conversation: str = ""
    text: str = ""
    payload: str = ""
    reply_to: tuple[str, ...] = ()
    tag: str = ""
    subject: str = ""
    sent_at: datetime | None = None
    media: tuple[Media, ...] = ()
    forwarded: bool = False
    callback: str = ""
    message_id: str = ""
    status: Delivery | None = None
    error: str = ""
    opted_out: bool = False
    window_closed: bool = False
    authenticated: bool = False

    def __post_init__(self) -> None:
        _make_plain(self)
        object.__setattr__(self, "reply_to", tuple(map(plain, self.reply_to)))


# --- what goes out -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Button:
    """A label to tap and the token that comes back."""

    label: str
    token: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to send. `url` is where the provider can fetch it, for providers that want a link ("" where there is none)."""

    name: str
    type: str
    content: bytes = field(repr=False)
    url: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one address. `key` is our outbound row's id: adapters may use it to make ids of their own (Message-ID).
    `quote` is the provider id of the message it answers; `references` the earlier ids of the mail thread, oldest first;
    `tag` the plus-address tag answers should come to. `template` is the provider's name of an approved template, for a closed
    session window: its first variable is the text, the next ones the buttons' tokens ("" for an ordinary message). `accepted`
    are the ids in an earlier try's SendError: those parts are not sent again."""

    to: str
    text: str
    key: str
    buttons: tuple[Button, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    quote: str = ""
    references: tuple[str, ...] = ()
    tag: str = ""
    subject: str = ""
    automatic_reply: bool = False
    template: str = ""
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider accepted the message. `ids` are all provider ids it got (a text and its files may be several messages); the
    first is the one that carries the buttons."""

    ids: tuple[str, ...]
    status: Delivery = Delivery.SENT


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel can carry: data, so that fitting a message is one pure function (`channels.fit`). `units` says how labels
    and tokens are counted: "chars" (WhatsApp) or "bytes" (Telegram, UTF-8); texts are counted in characters. `button_text` is the
    longest text beside buttons (0: as `text`). `window_hours` 0: no session window. `buttons_decide`: a tap proves who tapped
    (False for email)."""

    text: int
    buttons: int
    label: int
    token: int
    units: str = "chars"
    file_bytes: int = 16_000_000
    window_hours: int = 0
    buttons_decide: bool = True
    per_second: float = 20.0
    button_text: int = 0


@runtime_checkable
class Channel(Protocol):
    """One provider. All methods may be called from any thread."""

    name: str
    limits: Limits

    def parse(self, body: bytes, headers: Mapping[str, str], url: str = "") -> tuple[Inbound, ...]:
        """Verify the sender over the raw bytes, then normalise. `headers` in any letter case; `url` is the path and query as
        received ("" for the adapter's own webhook path). Pure: calling it twice gives the same. Unknown words become UNKNOWN.
        Raises BadSignature, BadRequest."""
        ...

    def send(self, message: Message) -> Sent:
        """Hand one message to the provider. Not safe twice: the provider has no idempotency key. Raises SendError."""
        ...

    def fetch(self, media: Media, limit: int) -> bytes:
        """The bytes of an inbound file, at most `limit`. Safe twice. Credentials go to the provider's own host only, redirects
        are followed to allowed hosts without them. Raises MediaError."""
        ...

    def acknowledge(self, inbound: Inbound, text: str = "") -> None:
        """Stop the provider's waiting sign for a tap, where it has one (Telegram). Best effort: never raises. Safe twice."""
        ...

    def close(self) -> None:
        """Let go of connections and threads. Safe twice."""
        ...


class Shapes(Protocol):
    """Where an adapter remembers provider-side objects made once per shape (Twilio Content SIDs). Safe over restarts."""

    def get(self, shape: str) -> str | None: ...

    def put(self, shape: str, provider_id: str) -> None: ...
