from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, ClassVar

from channels.base import EventKind, Media, Reach, nowhere
from channels.telegram import Telegram
from tests.channels.cases import PERMANENT, RETRYABLE, UNKNOWN, Case, Seen, Webhook
from tests.channels.provider import DROP, Answer, Provider, Request

TOKEN, SECRET = "7000000001:AAa-telegram-token-for-tests", "a-telegram-secret-for-tests"
CHAT = "5000000002"
AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def refusal(status: int, description: str, **parameters: int) -> Answer:
    more = {"parameters": parameters} if parameters else {}
    return Answer.json({"ok": False, "error_code": status, "description": description, **more}, status)


class FakeTelegram(Provider):
    """The Bot API's methods that we call, and its files."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}

    def honest(self, request: Request, number: int) -> Answer:
        if request.path.startswith(f"/file/bot{TOKEN}/"):
            return Answer(200, self.files[request.path.rpartition("/")[2]])
        if not request.path.startswith(f"/bot{TOKEN}/"):
            return refusal(401, "Unauthorized")
        return getattr(self, "_" + request.path.rpartition("/")[2])(request.fields(), number)

    def _send(self, told: dict[str, Any], number: int) -> Answer:
        chat = {"id": int(told["chat_id"]), "type": "private", "first_name": "Sample"}
        return Answer.json({"ok": True, "result": {"message_id": number, "date": 1795428000, "chat": chat}})

    _sendMessage = _sendDocument = _sendPhoto = _send

    def _answerCallbackQuery(self, told: dict[str, Any], number: int) -> Answer:
        return Answer.json({"ok": True, "result": True})

    def _setWebhook(self, told: dict[str, Any], number: int) -> Answer:
        return Answer.json({"ok": True, "result": True, "description": "Webhook was set"})

    def _getFile(self, told: dict[str, Any], number: int) -> Answer:
        if told["file_id"] not in self.files:
            return refusal(400, "Bad Request: invalid file_id")
        size = len(self.files[told["file_id"]])
        file = {"file_id": told["file_id"], "file_unique_id": "u", "file_size": size, "file_path": f"documents/{told['file_id']}"}
        return Answer.json({"ok": True, "result": file})


class TelegramCase(Case):
    name = "telegram"
    address = CHAT
    signature = "X-Telegram-Bot-Api-Secret-Token"
    signs_body = False
    expectations: ClassVar = {
        "text": {
            "kind": EventKind.MESSAGE,
            "account": "7000000001",
            "event_id": "900000001",
            "message_id": f"{CHAT}:42",
            "sender": CHAT,
            "sender_name": "Sample Approver",
            "conversation": CHAT,
            "text": "status PA-1042 🙏",
            "sent_at": AT,
            "reply_to": (),
            "forwarded": False,
        },
        "start": {"kind": EventKind.MESSAGE, "text": "/start"},
        "reply": {"kind": EventKind.MESSAGE, "text": "Too dear", "reply_to": (f"{CHAT}:41",)},
        "tap": {
            "kind": EventKind.TAP,
            "event_id": "900000004",
            "sender": CHAT,
            "payload": "t-0Yb3kq9hV5lZcWmX1rP7Qw",
            "callback": "4382bfdwdsb323b2d9",
            "reply_to": (f"{CHAT}:41",),
            "sent_at": None,
        },
        "tap_old": {"kind": EventKind.TAP, "conversation": CHAT, "reply_to": (f"{CHAT}:41",)},
        "tap_inline": {"kind": EventKind.TAP, "conversation": CHAT, "payload": "t-x", "reply_to": ()},
        "group_tap": {
            "kind": EventKind.TAP,
            "sender": CHAT,
            "conversation": "-1001234567890",
            "reply_to": ("-1001234567890:41",),
        },
        "photo": {
            "kind": EventKind.MESSAGE,
            "text": "the delivery",
            "media": (Media("AgACAgUAAxkBAAI3", "image/jpeg", size=128000),),
        },
        "document": {
            "kind": EventKind.MESSAGE,
            "media": (Media("BQACAgUAAxkBAAI9", "application/pdf", "../../quote.pdf", 81234),),
        },
        "forwarded": {"kind": EventKind.MESSAGE, "sender": CHAT, "forwarded": True},
        "location": {"kind": EventKind.MESSAGE, "text": "", "media": ()},
        "group": {"kind": EventKind.MESSAGE, "sender": CHAT, "conversation": "-1001234567890"},
        "edited": {"kind": EventKind.UNKNOWN, "text": "", "conversation": CHAT},
        "joined": {"kind": EventKind.UNKNOWN},
        "anonymous": {"kind": EventKind.UNKNOWN, "text": ""},
        "novel": {"kind": EventKind.UNKNOWN, "sender": ""},
        "broken_word": {"kind": EventKind.UNKNOWN, "text": ""},
    }

    def __init__(self) -> None:
        self.provider = FakeTelegram()

    def channel(self, reach: Reach = nowhere) -> Telegram:
        return Telegram(token=TOKEN, secret=SECRET, api_base=self.provider.base + "/", reach=reach)

    def signed(self, body: bytes) -> Webhook:
        return Webhook(body, {self.signature: SECRET}, "/webhooks/telegram")

    def seen(self) -> list[Seen]:
        sends = [request for request in self.provider.taken if "/send" in request.path]
        return [_seen(request.fields()) for request in sends]

    def refuse(self, how: str, *, times: int = 1) -> None:
        answers = {
            RETRYABLE: refusal(429, "Too Many Requests: retry after 7", retry_after=7),
            PERMANENT: refusal(403, "Forbidden: bot was blocked by the user"),
            UNKNOWN: DROP,
        }
        self.provider.refuse("/sendMessage", *[answers[how]] * times)

    def media(self, content: bytes) -> Media:
        self.provider.files["BQACAgUAAxkBAAI9"] = content
        return Media("BQACAgUAAxkBAAI9", "application/pdf")

    def close(self) -> None:
        self.provider.close()


def _seen(told: dict[str, Any]) -> Seen:
    rows = json.loads(told.get("reply_markup", '{"inline_keyboard": []}'))["inline_keyboard"]
    assert all(len(row) == 1 for row in rows)
    files = tuple(told[kind][2] for kind in ("photo", "document") if kind in told)
    return Seen(told["chat_id"], told.get("text", ""), tuple(button["callback_data"] for (button,) in rows), files)


CASE = TelegramCase
