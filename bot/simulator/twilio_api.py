"""Twilio's REST API as far as a WhatsApp business uses it: who may call, messages, contents. Error codes are Twilio's own."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from bot.simulator.content import Content, InvalidContent
from bot.simulator.twilio_messages import Messages, Refusal, not_found
from bot.simulator.world import World

_ACCOUNT = "/2010-04-01/Accounts/<account>"


class TwilioApi:
    """The fake API over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._messages = Messages(world, self._content)

    def blueprint(self) -> Blueprint:
        routes = Blueprint("simulator_twilio", __name__, url_prefix="/simulator/twilio")
        messages = self._messages
        for method, path, view in (
            ("POST", f"{_ACCOUNT}/Messages.json", messages.create),
            ("GET", f"{_ACCOUNT}/Messages.json", messages.list),
            ("GET", f"{_ACCOUNT}/Messages/<sid>.json", messages.fetch),
            ("GET", f"{_ACCOUNT}/Messages/<sid>/Media/<media>", messages.media),
            ("POST", "/v1/Content", self.create_content),
            ("GET", "/v1/Content/<sid>", self.fetch_content),
        ):
            routes.add_url_rule(path, view.__name__, self._guarded(view), methods=[method])
        routes.register_error_handler(Refusal, _refusal)
        return routes

    def _guarded(self, view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
        settings = self._world.settings

        @wraps(view)
        def checked(**parts: str) -> ResponseReturnValue:
            given = request.authorization
            name, word = (given.username or "", given.password or "") if given else ("", "")
            known = hmac.compare_digest(name.encode(), settings.twilio_account_sid.encode())
            if not (hmac.compare_digest(word.encode(), settings.twilio_auth_token.encode()) and known):
                raise Refusal(401, 20003, "Authenticate")
            if parts.pop("account", name) != name:
                raise not_found()
            return view(**parts)

        return checked

    def create_content(self) -> ResponseReturnValue:
        given = request.get_json(silent=True)
        if not isinstance(given, dict) or not isinstance(given.get("types"), dict):
            raise Refusal(400, 20001, "types is required")
        try:
            content = Content(
                sid="HX" + secrets.token_hex(16),
                friendly_name=str(given.get("friendly_name") or ""),
                language=str(given.get("language") or "en"),
                variables=given.get("variables") or {},
                types=given["types"],
                created=self._world.clock.now().isoformat(),
            )
            content.check()
        except (InvalidContent, ValueError, AttributeError) as error:
            raise Refusal(400, 20001, str(error)) from error
        self.keep(content)
        return jsonify(self._content_resource(content)), 201

    def fetch_content(self, sid: str) -> ResponseReturnValue:
        content = self._content(sid)
        if content is None:
            raise not_found()
        return jsonify(self._content_resource(content))

    def keep(self, content: Content) -> None:
        self._world.store.put_fact(f"content:{content.sid}", content.model_dump_json())

    def _content(self, sid: str) -> Content | None:
        kept = self._world.store.fact(f"content:{sid}")
        return Content.model_validate_json(kept) if kept else None

    def _content_resource(self, content: Content) -> dict[str, Any]:
        url = f"https://content.twilio.com/v1/Content/{content.sid}"
        return {
            "account_sid": self._world.settings.twilio_account_sid,
            "date_created": content.created,
            "date_updated": content.created,
            "friendly_name": content.friendly_name,
            "language": content.language,
            "links": {"approval_create": f"{url}/ApprovalRequests/whatsapp", "approval_fetch": f"{url}/ApprovalRequests"},
            "sid": content.sid,
            "types": content.types,
            "url": url,
            "variables": content.variables,
        }


def _refusal(error: Exception) -> ResponseReturnValue:
    assert isinstance(error, Refusal)
    more = f"https://www.twilio.com/docs/errors/{error.code}"
    return jsonify(code=error.code, message=error.message, more_info=more, status=error.status), error.status
