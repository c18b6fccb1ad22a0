"""The page of phones and its JSON API. Nothing outside this page can act as a person or move time: requests must name this
machine as host (no rebinding of names), come from the page itself, and carry its token."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from bot.simulator.hands import Hands
from bot.simulator.view import View
from bot.simulator.world import Refused, World

TOKEN_HEADER = "X-Baton-Simulator"  # noqa: S105 - a header's name
UPLOAD = 52_000_000
FURTHEST = timedelta(days=31)
SHOWN_INLINE = ("image/png", "image/jpeg", "image/webp", "image/gif", "application/pdf")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

NextDue = Callable[[], datetime | None]


class Pages:
    """Views over one world. `advanced` is told when the clock moved; `next_due` says when something is due next."""

    def __init__(self, world: World, hands: Hands, token: str, advanced: Callable[[], None], next_due: NextDue | None) -> None:
        self._world, self._hands, self._token = world, hands, token
        self._advanced, self._next_due = advanced, next_due
        self._view = View(world)
        port = world.settings.port
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        self._hosts.add(urlsplit(world.settings.public_base_url).netloc)

    def blueprint(self) -> Blueprint:
        routes = Blueprint("simulator", __name__, url_prefix="/simulator", template_folder="templates", static_folder="static")
        routes.before_request(self._guard)
        routes.after_request(_careful)
        routes.register_error_handler(Refused, _refused)
        for method, path, view in (
            ("GET", "", self.page),
            ("GET", "/files/<token>", self.file),
            ("GET", "/api/state", self.state),
            ("POST", "/api/message", self.message),
            ("POST", "/api/tap", self.tap),
            ("POST", "/api/file", self.attach),
            ("POST", "/api/again", self.again),
            ("POST", "/api/clock", self.clock),
        ):
            routes.add_url_rule(path, view.__name__, view, methods=[method], strict_slashes=False)
        return routes

    def _guard(self) -> ResponseReturnValue | None:
        if request.host not in self._hosts:
            return _problem(f"Open this page at {self._world.settings.public_base_url}/simulator.", 403)
        if request.method == "GET":
            return None
        origin, shown = request.headers.get("Origin"), request.headers.get(TOKEN_HEADER, "")
        ours = origin is None or origin == f"{request.scheme}://{request.host}"
        if not (ours and hmac.compare_digest(shown.encode(), self._token.encode())):
            return _problem("This did not come from the simulator's page. Please load the page again.", 403)
        request.max_content_length = UPLOAD
        return None

    # --- reading ---------------------------------------------------------------------------------------------------

    def page(self) -> ResponseReturnValue:
        world = self._world
        version = world.store.version
        screens = {phone: [self._view.bubble(bubble) for bubble in world.store.screen(phone)] for phone in world.phones}
        return render_template(
            "simulator/page.html",
            phones=list(world.phones.values()),
            screens=screens,
            version=version,
            token=self._token,
            clock=self._view.clock(self._due()),
            can_skip=self._next_due is not None,
            starts=self._starts(),
        )

    def _starts(self) -> list[dict[str, str]]:
        """Suggested first taps, for the phones that the cast has."""
        chats = [phone for phone in self._world.phones.values() if phone.channel == "whatsapp"]
        first, chief = chats[0], next((phone for phone in chats if "manager" in phone.roles), chats[-1])
        return [
            {"phone": first.id, "text": "purchase", "label": f"Send “purchase” as {first.first_name}"},
            {"phone": chief.id, "text": "status", "label": f"Ask “status” as {chief.first_name}"},
            {"phone": first.id, "text": "help", "label": f"Send “help” as {first.first_name}"},
        ]

    def state(self) -> ResponseReturnValue:
        """What changed since `?after=`: at once, never waiting, since web threads are few."""
        after = request.args.get("after", 0, type=int)
        version = self._world.store.version
        changed = self._world.store.since(after) if version > after else []
        shown = [self._view.bubble(bubble) for bubble in changed if bubble.phone in self._world.phones]
        return jsonify(version=version, clock=self._view.clock(self._due()), bubbles=shown)

    def file(self, token: str) -> ResponseReturnValue:
        """A file on a phone. Pictures and PDFs open in the browser; anything else is only ever saved."""
        found = self._world.store.file(token)
        if found is None:
            abort(404)
        file, content = found
        inline = file.type in SHOWN_INLINE
        response = Response(content, mimetype=file.type if inline else "application/octet-stream")
        response.headers.set("Content-Disposition", "inline" if inline else "attachment", filename=file.name)
        return response

    def _due(self) -> datetime | None:
        return self._next_due() if self._next_due else None

    # --- doing -----------------------------------------------------------------------------------------------------

    def message(self) -> ResponseReturnValue:
        given = _given()
        bubble = self._hands.write(
            str(given.get("phone")), _text(given, "text"), quote=_number(given, "quote"), subject=_text(given, "subject")
        )
        return jsonify(id=bubble.id), 202

    def tap(self) -> ResponseReturnValue:
        given = _given()
        self._hands.tap(str(given.get("phone")), _number(given, "bubble"), _number(given, "choice"))
        return jsonify(ok=True), 202

    def attach(self) -> ResponseReturnValue:
        """A multipart form: phone, text, quote, and either `sample` or a `file`."""
        form = request.form
        phone, text, quote = form.get("phone", ""), form.get("text", ""), form.get("quote", 0, type=int)
        sent = request.files.get("file")
        if sent is None:
            bubble = self._hands.attach_sample(phone, form.get("sample", ""), text=text, quote=quote)
        else:
            bubble = self._hands.attach(phone, sent.filename or "", sent.mimetype, sent.read(), text=text, quote=quote)
        return jsonify(id=bubble.id), 202

    def again(self) -> ResponseReturnValue:
        self._hands.send_again(_number(_given(), "bubble"))
        return jsonify(ok=True), 202

    def clock(self) -> ResponseReturnValue:
        """`{"hours": 4}`, or `{"to": "next"}` for the moment at which something is due next. Forward only."""
        given = _given()
        step = self._to_next() if given.get("to") == "next" else timedelta(hours=_number(given, "hours"))
        if not timedelta() <= step <= FURTHEST:
            raise Refused("The clock moves forward, at most 31 days at a time.")
        self._world.clock.advance(step)
        self._advanced()
        return jsonify(clock=self._view.clock(self._due()))

    def _to_next(self) -> timedelta:
        due = self._due()
        if due is None:
            raise Refused("Nothing is waiting for a time. Start something first.")
        return max(due - self._world.clock.now() + timedelta(seconds=1), timedelta())


def _given() -> dict[str, Any]:
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise Refused("This request is not of the form that the page sends.")
    return given


def _text(given: dict[str, Any], name: str) -> str:
    return str(given.get(name) or "")


def _number(given: dict[str, Any], name: str) -> int:
    value = given.get(name, 0)
    if not isinstance(value, int):
        raise Refused(f"{name} must be a whole number.")
    return value


def _refused(error: Exception) -> ResponseReturnValue:
    return _problem(str(error), 422)


def _problem(text: str, status: int) -> ResponseReturnValue:
    return jsonify(error=text), status


def _careful(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "no-referrer"
    if not request.path.startswith("/simulator/static/"):
        response.headers["Cache-Control"] = "no-store"
    return response
