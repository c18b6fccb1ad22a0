"""Messages in Twilio's REST API: what a business sends, and what it may look up.

What Twilio finds out only while sending (a closed window, bad content, a file it cannot fetch) is accepted here too, and told
afterwards by a status callback with its error code.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from email.utils import format_datetime
from mimetypes import guess_extension
from typing import Any

import requests
from flask import jsonify, redirect, request
from flask.typing import ResponseReturnValue

from bot.simulator.cast import Phone
from bot.simulator.content import Content, InvalidContent, Rendered
from bot.simulator.store import Bubble, File
from bot.simulator.whatsapp import FILE_LIMIT, report
from bot.simulator.world import World

_PROBLEMS = {
    63016: "Failed to send freeform message because you are outside the allowed window. Please use a Template.",
    63019: "Media failed to download",
    63021: "Channel invalid content error",
    63024: "Invalid message recipient",
}


class Refusal(Exception):
    """An answer with one of Twilio's error codes."""

    def __init__(self, status: int, code: int, message: str) -> None:
        self.status, self.code, self.message = status, code, message
        super().__init__(message)


def not_found() -> Refusal:
    return Refusal(404, 20404, f"The requested resource {request.path} was not found")


def _variables() -> dict[str, str]:
    """A variable holds no newline, tab or run of more than four spaces (error 21656)."""
    try:
        values = {str(key): str(value) for key, value in json.loads(request.form.get("ContentVariables") or "{}").items()}
    except (ValueError, AttributeError) as error:
        raise Refusal(400, 21656, "The ContentVariables Parameter is invalid") from error
    if any(re.search(r"[\n\r\t]| {5,}", value) for value in values.values()):
        raise Refusal(400, 21656, "The ContentVariables Parameter is invalid")
    return values


class Messages:
    """The views behind `/2010-04-01/Accounts/.../Messages`. `content_of` finds a template by its SID."""

    def __init__(self, world: World, content_of: Callable[[str], Content | None]) -> None:
        self._world, self._content_of = world, content_of
        self._business = "whatsapp:" + world.settings.twilio_whatsapp_from.removeprefix("whatsapp:")

    def create(self) -> ResponseReturnValue:
        """Check the form as Twilio does, show the message on the phone, answer, then deliver and report."""
        to, body, media = request.form.get("To", ""), request.form.get("Body", ""), request.form.getlist("MediaUrl")
        content = self._wanted_content()
        self._check(to, body, media, content)
        callback = self._callback()
        phone = self._world.phone_of("whatsapp", to.removeprefix("whatsapp:"))
        shown, error = self._render(content, Rendered(body=body, media=tuple(media)))
        error = self._forbidden(phone, content) or error
        bubble = self._world.store.add(
            Bubble(
                phone=phone.id if phone else "",
                author="baton",
                at=self._world.clock.now(),
                text=shown.body,
                choices=shown.choices,
                list_label=shown.list_label,
                sid=("MM" if shown.media else "SM") + secrets.token_hex(16),
                state="failed" if error else "queued",
                error=error,
                problem=_PROBLEMS.get(error, ""),
                callback=callback,
                sender=self._business,
                recipient=to,
            )
        )
        self._world.post.later("reports", lambda: self._carry(bubble, shown.media))
        return jsonify(self._resource(bubble)), 201

    def _check(self, to: str, body: str, media: list[str], content: Content | None) -> None:
        if not re.fullmatch(r"whatsapp:\+[1-9]\d{6,14}", to):
            raise Refusal(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        if request.form.get("From", "") != self._business:
            raise Refusal(400, 63007, "Twilio could not find a Channel with the specified From address")
        if len(body) > 1600:
            raise Refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        if not (body or media or content):
            raise Refusal(400, 21602, "Message body is required.")
        if len(media) > 1:
            raise Refusal(400, 21623, "Number of media files exceeds allowed limit")

    def _wanted_content(self) -> Content | None:
        sid = request.form.get("ContentSid", "")
        content = self._content_of(sid) if sid else None
        if sid and content is None:
            raise Refusal(400, 21655, "The ContentSid is Invalid")
        return content

    def _callback(self) -> str:
        url = request.form.get("StatusCallback", "")
        if url and not url.startswith(self._world.settings.public_base_url + "/"):
            raise Refusal(400, 21609, f"The StatusCallback URL {url} is not a valid URL.")
        return url

    def _render(self, content: Content | None, plain: Rendered) -> tuple[Rendered, int]:
        """What the person will see, and the error it will fail with (0: none)."""
        if content is None:
            return plain, 0
        try:
            return content.render(_variables()), 0
        except InvalidContent:
            return plain, 63021

    def _forbidden(self, phone: Phone | None, content: Content | None) -> int:
        if phone is None:
            return 63024
        template = content is not None and content.approved and content.kind != "twilio/list-picker"
        return 0 if template or self._world.window_open(phone) else 63016

    def _carry(self, bubble: Bubble, media: tuple[str, ...]) -> None:
        """What happens after the answer: the file is fetched, the message arrives, the business hears of it."""
        store = self._world.store
        if media and not bubble.error:
            file = self._download(media[0])
            bubble = (
                store.change(bubble.id, files=(file,))
                if file
                else store.change(bubble.id, state="failed", error=63019, problem=_PROBLEMS[63019])
            )
        if bubble.error:
            report(self._world, bubble, "failed", bubble.error)
            return
        store.change(bubble.id, state="delivered")
        report(self._world, bubble, "sent")
        report(self._world, bubble, "delivered")

    def _download(self, url: str) -> File | None:
        """The business's file, as Twilio fetches it; from the product itself only, so that nothing else here can be read."""
        if not url.startswith(self._world.settings.public_base_url + "/"):
            return None
        try:
            with requests.Session() as http:
                http.trust_env = False
                answer = http.get(url, timeout=15, allow_redirects=False)
        except requests.RequestException:
            return None
        if answer.status_code != 200 or len(answer.content) > FILE_LIMIT:
            return None
        named = re.search(r'filename="?([^";]+)', answer.headers.get("Content-Disposition", ""))
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        name = named[1] if named else url.partition("?")[0].rpartition("/")[2]
        if "." not in name:  # a link of letters alone: WhatsApp shows what kind of file it is
            name = "document" + (guess_extension(kind) or "")
        return self._world.store.put_file(name, kind, answer.content)

    def fetch(self, sid: str) -> ResponseReturnValue:
        bubble = self._world.store.by_sid(sid)
        if bubble is None:
            raise not_found()
        return jsonify(self._resource(bubble))

    def list(self) -> ResponseReturnValue:
        """The latest messages, newest first, by To and From; one page."""
        to, sender = request.args.get("To"), request.args.get("From")
        size = min(request.args.get("PageSize", 50, type=int), 1000)
        found = [
            bubble
            for bubble in self._world.store.latest(2000)
            if bubble.sid[:2] in ("SM", "MM") and to in (None, bubble.recipient) and sender in (None, bubble.sender)
        ]
        uri = request.full_path.removeprefix("/simulator/twilio").rstrip("?")
        paging = {"page": 0, "page_size": size, "uri": uri, "first_page_uri": uri, "next_page_uri": None}
        return jsonify({"messages": [self._resource(bubble) for bubble in found[:size]], **paging})

    def media(self, sid: str, media: str) -> ResponseReturnValue:
        """A person's file: Twilio sends on to a store elsewhere, at an address that needs no credentials."""
        bubble = self._world.store.by_sid(sid)
        if bubble is None or media.removeprefix("ME") not in {file.token for file in bubble.files}:
            raise not_found()
        return redirect(f"{self._world.settings.public_base_url}/simulator/files/{media.removeprefix('ME')}", 307)

    def _resource(self, bubble: Bubble) -> dict[str, Any]:
        when, mine = format_datetime(bubble.at), bubble.author == "baton"
        uri = f"/2010-04-01/Accounts/{self._world.settings.twilio_account_sid}/Messages/{bubble.sid}"
        fresh = request.method == "POST"  # a problem shows only later, as Twilio tells it
        return {
            "account_sid": self._world.settings.twilio_account_sid,
            "api_version": "2010-04-01",
            "body": bubble.text,
            "date_created": when,
            "date_sent": None if fresh else when,
            "date_updated": when,
            "direction": "outbound-api" if mine else "inbound",
            "error_code": (bubble.error or None) if mine and not fresh else None,
            "error_message": (bubble.problem or None) if mine and not fresh else None,
            "from": bubble.sender,
            "messaging_service_sid": None,
            "num_media": str(len(bubble.files)),
            "num_segments": "1",
            "price": None,
            "price_unit": None,
            "sid": bubble.sid,
            "status": ("queued" if fresh else bubble.state) if mine else "received",
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": bubble.recipient,
            "uri": f"{uri}.json",
        }
