"""The way in: verify, store, and only then answer 2xx."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from flask import Blueprint, Response, request

from bot.bootstrap import Product
from bot.conversation import pack
from channels.base import Channel, EventKind, Inbound
from storage import Unit

BODY_LIMIT = 26_000_000
"""Bytes: a 25 MB mail and its headers."""
STORE_TIMEOUT = 8.0
"""Seconds: under Twilio's 10 (https://twilio.com/docs/errors/11205), so that a stuck store answers 5xx instead of nothing."""


def webhooks(product: Product) -> Blueprint:
    """`/webhooks/twilio`, `/webhooks/twilio/status`, `/webhooks/telegram`, `/webhooks/email`; 404 where a channel is not set up."""
    blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")

    def receive(name: str, answer: Callable[[], Response]) -> Response:
        channel = product.channels.get(name)
        if channel is None:
            return Response("this channel is not set up\n", 404)
        url = request.full_path if request.query_string else request.path
        inbounds = channel.parse(request.get_data(), dict(request.headers.items()), url)
        take_in(product, channel, inbounds)
        return answer()

    @blueprint.post("/twilio")
    @blueprint.post("/twilio/status")
    def twilio() -> Response:
        return receive("whatsapp", lambda: Response("<Response/>", content_type="text/xml"))

    @blueprint.post("/telegram")
    def telegram() -> Response:
        return receive("telegram", lambda: Response("{}", content_type="application/json"))

    @blueprint.post("/email")
    def email() -> Response:
        return receive("email", lambda: Response("", 204))

    return blueprint


def take_in(product: Product, channel: Channel, inbounds: tuple[Inbound, ...]) -> None:
    """Store events (one seen before is not stored again) and return once they are durable. Raises storage.DatabaseUnavailable."""
    now = product.clock.now()
    for stored in [product.database.write("inbox.insert", _insert(product, one, now), urgent=True) for one in inbounds]:
        _wait(stored)
    for inbound in inbounds:
        if inbound.kind is EventKind.TAP:
            product.after_tap(channel, inbound)


def _insert(product: Product, inbound: Inbound, now) -> Callable[[Unit], int | None]:  # type: ignore[no-untyped-def]
    lane = f"status:{inbound.message_id}" if inbound.kind is EventKind.STATUS else ""
    stored = pack(inbound)

    def work(unit: Unit) -> int | None:
        row = unit.inbox.insert(
            inbound.channel,
            inbound.account,
            inbound.kind.value,
            inbound.event_id,
            inbound.sender,
            stored,
            inbound.raw,
            now,
            lane=lane,
        )
        if row is not None:
            unit.after_commit(product.wakes.inbox)
        return row

    return work


def _wait(stored: Future[int | None]) -> None:
    stored.result(timeout=STORE_TIMEOUT)
