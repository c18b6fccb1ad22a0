"""The stand-in for Twilio, seen by the official client."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
import requests
from requests.auth import HTTPBasicAuth
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client as Twilio

from bot.bench.provider import LATENCY, Provider
from bot.bench.wire import Client
from tests.bench.conftest import SID, TOKEN

QUICK_REPLY = {"body": "{{1}}", "actions": [{"title": "{{2}}", "id": "{{3}}"}, {"title": "Reject", "id": "{{4}}"}]}
LIST = {"body": "Pick", "button": "Open", "items": [{"item": "PA-1", "id": "{{1}}", "description": "d"}]}


class Local(TwilioHttpClient):
    """The official transport, with every address moved to the stand-in."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._base = f"http://127.0.0.1:{port}/"

    def request(self, method, url, *args, **kwargs):
        return super().request(method, self._base + url.split("/", 3)[3], *args, **kwargs)


def visit(call, latency=0.0):
    """Run `call(port)` in a thread against a stand-in; gives its result and the log."""

    async def main():
        async with Provider(SID, TOKEN, latency).serving() as port:
            result = await asyncio.to_thread(call, port)
            return result, await _log(port)

    return asyncio.run(main())


async def _log(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /log HTTP/1.1\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    lines = []
    while True:
        try:
            lines.append(json.loads(await asyncio.wait_for(reader.readline(), 0.05)))
        except TimeoutError:
            writer.close()
            await writer.wait_closed()
            return lines


def twilio(port: int, token: str = TOKEN) -> Twilio:
    return Twilio(SID, token, http_client=Local(port))


def send(client: Twilio, **form: str):
    return client.messages.create(to="whatsapp:+919800000001", from_="whatsapp:+919600000000", **form)


def make_content(port: int, types: dict) -> str:
    answer = requests.post(
        f"http://127.0.0.1:{port}/v1/Content",
        json={"friendly_name": "f", "language": "en", "types": types},
        auth=HTTPBasicAuth(SID, TOKEN),
        timeout=5,
    )
    assert answer.status_code == 201
    return answer.json()["sid"]


def test_the_official_client_reads_the_answer():
    sent, log = visit(lambda port: send(twilio(port), body="नमस्ते & welcome"))
    assert sent.status == "queued"
    assert sent.body == "नमस्ते & welcome"
    assert sent.date_created.tzinfo is not None
    [shown] = log
    assert (shown["to"], shown["text"], shown["sid"]) == ("+919800000001", "नमस्ते & welcome", sent.sid)


def test_a_template_is_shown_filled_in():
    def call(port):
        sid = make_content(port, {"twilio/quick-reply": QUICK_REPLY})
        values = {"1": "Paper?", "2": "Approve", "3": "token-a", "4": "token-b"}
        return send(twilio(port), content_sid=sid, content_variables=json.dumps(values))

    sent, [shown] = visit(call)
    assert shown["text"] == "Paper?"
    assert shown["buttons"] == [["Approve", "token-a"], ["Reject", "token-b"]]
    assert shown["sid"] == sent.sid


def test_a_list_is_shown_as_buttons():
    def call(port):
        sid = make_content(port, {"twilio/list-picker": LIST})
        send(twilio(port), content_sid=sid, content_variables='{"1": "token"}')

    assert visit(call)[1][0]["buttons"] == [["PA-1", "token"]]


@pytest.mark.parametrize(
    ("form", "token", "status"),
    [
        ({"body": "hello"}, "another-token", 401),
        ({"content_sid": "HX" + "0" * 32}, TOKEN, 400),
        ({"body": ""}, TOKEN, 400),
    ],
    ids=["wrong credentials", "unknown template", "empty body"],
)
def test_what_twilio_refuses_is_refused_and_not_logged(form, token, status):
    def call(port):
        with pytest.raises(TwilioRestException) as refused:
            send(twilio(port, token), **form)
        return refused.value.status

    assert visit(call) == (status, [])


def test_a_content_without_a_body_is_refused():
    def call(port):
        auth = HTTPBasicAuth(SID, TOKEN)
        return requests.post(f"http://127.0.0.1:{port}/v1/Content", data=b"[", auth=auth, timeout=5).status_code

    assert visit(call)[0] == 400


def test_an_answer_takes_the_latency_of_a_network():
    async def main():
        async with Provider(SID, TOKEN).serving() as port, Client(port) as client:
            begin = time.monotonic()
            await asyncio.gather(*(client.post("/", b"", {}) for _ in range(8)))
            return time.monotonic() - begin

    assert LATENCY <= asyncio.run(main()) < 8 * LATENCY
