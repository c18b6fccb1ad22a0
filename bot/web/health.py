"""`/healthz`: what an operator needs to see at a glance, without personal data."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from bot.bootstrap import Product
from storage import StorageError

STUCK_AFTER = 60.0
"""Seconds the oldest waiting row may be old before we say so."""


def health(product: Product) -> Blueprint:
    """200 while messages are stored and move on; 503 with the reason otherwise."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> tuple[Response, int]:
        now = product.clock.now()
        try:
            with product.database.read() as unit:
                inbox, outbox = unit.inbox.pending(now), unit.outbox.pending(now)
                work = unit.work.pending(now)
        except StorageError as error:
            return jsonify(status="failing", problem=f"database: {type(error).__name__}"), 503
        lanes = {
            name: {"pending": p.pending, "parked": p.parked, "oldest_age_s": p.oldest_age_s}
            for name, p in (("inbox", inbox), ("outbox", outbox), ("work", work))
        }
        stuck = [name for name in ("inbox", "work") if lanes[name]["oldest_age_s"] > STUCK_AFTER]
        body = {
            "status": "ok" if not stuck else "behind",
            "behind": stuck,
            "database": {"kind": product.database.dialect, **product.database.pragmas()},
            "channels": sorted(product.channels),
            "simulated": product.settings.simulated,
            "undelivered": outbox.parked,
            **lanes,
        }
        return jsonify(body), 200 if not stuck else 503

    return blueprint
