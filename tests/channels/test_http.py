"""No call leaves unannounced, and the small things that the adapters share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import urllib3

from channels.base import Button, Inbound, Message
from channels.http import header, origin
from tests.channels.case_telegram import TelegramCase
from tests.channels.case_twilio import TwilioCase
from tests.channels.cases import read_webhook

# --- announced -------------------------------------------------------------------------------------------------------


class Watch:
    """Wraps the transports themselves: a request that goes out between no `before` and its `after` is caught."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.points: list[str] = []
        self.calls = self.unannounced = 0
        send, request = urllib3.HTTPConnectionPool.urlopen, httpx.AsyncClient.request

        def watched_send(*args: Any, **more: Any) -> Any:
            self.note()
            return send(*args, **more)

        def watched_request(*args: Any, **more: Any) -> Any:
            self.note()
            return request(*args, **more)

        monkeypatch.setattr(urllib3.HTTPConnectionPool, "urlopen", watched_send)
        monkeypatch.setattr(httpx.AsyncClient, "request", watched_request)

    def note(self) -> None:
        self.calls += 1
        self.unannounced += not (self.points and self.points[-1].startswith("before:"))


def does_everything(case: Any, reach: Callable[[str], None], webhook: str) -> None:
    channel = case.channel(reach)
    try:
        channel.send(Message(case.address, "Approve?", "1", buttons=(Button("Approve", "t-1"),)))
        channel.fetch(case.media(b"x"), 10)
        read = read_webhook(case.name, webhook, {})
        inbounds: tuple[Inbound, ...] = channel.parse(read.body, read.headers, read.url)
        channel.acknowledge(inbounds[0])
    finally:
        channel.close()
        case.close()


@pytest.mark.parametrize(("kind", "calls"), [(TwilioCase, 3), (TelegramCase, 4)])
def test_no_call_leaves_unannounced(kind: Any, calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(monkeypatch)
    does_everything(kind(), watch.points.append, "tap")
    assert watch.calls == calls
    assert watch.unannounced == 0
    assert len(watch.points) == 2 * calls


@pytest.mark.parametrize("kind", [TwilioCase, TelegramCase])
def test_a_call_past_the_announcement_is_caught(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(monkeypatch)
    does_everything(kind(), lambda point: None, "tap")
    assert watch.unannounced == watch.calls > 0


# --- small things ----------------------------------------------------------------------------------------------------


def test_an_origin_has_its_port() -> None:
    assert origin("https://api.twilio.com/x") == origin("https://API.twilio.com:443/y")
    assert origin("http://api.twilio.com") != origin("https://api.twilio.com")


def test_a_header_is_found_or_empty() -> None:
    assert header({"x-SIGNATURE": "abc"}, "X-Signature") == "abc"
    assert header({}, "X-Signature") == ""
