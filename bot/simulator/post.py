"""The road from a phone to the product: signed requests over TCP to its webhooks, tried again as providers do."""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlencode, urljoin

import requests
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # ships no types

from bot.clock import Clock
from bot.config import Settings
from bot.simulator.store import Wire

PAUSES = (0.3, 1.0, 3.0)
"""Seconds between the tries of one request."""

TIMEOUT = 15.0
"""Seconds that an answer may take (Twilio's own limit)."""

Done = Callable[[str], None]
"""Told once how it ended: "" when the product answered 2xx, else what went wrong in a few words."""

log = logging.getLogger(__name__)


class Post:
    """Carries requests in the background, in order within a lane. `close` waits for what is under way."""

    def __init__(self, settings: Settings, clock: Clock, pauses: tuple[float, ...] = PAUSES) -> None:
        self._settings, self._clock, self._pauses = settings, clock, pauses
        self._lanes: dict[str, ThreadPoolExecutor] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def later(self, lane: str, work: Callable[[], None]) -> None:
        """Run `work` in the background after everything already in this lane."""
        with self._lock:
            if self._closing.is_set():
                return
            if lane not in self._lanes:
                self._lanes[lane] = ThreadPoolExecutor(1, thread_name_prefix=f"simulator-{lane}")
            self._lanes[lane].submit(_logged, work)

    def mail(self, lane: str, wire: Wire, done: Done) -> None:
        """Deliver in the background, with retries; then tell `done`."""
        self.later(lane, lambda: done(self.deliver(wire)))

    def deliver(self, wire: Wire) -> str:
        """Deliver now, with retries. Returns "" or what went wrong."""
        problem = self._once(wire)
        for pause in self._pauses:
            if not problem or self._closing.wait(pause):
                break
            problem = self._once(wire)
        return problem

    def _once(self, wire: Wire) -> str:
        wire = wire.model_copy(update={"url": urljoin(self._settings.public_base_url, wire.url)})
        body = wire.body.encode("ascii")
        try:
            with requests.Session() as http:
                http.trust_env = False  # never through a proxy: it is this machine
                answer = http.post(wire.url, body, headers=self.sign(wire), timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            return f"no answer ({type(error).__name__})"
        return "" if answer.ok else f"answer {answer.status_code}"

    def sign(self, wire: Wire) -> dict[str, str]:
        """The headers that prove to the product who is calling, as the provider makes them."""
        if wire.kind == "telegram":
            return {
                "Content-Type": "application/json",
                "X-Telegram-Bot-Api-Secret-Token": self._settings.telegram_webhook_secret,
            }
        if wire.kind == "email":
            stamp = str(int(self._clock.now().timestamp()))
            secret = self._settings.email_webhook_secret.encode()
            digest = hmac.new(secret, f"{stamp}.{wire.body}".encode(), hashlib.sha256).hexdigest()
            return {"Content-Type": "message/rfc822", "X-Baton-Timestamp": stamp, "X-Baton-Signature": f"sha256={digest}"}
        form = dict(parse_qsl(wire.body, keep_blank_values=True))
        return {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": RequestValidator(self._settings.twilio_auth_token).compute_signature(wire.url, form),
        }

    def close(self) -> None:
        """Stop trying again, drop what has not begun and wait for the rest. Safe twice."""
        with self._lock:
            self._closing.set()
            lanes = list(self._lanes.values())
        for lane in lanes:
            lane.shutdown(wait=True, cancel_futures=True)


def twilio_wire(url: str, form: dict[str, str]) -> Wire:
    return Wire(kind="twilio", url=url, body=urlencode(form))


def _logged(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:
        log.exception("the simulator could not carry something")
