"""The Flask app: webhooks that store before they answer, files for providers, health."""

from __future__ import annotations

import logging

from flask import Flask, Response, redirect
from werkzeug.exceptions import HTTPException

from bot.bootstrap import Product
from bot.web.files import files
from bot.web.health import health
from bot.web.webhooks import BODY_LIMIT, webhooks
from channels.base import BadRequest, BadSignature
from storage import DatabaseUnavailable

log = logging.getLogger(__name__)


def create_app(product: Product) -> Flask:
    """The app over a built product. Errors are answered by what the sender should do next: 403 bad signature, 400 bad body, 503 ours
    (send again)."""
    app = Flask("baton", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.register_blueprint(webhooks(product))
    app.register_blueprint(files(product))
    app.register_blueprint(health(product))
    app.register_error_handler(BadSignature, lambda error: ("signature refused\n", 403))
    app.register_error_handler(BadRequest, _bad_request)
    app.register_error_handler(DatabaseUnavailable, _unavailable)
    app.register_error_handler(Exception, _unexpected)

    @app.get("/")
    def home() -> Response:
        where = "/simulator" if product.settings.simulated else "/healthz"
        return redirect(where)  # type: ignore[return-value]

    return app


def _bad_request(error: Exception) -> tuple[str, int]:
    log.warning("a webhook body was refused: %s", error)
    return "body not understood\n", 400


def _unavailable(error: Exception) -> tuple[str, int, dict[str, str]]:
    log.error("the database is not available: %s", type(error).__name__)
    return "try again later\n", 503, {"Retry-After": "5"}


def _unexpected(error: Exception) -> tuple[str, int] | HTTPException:
    if isinstance(error, HTTPException):
        return error
    log.error("a request failed: %s", type(error).__name__, exc_info=error)
    return "something went wrong here; please try again\n", 500
