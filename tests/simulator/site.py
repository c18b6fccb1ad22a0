"""A product in miniature: a Flask app that records what its webhooks get, with the simulator mounted, served over TCP."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from flask import Flask, Response, request

from bot.clock import OffsetClock
from bot.config import Settings
from bot.simulator import Simulator

RIYA, DEV, FARAH, MEERA, VENDOR = "riya-whatsapp", "dev-whatsapp", "farah-telegram", "meera-whatsapp", "sunrise-email"


@dataclass
class Received:
    """One request as the product got it."""

    path: str
    body: bytes
    headers: dict[str, str]
    form: dict[str, str]


@dataclass
class Site:
    """The served app. `answers` are the statuses of the next webhook requests (200 once used up)."""

    settings: Settings
    clock: OffsetClock
    app: Flask
    received: list[Received] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    ticks: list[Any] = field(default_factory=list)
    due: list[Any] = field(default_factory=list)
    simulator: Simulator = field(init=False)

    @property
    def base(self) -> str:
        return self.settings.public_base_url

    def at(self, path: str) -> list[Received]:
        return [one for one in self.received if one.path == path]

    def api(self, path: str, *, headers: dict[str, str] | None = None, **body: Any) -> requests.Response:
        token = (
            requests.get(f"{self.base}/simulator", timeout=5).text.partition('simulator-token" content="')[2].partition('"')[0]
        )
        return requests.post(
            f"{self.base}/simulator/api/{path}", headers={"X-Baton-Simulator": token, **(headers or {})}, timeout=5, **body
        )

    def state(self, after: int = 0) -> dict[str, Any]:
        told: dict[str, Any] = requests.get(f"{self.base}/simulator/api/state?after={after}", timeout=5).json()
        return told

    def shown(self, phone: str) -> list[dict[str, Any]]:
        return [bubble for bubble in self.state()["bubbles"] if bubble["phone"] == phone]


def wait_for(check: Callable[[], Any], seconds: float = 6.0) -> Any:
    """The first true value of `check`; fails after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.02)
    return pytest.fail("it did not happen in time")


def record(site: Site) -> None:
    @site.app.post("/webhooks/<path:rest>")
    def webhook(rest: str) -> Response:
        body = request.get_data(cache=True, parse_form_data=False)
        status = site.answers.pop(0) if site.answers else 200
        site.received.append(Received(request.path, body, dict(request.headers.items()), request.form.to_dict()))
        return Response("", status)

    @site.app.get("/files/<name>")
    def file(name: str) -> Response:
        return Response(b"%PDF-1.7 made up", mimetype="application/pdf")
