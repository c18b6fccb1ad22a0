"""A local stand-in for Twilio's API, in a process of its own: `python -m bot.bench.provider`.

PORT and Twilio's credentials come by environment. It checks the basic auth, answers `POST .../Messages.json` and
`POST /v1/Content` in Twilio's JSON form after the usual latency, and shows each message as the person's phone would: content
templates filled in, buttons with the payload that a tap sends back.
`GET /log` is a stream of JSON lines, one for each message, written when the message is accepted:
`{"at": monotonic seconds, "sid": ..., "to": "+91...", "text": ..., "buttons": [[label, payload], ...]}`.
Form of the answers: the OpenAPI files of github.com/twilio/twilio-oai.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import secrets
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import orjson

from bot.bench.wire import WireError, frame

LATENCY = 0.020
"""Seconds between a request's last byte and the answer: about what a nearby data centre takes."""
_BASIC = re.compile(rb"\r\nauthorization:[ \t]*basic[ \t]+(\S+)", re.IGNORECASE)
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}


class Refusal(Exception):
    """An error in Twilio's words: HTTP status, Twilio's code, text."""

    def __init__(self, status: int, code: int, text: str) -> None:
        self.status, self.code = status, code
        super().__init__(text)


class Provider:
    """What the stand-in knows: one account, its content templates, and all that it accepted."""

    def __init__(self, account: str, token: str, latency: float = LATENCY) -> None:
        self.latency = latency
        self._account = account
        self._credentials = base64.b64encode(f"{account}:{token}".encode())
        self._contents: dict[str, dict[str, Any]] = {}
        self._sids = (f"{secrets.token_hex(8)}{number:016x}" for number in range(2**62))
        self._watchers: set[asyncio.Transport] = set()
        self._log: list[bytes] = []
        self._visits: set[asyncio.Transport] = set()

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[int]:
        """Answer on 127.0.0.1; gives the port."""
        server = await asyncio.get_running_loop().create_server(lambda: _Visit(self, self._visits), "127.0.0.1", port)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for transport in tuple(self._visits):
                transport.close()
            await asyncio.sleep(0)  # the loop lets go of the sockets

    def watch(self, transport: asyncio.Transport) -> None:
        """Stream the log to `transport` from its beginning, for as long as it is open."""
        transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n" + b"".join(self._log))
        self._watchers.add(transport)

    def unwatch(self, transport: asyncio.Transport) -> None:
        self._watchers.discard(transport)

    def answer(self, head: bytes, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and JSON of the answer to one request; a message is accepted, and shown to the watchers, by this."""
        try:
            return 201, self._resource(head, body)
        except (ValueError, LookupError) as error:
            refusal = Refusal(400, 20001, f"The request cannot be read: {error!r}")
        except Refusal as error:
            refusal = error
        return refusal.status, {"code": refusal.code, "message": str(refusal), "more_info": "", "status": refusal.status}

    def _resource(self, head: bytes, body: bytes) -> dict[str, Any]:
        shown = _BASIC.search(head)
        if shown is None or shown[1] != self._credentials:
            raise Refusal(401, 20003, "Authenticate")
        match head.partition(b"\r\n")[0].decode("latin-1").split(" "):
            case ["POST", path, _] if path == f"/2010-04-01/Accounts/{self._account}/Messages.json":
                form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
                return self._message(form)
            case ["POST", "/v1/Content", _]:
                return self._content(orjson.loads(body))
        raise Refusal(404, 20404, "The requested resource was not found")

    def _message(self, form: Mapping[str, str]) -> dict[str, Any]:
        if "To" not in form or "From" not in form:
            raise Refusal(400, 21604, "A 'To' and a 'From' phone number are required.")
        text, buttons = self._shown(form)
        sid = ("MM" if "ContentSid" in form else "SM") + next(self._sids)
        to = form["To"].removeprefix("whatsapp:")
        self._show({"at": time.monotonic(), "sid": sid, "to": to, "text": text, "buttons": buttons})
        return self._message_form(sid, form, text)

    def _shown(self, form: Mapping[str, str]) -> tuple[str, list[list[str]]]:
        """The text and the buttons that the phone shows. Raises Refusal."""
        if "ContentSid" not in form:
            if not form.get("Body"):
                raise Refusal(400, 21602, "Message body is required.")
            return form["Body"], []
        content = self._contents.get(form["ContentSid"])
        if content is None:
            raise Refusal(400, 21655, "The ContentSid is invalid")
        variables = content["variables"] | orjson.loads(form.get("ContentVariables") or b"{}")
        shape = next(iter(content["types"].values()))

        def fill(template: str) -> str:
            return _VARIABLE.sub(lambda match: str(variables.get(match[1], "")), template)

        taps = [(button["title"], button["id"]) for button in shape.get("actions", ())]
        taps += [(button["item"], button["id"]) for button in shape.get("items", ())]
        return fill(shape["body"]), [[fill(label), fill(payload)] for label, payload in taps]

    def _content(self, asked: dict[str, Any]) -> dict[str, Any]:
        sid, now = "HX" + next(self._sids), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        if not all("body" in shape for shape in asked["types"].values()):
            raise Refusal(400, 21656, "Each content type needs a body.")
        made = {"friendly_name": None, "variables": {}} | asked | {"sid": sid, "account_sid": self._account}
        self._contents[sid] = made
        url = f"https://content.twilio.com/v1/Content/{sid}"
        links = {"approval_create": f"{url}/ApprovalRequests/whatsapp", "approval_fetch": f"{url}/ApprovalRequests"}
        return made | {"date_created": now, "date_updated": now, "url": url, "links": links}

    def _message_form(self, sid: str, form: Mapping[str, str], text: str) -> dict[str, Any]:
        now = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())
        uri = f"/2010-04-01/Accounts/{self._account}/Messages/{sid}.json"
        return {
            **{"sid": sid, "account_sid": self._account, "api_version": "2010-04-01", "uri": uri, "body": text},
            **{"to": form["To"], "from": form["From"], "messaging_service_sid": form.get("MessagingServiceSid")},
            **{"status": "queued", "direction": "outbound-api", "num_segments": "1", "num_media": "0"},
            **{"date_created": now, "date_updated": now, "date_sent": None, "price": None, "price_unit": None},
            **{"error_code": None, "error_message": None},
            "subresource_uris": {"media": uri.replace(".json", "/Media.json")},
        }

    def _show(self, message: dict[str, Any]) -> None:
        line = orjson.dumps(message) + b"\n"
        self._log.append(line)
        for watcher in self._watchers:
            watcher.write(line)


class _Visit(asyncio.Protocol):
    """One connection to the stand-in."""

    def __init__(self, provider: Provider, visits: set[asyncio.Transport]) -> None:
        self._provider, self._visits = provider, visits
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._visits.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._visits.discard(self._transport)
        self._provider.unwatch(self._transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        try:
            while (request := frame(self._received)) is not None:
                del self._received[: request.size]
                self._take(request.head, request.body)
        except WireError:
            self._transport.close()

    def _take(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET /log "):
            return self._provider.watch(self._transport)
        asyncio.get_running_loop().call_later(self._provider.latency, self._reply, head, body)

    def _reply(self, head: bytes, body: bytes) -> None:
        status, resource = self._provider.answer(head, body)
        content = orjson.dumps(resource)
        start = (
            f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        self._transport.write(start.encode() + content)


async def _main() -> None:
    provider = Provider(os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"])
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with provider.serving(int(os.environ["PORT"])):
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(_main())
