"""The page's JSON API: what it does, and that nobody but the page can do it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from bot.simulator.pages import Pages
from bot.simulator.view import moved, rich
from bot.simulator.world import World
from tests.simulator.site import DEV, FARAH, MEERA, RIYA, VENDOR, Site, wait_for


def test_the_page_shows_every_phone(site: Site) -> None:
    page = requests.get(f"{site.base}/simulator", timeout=5)
    for phone in (RIYA, DEV, FARAH, MEERA, VENDOR):
        assert f'id="{phone}"' in page.text
    assert "Send “purchase” as Riya" in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "<script>" not in page.text
    assert "style=" not in page.text
    assert page.headers["X-Frame-Options"] == "DENY"


def test_only_what_changed_is_told(site: Site) -> None:
    first = site.state()
    assert first["bubbles"] == []
    site.simulator.hands.write(RIYA, "hello")
    wait_for(lambda: site.shown(RIYA)[0]["state"] == "delivered")
    told = site.state(first["version"])
    assert [bubble["text"] for bubble in told["bubbles"]] == ["hello"]
    assert site.state(told["version"])["bubbles"] == []


def test_a_message_a_quote_and_files_by_api(site: Site) -> None:
    asked = site.api("message", json={"phone": RIYA, "text": "purchase"})
    assert asked.status_code == 202
    assert site.api("message", json={"phone": RIYA, "text": "this one", "quote": asked.json()["id"]}).status_code == 202
    assert site.api("file", data={"phone": RIYA, "sample": "quote"}).status_code == 202
    upload = {"file": ("../../bill.txt", b"hello", "text/plain")}
    assert site.api("file", data={"phone": RIYA, "text": "mine"}, files=upload).status_code == 202
    wait_for(lambda: len(site.received) == 4)
    assert [bubble["state"] for bubble in wait_for(lambda: site.shown(RIYA))][:1] == ["delivered"]
    names = [file["name"] for bubble in site.shown(RIYA) for file in bubble["files"]]
    assert names == ["quote-SS-Q-2041.pdf", "../../bill.txt"]


def test_a_foreign_file_is_only_ever_saved(site: Site) -> None:
    file = site.simulator.store.put_file("x.html", "text/html", b"<script>alert(1)</script>")
    got = requests.get(f"{site.base}/simulator/files/{file.token}", timeout=5)
    assert got.headers["Content-Type"] == "application/octet-stream"
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert requests.get(f"{site.base}/simulator/files/{'0' * 32}", timeout=5).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("message", {"phone": RIYA, "text": "  "}, "write something"),
        ("message", {"phone": "nobody", "text": "x"}, "no such phone"),
        ("message", {"phone": RIYA, "text": "x" * 4097}, "longer than 4096"),
        ("message", {"phone": RIYA, "text": "x", "quote": 99}, "not on this phone"),
        ("tap", {"phone": RIYA, "bubble": 99, "choice": 0}, "not on this phone"),
        ("tap", {"phone": RIYA, "bubble": "1", "choice": 0}, "whole number"),
        ("again", {"bubble": 5}, "cannot be sent again"),
        ("clock", {"hours": -1}, "moves forward"),
        ("clock", {"hours": 24 * 32}, "31 days"),
        ("clock", {"to": "next"}, "Nothing is waiting"),
        ("message", ["not an object"], "form"),
    ],
)
def test_what_a_phone_does_not_take(site: Site, path: str, body: Any, words: str) -> None:
    told = site.api(path, json=body)
    assert told.status_code == 422
    assert words in told.json()["error"]
    assert site.received == []
    assert site.clock.offset == timedelta()


def test_the_clock_moves_and_the_product_is_told(site: Site) -> None:
    told = site.api("clock", json={"hours": 4}).json()["clock"]
    assert (site.clock.offset, len(site.ticks)) == (timedelta(hours=4), 1)
    assert (told["zone"], told["moved"], told["next"]) == ("Asia/Kolkata", "4 h ahead", "")
    due = site.clock.now() + timedelta(hours=30)
    site.due.append(due)
    assert site.state()["clock"]["next"]
    assert site.api("clock", json={"to": "next"}).status_code == 200
    assert timedelta() <= site.clock.now() - due < timedelta(seconds=5)
    assert len(site.ticks) == 2


# --- nobody else ---------------------------------------------------------------------------------------------------


def acted(site: Site, headers: dict[str, str], *, token: bool) -> list[str]:
    """What a request from elsewhere got done, over every way of doing something."""
    done = []
    for path, body in (("message", {"phone": RIYA, "text": "x"}), ("clock", {"hours": 1}), ("again", {"bubble": 1})):
        url = f"{site.base}/simulator/api/{path}"
        answer = (
            site.api(path, headers=headers, json=body) if token else requests.post(url, json=body, headers=headers, timeout=5)
        )
        done += [path] if answer.status_code != 403 else []
    return done


ELSEWHERE = [
    pytest.param({}, False, id="no token"),
    pytest.param({"X-Baton-Simulator": "guess"}, False, id="wrong token"),
    pytest.param({"Origin": "https://elsewhere.example"}, True, id="another site"),
    pytest.param({"Origin": "null"}, True, id="no site"),
    pytest.param({"Origin": "http://127.0.0.1:1"}, True, id="another port"),
    pytest.param({"Host": "rebound.example"}, True, id="rebound name"),
]


@pytest.mark.parametrize(("headers", "token"), ELSEWHERE)
def test_nobody_else_can_act_or_move_time(site: Site, headers: dict[str, str], token: bool) -> None:
    assert acted(site, headers, token=token) == []
    assert (site.received, site.clock.offset, site.shown(RIYA)) == ([], timedelta(), [])


@pytest.mark.parametrize(("headers", "token"), ELSEWHERE)
def test_planted_bug_without_the_guard_they_could(
    start: Callable[[Path], Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], token: bool
) -> None:
    monkeypatch.setattr(Pages, "_guard", lambda self: None)
    assert acted(start(tmp_path), headers, token=token) == ["message", "clock", "again"]


def test_the_page_and_its_token_are_not_for_a_rebound_name(site: Site) -> None:
    answer = requests.get(f"{site.base}/simulator", headers={"Host": "rebound.example"}, timeout=5)
    assert answer.status_code == 403
    assert "simulator-token" not in answer.text


# --- words ---------------------------------------------------------------------------------------------------------


def test_text_is_escaped_then_styled() -> None:
    assert rich("<b>*x* _y_ a*b*c", "whatsapp") == "&lt;b&gt;<strong>x</strong> <em>y</em> a*b*c"
    assert rich("*x*", "telegram") == "*x*"
    assert rich('see https://a.example/?q=1&r="2', "email") == (
        'see <a href="https://a.example/?q=1" target="_blank" rel="noopener noreferrer">https://a.example/?q=1</a>&amp;r=&#34;2'
    )


def test_how_far_ahead_is_said_in_words() -> None:
    assert moved(timedelta()) == ""
    assert moved(timedelta(days=1, hours=4, minutes=5)) == "1 d 4 h 5 min ahead"


def test_planted_bug_a_window_that_never_closes_is_seen(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of the 24 hours can fail: without it a late message is delivered."""

    def late_error() -> int:
        site.clock.advance(timedelta(hours=25))
        form = {"To": "whatsapp:+919800000001", "From": site.settings.twilio_whatsapp_from, "Body": "late"}
        account = (site.settings.twilio_account_sid, site.settings.twilio_auth_token)
        url = f"{site.settings.twilio_api_base}/2010-04-01/Accounts/{account[0]}/Messages.json"
        requests.post(url, data=form, auth=account, timeout=5).raise_for_status()
        error: int = site.shown(RIYA)[-1]["error"]
        return error

    assert late_error() == 63016
    monkeypatch.setattr(World, "window_open", lambda self, phone: True)
    assert late_error() == 0
