"""The web face: webhooks, files for providers, health."""

from bot.web.app import create_app

__all__ = ["create_app"]
