"""Telegram's Bot API as far as a business's bot uses it: methods, answers, limits and error words are the server's own.

Bot API 10.1 and the public server's source (github: tdlib/telegram-bot-api).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from mimetypes import guess_extension
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from bot.simulator.cast import Phone
from bot.simulator.store import Bubble, Choice, File
from bot.simulator.telegram import Telegram
from bot.simulator.world import World

TEXT, CAPTION, CALLBACK_BYTES, ALERT = 4096, 1024, 64, 200
DOWNLOAD, PHOTO, DOCUMENT = 20 << 20, 10 << 20, 50 << 20


class _Refusal(Exception):
    """`ok: false` with the server's error code and words."""

    def __init__(self, code: int, description: str) -> None:
        self.code, self.description = code, description
        super().__init__(description)


class TelegramApi:
    """The fake API over one world. Each method of the Bot API is a method here, by its name in lower case."""

    def __init__(self, world: World, phones: Telegram) -> None:
        self._world, self._phones = world, phones
        self._methods = {
            "getme": self.get_me,
            "sendmessage": self.send_message,
            "sendphoto": self.send_photo,
            "senddocument": self.send_document,
            "answercallbackquery": self.answer_callback_query,
            "editmessagereplymarkup": self.edit_reply_markup,
            "getfile": self.get_file,
        }

    def blueprint(self) -> Blueprint:
        routes = Blueprint("simulator_telegram", __name__, url_prefix="/simulator/telegram")
        routes.add_url_rule("/bot<token>/<method>", "method", self.call, methods=["GET", "POST"])
        routes.add_url_rule("/file/bot<token>/<path:path>", "file", self.download)
        routes.register_error_handler(_Refusal, _refusal)
        return routes

    def call(self, token: str, method: str) -> ResponseReturnValue:
        self._authorise(token)
        found = self._methods.get(method.lower())
        if found is None:
            raise _Refusal(404, "Not Found")
        given = request.get_json(silent=True) if request.is_json else {**request.args, **request.form}
        return jsonify(ok=True, result=found(given if isinstance(given, dict) else {}))

    def _authorise(self, token: str) -> None:
        if not hmac.compare_digest(token.encode(), self._world.settings.telegram_bot_token.encode()):
            raise _Refusal(401, "Unauthorized")

    # --- methods ---------------------------------------------------------------------------------------------------

    def get_me(self, given: Mapping[str, Any]) -> dict[str, Any]:
        no = dict.fromkeys(("can_read_all_group_messages", "supports_inline_queries", "has_main_web_app"), False)
        return {**self._phones.bot(), "can_join_groups": True, **no}

    def send_message(self, given: Mapping[str, Any]) -> dict[str, Any]:
        text = str(given.get("text", ""))
        if not text.strip():
            raise _Refusal(400, "Bad Request: message text is empty")
        if len(text) > TEXT:
            raise _Refusal(400, "Bad Request: message is too long")
        return self._show(given, text)

    def send_photo(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return self._show(given, _caption(given), self._upload(given, "photo", PHOTO))

    def send_document(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return self._show(given, _caption(given), self._upload(given, "document", DOCUMENT))

    def answer_callback_query(self, given: Mapping[str, Any]) -> bool:
        """Stop the button's waiting sign; a text is shown to the person for a moment."""
        query, text = str(given.get("callback_query_id", "")), str(given.get("text") or "")
        if len(text) > ALERT:
            raise _Refusal(400, "Bad Request: MESSAGE_TOO_LONG")
        waiting = [bubble for bubble in self._world.store.latest(500) if query and bubble.waiting == query]
        if not waiting:
            raise _Refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self._world.store.change(waiting[0].id, waiting="")
        if text:
            self._world.note(self._world.phones[waiting[0].phone], text)
        return True

    def edit_reply_markup(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Change or take away the buttons of one of the bot's own messages."""
        phone, number = self._chat(given), str(given.get("message_id", ""))
        bubble = self._in_chat(phone, number)
        if bubble is None or bubble.author != "baton":
            raise _Refusal(400, "Bad Request: message to edit not found")
        choices = _keyboard(given)
        if choices == bubble.choices:
            raise _Refusal(400, "Bad Request: message is not modified")
        return self._phones.message(phone, self._world.store.change(bubble.id, choices=choices))

    def get_file(self, given: Mapping[str, Any]) -> dict[str, Any]:
        found = self._world.store.file(str(given.get("file_id", "")))
        if found is None:
            raise _Refusal(400, "Bad Request: invalid file_id")
        file = found[0]
        if file.size > DOWNLOAD:
            raise _Refusal(400, "Bad Request: file is too big")
        path = f"{'photos' if file.is_image else 'documents'}/{file.token}{guess_extension(file.type) or ''}"
        return {"file_id": file.token, "file_unique_id": file.token[:16], "file_size": file.size, "file_path": path}

    def download(self, token: str, path: str) -> ResponseReturnValue:
        self._authorise(token)
        found = self._world.store.file(path.rpartition("/")[2].partition(".")[0])
        if found is None or found[0].size > DOWNLOAD:
            raise _Refusal(404, "Not Found")
        return Response(found[1], mimetype="application/octet-stream")

    # --- what they share -------------------------------------------------------------------------------------------

    def _chat(self, given: Mapping[str, Any]) -> Phone:
        phone = self._world.phone_of("telegram", str(given.get("chat_id", "")))
        if phone is None:
            raise _Refusal(400, "Bad Request: chat not found")
        return phone

    def _in_chat(self, phone: Phone, number: str) -> Bubble | None:
        bubble = self._world.store.by_sid(number) if number.isdigit() else None
        return bubble if bubble and bubble.phone == phone.id else None

    def _show(self, given: Mapping[str, Any], text: str, file: File | None = None) -> dict[str, Any]:
        phone = self._chat(given)
        bubble = self._world.store.add(
            Bubble(
                phone=phone.id,
                author="baton",
                at=self._world.clock.now(),
                text=text,
                quote=self._quoted(phone, given),
                choices=_keyboard(given),
                files=(file,) if file else (),
            )
        )
        return self._phones.message(phone, bubble)

    def _quoted(self, phone: Phone, given: Mapping[str, Any]) -> int:
        reply = _json(given.get("reply_parameters")) or {}
        number = str(reply.get("message_id") or given.get("reply_to_message_id") or "")
        if not number:
            return 0
        quoted = self._in_chat(phone, number)
        lenient = reply.get("allow_sending_without_reply") or str(given.get("allow_sending_without_reply")).lower() == "true"
        if quoted is None and not lenient:
            raise _Refusal(400, "Bad Request: message to be replied not found")
        return quoted.id if quoted else 0

    def _upload(self, given: Mapping[str, Any], field: str, limit: int) -> File:
        """A file sent along (under its own name or `attach://`), or one that is here already, by its file_id."""
        value = str(given.get(field, ""))
        sent = request.files.get(value.removeprefix("attach://") or field)
        if sent is None:
            known = self._world.store.file(value)
            if known is None:
                raise _Refusal(400, f"Bad Request: there is no {field} in the request")
            return known[0]
        content = sent.read()
        if not content:
            raise _Refusal(400, "Bad Request: file must be non-empty")
        if len(content) > limit:
            raise _Refusal(413, "Request Entity Too Large")
        return self._world.store.put_file(sent.filename or field, sent.mimetype, content)


def _caption(given: Mapping[str, Any]) -> str:
    caption = str(given.get("caption") or "")
    if len(caption) > CAPTION:
        raise _Refusal(400, "Bad Request: message caption is too long")
    return caption


def _keyboard(given: Mapping[str, Any]) -> tuple[Choice, ...]:
    markup = _json(given.get("reply_markup")) or {}
    buttons = [button for row in markup.get("inline_keyboard") or [] for button in row]
    if len(buttons) > 100:
        raise _Refusal(400, "Bad Request: reply markup is too long")
    return tuple(_button(button) for button in buttons)


def _button(raw: Mapping[str, Any]) -> Choice:
    label, token = str(raw.get("text") or ""), str(raw.get("callback_data") or "")
    if not label.strip():
        raise _Refusal(400, "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if not 1 <= len(token.encode()) <= CALLBACK_BYTES:
        raise _Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
    return Choice(label=label, token=token)


def _json(value: Any) -> dict[str, Any] | None:
    """An object given as itself or as its JSON text (a form's way)."""
    if isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except ValueError as error:
            raise _Refusal(400, "Bad Request: can't parse JSON object") from error
    return value if isinstance(value, dict) else None


def _refusal(error: Exception) -> ResponseReturnValue:
    assert isinstance(error, _Refusal)
    return jsonify(ok=False, error_code=error.code, description=error.description), error.code
