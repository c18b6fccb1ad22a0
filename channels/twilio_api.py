"""Twilio's REST API under the official client: the transport, what refusals mean, and Content templates made once per shape."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
from typing import Any, NamedTuple

from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]  # ships no types
from twilio.http import HttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest.content.v1.content import ContentList  # type: ignore[import-untyped]
from urllib3.exceptions import HTTPError

from channels.base import Message, SendError, Shapes
from channels.calls import Answer, Calls, never_sent

API = "https://api.twilio.com"
_OWN = re.compile(r"^https://([\w-]+\.)+twilio\.com(?=[/?]|$)")
MOST_QUICK_REPLIES = 3
"""More need an approved template (Twilio's page on quick replies); a list picker takes up to ten."""
MOST_LINES = 40


class Refusal(NamedTuple):
    """What an error code means, as in SendError."""

    retryable: bool = False
    opted_out: bool = False
    window_closed: bool = False


REFUSALS = {
    "63016": Refusal(window_closed=True),
    "63014": Refusal(opted_out=True),
    "21610": Refusal(opted_out=True),
    "63018": Refusal(retryable=True),
    "20429": Refusal(retryable=True),
}
"""Twilio's error codes that mean more than "failed, show a person" (its error dictionary). Most arrive by status callback."""

_PATIENCE = {"63018": 60.0}  # a sender's limit, which may last for hours; other limits are of a second
UNKNOWN_TEMPLATE = "21655"


class Api(HttpClient):  # type: ignore[misc]  # the base class has no types
    """The official client's way out: pooled, timed, and every failure told as a SendError."""

    def __init__(self, calls: Calls, base: str) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False)
        self._calls, self._base = calls, base.rstrip("/")

    def rebased(self, url: str) -> str:
        """`url` at the stand-in's address where one is set: api.twilio.com and content.twilio.com alike."""
        return _OWN.sub(lambda _: self._base, url) if self._base else url

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        name = "twilio.messages" if "/Messages" in uri else "twilio.content"
        try:
            answer = self._calls.call(name, method, self.rebased(uri), params=params, data=data, headers=headers, auth=auth)
        except HTTPError as error:
            lost = not never_sent(error)
            problem = f"Twilio could not be reached ({type(error).__name__})"
            raise SendError(problem, retryable=not lost, unknown=lost) from error
        if answer.status >= 300:
            raise _refusal(answer)
        return Response(answer.status, answer.text, answer.headers)


def _refusal(answer: Answer) -> SendError:
    try:
        told = json.loads(answer.text)
        code, words = str(told["code"]), re.sub(r"\+?\d{7,}", "…", str(told["message"]))  # it may name the person's number
    except (ValueError, KeyError, TypeError):
        code, words = str(answer.status), "no reason given"
    meaning = REFUSALS.get(code) or Refusal(retryable=answer.status == 429 or answer.status >= 500)
    return SendError(
        f"Twilio refused: {words} ({code})",
        code=code,
        retry_after=_wait(answer, code) if meaning.retryable else 0.0,
        **meaning._asdict(),
    )


def _wait(answer: Answer, code: str) -> float:
    try:
        return max(0.0, float(answer.headers.get("Retry-After", "")))
    except ValueError:
        return _PATIENCE.get(code, 1.0)


class Contents:
    """Content templates, made once per shape and never per message. The labels of quick replies are part of the shape; the text
    and the tokens are variables. Safe from any thread: a shape made twice by two processes at once does no harm."""

    def __init__(self, contents: Any, shapes: Shapes, account: str, list_label: str) -> None:
        self._contents, self._shapes, self._account, self._list_label = contents, shapes, account, list_label
        self._making = threading.Lock()

    def of(self, message: Message, *, anew: bool = False) -> dict[str, object]:
        """`content_sid` and `content_variables` for a message with buttons, or by an approved template.

        A variable may hold no newline, tab or run of spaces (error 21656), so each line of the text is one and the layout of
        lines is part of the shape. `anew`: do not trust what is remembered. Raises SendError."""
        if message.template:
            return _content(message.template, [_one_line(message.text), *(button.token for button in message.buttons)])
        lines = _lines(message.text)
        values = [_one_line(line) for line in lines if line]
        if not values:
            raise SendError("buttons need a text to stand under", retryable=False)
        if len(message.buttons) <= MOST_QUICK_REPLIES:
            types = _quick_reply(lines, [button.label for button in message.buttons])
            values += [button.token for button in message.buttons]
        else:
            types = _list_picker(lines, len(message.buttons), self._list_label)
            values += [part for button in message.buttons for part in (button.token, button.label)]
        return _content(self._sid(types, len(values), anew), values)

    def _sid(self, types: dict[str, object], variables: int, anew: bool) -> str:
        shape = "twilio:" + hashlib.sha256(json.dumps([self._account, types]).encode()).hexdigest()
        if anew:
            return self._make(shape, types, variables)
        known = self._shapes.get(shape)
        if known:
            return known
        with self._making:
            return self._shapes.get(shape) or self._make(shape, types, variables)

    def _make(self, shape: str, types: dict[str, object], variables: int) -> str:
        request = {
            "friendly_name": f"baton {shape[7:19]}",
            "language": "en",  # required and never shown
            "variables": {str(n): "sample" for n in range(1, variables + 1)},
            "types": types,
        }
        try:
            made = self._contents.create(ContentList.ContentCreateRequest(request))
        except (TwilioException, ValueError) as error:
            raise SendError("Twilio's answer to a new template could not be read", retryable=True) from error
        if not made.sid:
            raise SendError("Twilio's answer to a new template names none", retryable=True)
        self._shapes.put(shape, made.sid)
        return str(made.sid)


def _content(sid: str, values: list[str]) -> dict[str, object]:
    return {"content_sid": sid, "content_variables": json.dumps({str(n): v for n, v in enumerate(values, 1)}, ensure_ascii=False)}


def _quick_reply(lines: list[str], labels: list[str]) -> dict[str, object]:
    body, used = _body(lines)
    actions = [{"type": "QUICK_REPLY", "title": label, "id": _variable(used + n)} for n, label in enumerate(labels, 1)]
    return {"twilio/quick-reply": {"body": body, "actions": actions}}


def _list_picker(lines: list[str], choices: int, label: str) -> dict[str, object]:
    body, used = _body(lines)
    items = [
        {
            "id": f"{{{{{used + 2 * n - 1}}}}}",
            "item": f"{{{{{used + 2 * n}}}}}",
            "description": f"{n}.",
        }  # a description is required
        for n in range(1, choices + 1)
    ]
    return {"twilio/list-picker": {"body": body, "button": label, "items": items}}


def _body(lines: list[str]) -> tuple[str, int]:
    """The template's text, and how many variables it uses."""
    rows, used = [], 0
    for line in lines:
        used += bool(line)
        rows.append(_variable(used) if line else "")
    return "\n".join(rows), used


def _variable(number: int) -> str:
    return f"{{{{{number}}}}}"


def _lines(text: str) -> list[str]:
    """The text's lines with at most one blank one in a row. The rare text of very many ends in one long line: templates have a
    limited number of variables."""
    lines = re.sub(r"\n\s*\n", "\n\n", text.strip()).splitlines()
    lines = [line if line.strip() else "" for line in lines]
    return lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], " / ".join(filter(None, lines[MOST_LINES - 1 :]))]


def _one_line(text: str) -> str:
    return re.sub(r"\s{4,}", "   ", " · ".join(filter(str.strip, text.splitlines())).replace("\t", " "))
