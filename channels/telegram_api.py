"""The Bot API under python-telegram-bot: the transport, and what its refusals mean."""

from __future__ import annotations

import json
from typing import Any

import httpx
from telegram import error as refused
from telegram.request import HTTPXRequest, RequestData

from channels.base import SendError

API = "https://api.telegram.org"
_WAIT = 1.0


class Flooded(refused.TelegramError):
    """429: try again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__("Flood control exceeded")
        self.seconds = seconds


class Failed(refused.TelegramError):
    """5xx: Telegram's server failed."""


class Http(HTTPXRequest):
    """The SDK's transport, with our times. It tells two answers apart itself: of 429 the SDK's own error warns of a change to come
    whenever it is made, and of 5xx it is the same as of a broken connection."""

    def __init__(self, pool: int) -> None:
        super().__init__(
            connection_pool_size=pool,
            connect_timeout=5,
            read_timeout=15,
            write_timeout=15,
            pool_timeout=15,
            media_write_timeout=60,
        )

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: Any, **kwargs: Any
    ) -> tuple[int, bytes]:
        status, answer = await super().do_request(url, method, request_data, *args, **kwargs)
        if status == 429:
            raise Flooded(_seconds(answer))
        if status >= 500:
            raise Failed(f"Telegram failed ({status})")
        return status, answer


def _seconds(answer: bytes) -> float:
    try:
        return float(json.loads(answer)["parameters"]["retry_after"])
    except (ValueError, KeyError, TypeError):
        return _WAIT


def refusal(error: Exception, token: str) -> SendError:
    """What a failed call means for the message."""
    words = str(error).replace(token, "***")
    match error:
        case Flooded():
            return SendError("Telegram asks to wait", retryable=True, code="429", retry_after=error.seconds)
        case refused.ChatMigrated():
            words = f"the group has become a supergroup with the id {error.new_chat_id}: send there"
            return SendError(words, retryable=True, code="migrated")
        case refused.Forbidden():
            return SendError(f"the person must press Start in the bot's chat first ({words})", retryable=False, code="403")
        case refused.InvalidToken():
            return SendError("Telegram does not know the bot: check TELEGRAM_BOT_TOKEN", retryable=False, code="401")
        case refused.BadRequest():
            return SendError(f"Telegram refused: {words}", retryable=False, code="400")
        case refused.Conflict():
            return SendError(f"Telegram refused: {words}", retryable=False, code="409")
        case Failed():
            return SendError(words, retryable=True, code="5xx")
        case refused.NetworkError() if _never_sent(error):
            return SendError("Telegram could not be reached", retryable=True, code="network")
    return SendError("Telegram did not answer, or not readably", retryable=False, unknown=True, code=type(error).__name__)


def _never_sent(error: refused.NetworkError) -> bool:
    return isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
