"""Files that a provider fetches to pass on (a purchase order for WhatsApp), each under an unguessable link for a day."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, abort

from bot.bootstrap import Product

SAFE_TYPES = frozenset({"application/pdf", "image/jpeg", "image/png", "image/webp"})


def files(product: Product) -> Blueprint:
    """`GET /files/<token>`: the file's bytes; 404 for an unknown or expired link. Reading changes nothing."""
    blueprint = Blueprint("files", __name__)

    @blueprint.get("/files/<token>")
    def file(token: str) -> Response:
        with product.database.read() as unit:
            row = unit.tokens.find(token)
            if row is None or row.purpose != "file" or row.expires_at <= product.clock.now():
                abort(404)
            document = unit.documents.get(row.data["document"])
            content = unit.documents.content(row.data["document"])
        if document is None or content is None:
            abort(404)
        kind = document.type if document.type in SAFE_TYPES else "application/octet-stream"
        headers = {
            "Content-Disposition": f"inline; filename*=UTF-8''{quote(document.name)}",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
            "Content-Security-Policy": "sandbox",
        }
        return Response(content, content_type=kind, headers=headers)

    return blueprint
