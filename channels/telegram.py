"""Telegram by python-telegram-bot: webhook in, the official Bot API out.

Source: the Bot API 10.1 (core.telegram.org/bots/api). A person is `from.id`, never a chat or a user name: in a group anyone can
press a button. Message ids are unique only within a chat, so ours are "chat:message".
"""

from __future__ import annotations

import hmac
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from telegram import Bot, CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters, Update, User
from telegram import Message as TelegramMessage

from channels.base import (
    Attachment,
    BadRequest,
    BadSignature,
    ConfigurationError,
    EventKind,
    Inbound,
    Limits,
    Media,
    MediaError,
    Message,
    Reach,
    SendError,
    Sent,
    nowhere,
)
from channels.http import Redacted, Wire, header, reached
from channels.loop import BackgroundLoop, Closed
from channels.telegram_api import API, Http, refusal

PATH = "/webhooks/telegram"
_UPDATES = ("message", "edited_message", "callback_query")
_LONGEST_CALL = 90.0
_LONGEST_PHOTO = 10_000_000
_LONGEST_NOTE = 200
_CHAT = re.compile(r"-?[0-9]{1,18}")
_log = logging.getLogger(__name__)

T = TypeVar("T")
_Part = tuple[str, Callable[[Bot], Awaitable[TelegramMessage]]]


class Telegram:
    """The Telegram channel. `token` is the bot's, `secret` what setWebhook was given as secret_token, `api_base` stands in for
    Telegram's own address ("" for it). The token is in every address called: it is kept out of logs and errors."""

    name = "telegram"
    limits = Limits(text=4096, buttons=30, label=64, token=64, units="bytes", file_bytes=20_000_000, per_second=30.0)

    def __init__(self, *, token: str, secret: str, api_base: str = "", reach: Reach = nowhere, pool: int = 32) -> None:
        if not (token and secret):
            raise ConfigurationError("Telegram needs TELEGRAM_BOT_TOKEN and TELEGRAM_WEBHOOK_SECRET")
        self._token, self._secret, self._reach = token, secret, reach
        self._redacted = Redacted(token)
        self._redacted.install()
        base = (api_base or API).rstrip("/")
        self._files = f"{base}/file/bot{token}/"
        self._http = Http(pool)
        self._bot = Bot(token, f"{base}/bot", f"{base}/file/bot", request=self._http, get_updates_request=self._http)
        self._loop = BackgroundLoop("telegram")
        self._wire = Wire(base, reach, pool=pool)
        self._account = token.partition(":")[0]

    # --- in ---------------------------------------------------------------------------------------------------------

    def parse(self, body: bytes, headers: Mapping[str, str], url: str = "") -> tuple[Inbound, ...]:
        """See `Channel.parse`. Telegram proves itself by a shared secret; it signs neither body nor address."""
        given = header(headers, "X-Telegram-Bot-Api-Secret-Token")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._secret.encode()):
            raise BadSignature("the webhook lacks Telegram's secret")
        try:
            told = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise BadRequest("the webhook's body is not JSON") from error
        number = told.get("update_id") if isinstance(told, dict) else None
        if type(number) is not int:
            raise BadRequest("the webhook's body is not an update")
        return (Inbound(channel=self.name, account=self._account, event_id=str(number), raw=body, **_read(told)),)

    def fetch(self, media: Media, limit: int) -> bytes:
        try:
            file = self._call("getFile", partial(Bot.get_file, file_id=media.ref))
        except SendError as error:
            big = "too big" in str(error)
            raise MediaError(str(error), retryable=error.retryable or error.unknown, too_large=big) from error
        if (file.file_size or 0) > limit:
            raise MediaError(f"the file is larger than {limit} bytes", retryable=False, too_large=True)
        address = file.file_path or ""
        if not address.startswith(self._files):
            raise MediaError("Telegram gave no address for the file", retryable=False)
        return self._wire.download("telegram.file", address, limit, allowed=lambda host: False)

    def acknowledge(self, inbound: Inbound, text: str = "") -> None:
        if not inbound.callback:
            return
        note = partial(Bot.answer_callback_query, callback_query_id=inbound.callback, text=text[:_LONGEST_NOTE] or None)
        try:
            self._call("answerCallbackQuery", note)
        except SendError as error:  # too old, most often
            _log.debug("a tap was not acknowledged: %s", error.code)

    # --- out --------------------------------------------------------------------------------------------------------

    def send(self, message: Message) -> Sent:
        """See `Channel.send`. A text and each of its files are messages of their own, in that order."""
        ids = list(message.accepted)
        try:
            for method, part in islice(self._parts(message), len(ids), None):
                ids.append(_id_of(self._call(method, part)))
        except SendError as error:
            error.accepted = tuple(ids)
            raise
        if not ids:
            raise SendError("there is nothing to send: no text and no file", retryable=False)
        return Sent(tuple(ids))

    def subscribe(self, public_base_url: str) -> None:
        """Tells Telegram where to call us. What waits there is kept. Safe twice. Raises SendError."""
        address = public_base_url.rstrip("/") + PATH
        ask = partial(
            Bot.set_webhook, url=address, secret_token=self._secret, allowed_updates=_UPDATES, drop_pending_updates=False
        )
        self._call("setWebhook", ask)

    def close(self) -> None:
        self._loop.close(self._http.shutdown())
        self._wire.close()
        self._redacted.remove()

    def _parts(self, message: Message) -> Iterator[_Part]:
        if not _CHAT.fullmatch(message.to):
            raise SendError("this is not a Telegram id", retryable=False)
        first: dict[str, Any] = {"reply_markup": _keyboard(message), "reply_parameters": _quoted(message)}
        if message.text:
            yield "sendMessage", partial(Bot.send_message, chat_id=int(message.to), text=message.text, **first)
            first = {}
        for file in message.attachments:
            yield _upload(int(message.to), file, first)
            first = {}

    def _call(self, method: str, action: Callable[[Bot], Awaitable[T]]) -> T:
        """Every call to the Bot API. Raises SendError."""
        with reached(self._reach, f"telegram.{method}"):
            try:
                return self._loop.run(_run(action, self._bot), _LONGEST_CALL)
            except Closed:
                problem = SendError("the Telegram channel is closed", retryable=True)
            except Exception as error:
                problem = refusal(error, self._token)
        # Not from the error: the SDK's may hold the address, and with it the token.
        raise problem


async def _run(action: Callable[[Bot], Awaitable[T]], bot: Bot) -> T:
    return await action(bot)


# --- what an update says ----------------------------------------------------------------------------------------------


def _read(told: dict[str, Any]) -> dict[str, Any]:
    """The fields of the Inbound that the update gives. One of a kind or a form not known here is UNKNOWN, and kept."""
    try:
        update = Update.de_json(told)
        if update.callback_query:
            return _tap(update.callback_query)
        if update.message and _is_personal(update.message):
            return _message(update.message)
        chat = update.effective_chat
        return {"kind": EventKind.UNKNOWN, **_person(update.effective_user), "conversation": str(chat.id) if chat else ""}
    except Exception:
        # The SDK checks nothing: a word where it expects a number may raise anything.
        return {"kind": EventKind.UNKNOWN, "sender": ""}


def _is_personal(message: TelegramMessage) -> bool:
    """Written by a person as themselves: not by a bot, a channel or an anonymous admin, nor the group's own notices."""
    said = message.text or message.caption or message.effective_attachment is not None
    return bool(said and message.from_user and not message.from_user.is_bot and not message.sender_chat)


def _message(message: TelegramMessage) -> dict[str, Any]:
    answered = message.reply_to_message
    return {
        "kind": EventKind.MESSAGE,
        **_person(message.from_user),
        "conversation": str(message.chat.id),
        "message_id": _id_of(message),
        "text": message.text or message.caption or "",
        "reply_to": (_id_of(answered),) if answered else (),
        "sent_at": message.date,
        "media": tuple(_media(message)),
        "forwarded": message.forward_origin is not None,
    }


def _tap(query: CallbackQuery) -> dict[str, Any]:
    """Telegram may no longer have the message, and says nothing of when the button was pressed."""
    message = query.message
    return {
        "kind": EventKind.TAP,
        **_person(query.from_user),
        "conversation": str(message.chat.id if message else query.from_user.id),
        "payload": query.data or "",
        "callback": query.id,
        "reply_to": (_id_of(message),) if message else (),
        "forwarded": isinstance(message, TelegramMessage) and message.forward_origin is not None,
    }


def _person(user: User | None) -> dict[str, str]:
    return {"sender": str(user.id), "sender_name": user.full_name} if user else {"sender": ""}


def _id_of(message: Any) -> str:
    return f"{message.chat.id}:{message.message_id}"


def _media(message: TelegramMessage) -> Iterator[Media]:
    """The one file a message can hold; of a photo the largest size. Places, contacts and polls hold none."""
    file: Any = message.effective_attachment
    if isinstance(file, tuple | list):
        yield Media(ref=file[-1].file_id, type="image/jpeg", size=file[-1].file_size or 0)
    elif getattr(file, "file_id", ""):
        kind, name = getattr(file, "mime_type", "") or "application/octet-stream", getattr(file, "file_name", "") or ""
        yield Media(ref=file.file_id, type=kind.lower(), name=name, size=file.file_size or 0)


# --- what a message needs -----------------------------------------------------------------------------------------------


def _keyboard(message: Message) -> InlineKeyboardMarkup | None:
    rows = [[InlineKeyboardButton(button.label, callback_data=button.token)] for button in message.buttons]
    return InlineKeyboardMarkup(rows) if rows else None


def _quoted(message: Message) -> ReplyParameters | None:
    chat, _, number = message.quote.rpartition(":")
    if chat != message.to or not _CHAT.fullmatch(number):
        return None
    return ReplyParameters(int(number), allow_sending_without_reply=True)


def _upload(chat: int, file: Attachment, first: dict[str, Any]) -> _Part:
    if file.type in ("image/jpeg", "image/png") and len(file.content) <= _LONGEST_PHOTO:
        return "sendPhoto", partial(Bot.send_photo, chat_id=chat, photo=file.content, filename=file.name, **first)
    return "sendDocument", partial(Bot.send_document, chat_id=chat, document=file.content, filename=file.name, **first)
